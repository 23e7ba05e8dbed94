"""Gives Prometheus the rules of PrometheusRule objects, as its operator would: a file for each, and a reload.

What Prometheus refuses is taken back, and said; its other rules stay.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

from sandbox.cluster.api import Api, Object
from sandbox.cluster.certificates import Certificates
from sandbox.cluster.kubeconfig import write_private
from sandbox.errors import SandboxError

PATH = "/apis/monitoring.coreos.com/v1/prometheusrules"
_PREFIX = "object-"
_SECONDS = 2.0


@dataclass
class Rules:
    """Keeps a folder of rules as the objects say that have `labels`: null asks for the label with any value."""

    api: Api
    folder: Path
    prometheus: str
    labels: Mapping[str, str | None]
    refused: dict[str, str] = field(default_factory=dict)

    def sync(self) -> None:
        """Bring the folder into line. Raises `SandboxError` where one of the two servers does not answer."""
        wanted = {_file_name(rule): _text(rule) for rule in self.api.get(PATH)["items"] if self._selects(rule)}
        there = {file.name for file in self.folder.glob(f"{_PREFIX}*.yaml")}
        for name in sorted(there - wanted.keys()):
            (self.folder / name).unlink()
            self._reload()
        self.refused = {name: text for name, text in self.refused.items() if wanted.get(name) == text}
        for name, text in wanted.items():
            if name not in self.refused:
                self._put(self.folder / name, text)

    def _put(self, file: Path, text: str) -> None:
        before = file.read_text() if file.exists() else None
        if before == text:
            return
        write_private(file, text)
        try:
            problem = self._reload()
        except SandboxError:
            _restore(file, before)
            raise
        if problem is not None:
            sys.stderr.write(f"Prometheus refuses {file.name}: {problem}\n")
            self.refused[file.name] = text
            _restore(file, before)
            self._reload()

    def _reload(self) -> str | None:
        """What Prometheus does not like about its files, if anything."""
        request = urllib.request.Request(f"{self.prometheus}/-/reload", method="POST")
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(request, timeout=30):
                return None
        except urllib.error.HTTPError as error:
            return error.read().decode(errors="replace").strip()
        except OSError as error:
            raise SandboxError(f"Prometheus at {self.prometheus} does not answer: {error}") from error

    def _selects(self, rule: Object) -> bool:
        there = rule["metadata"].get("labels") or {}
        return all(key in there and value in (None, there[key]) for key, value in self.labels.items())


def _restore(file: Path, before: str | None) -> None:
    if before is None:
        file.unlink()
    else:
        write_private(file, before)


def _file_name(rule: Object) -> str:
    meta = rule["metadata"]
    return f"{_PREFIX}{meta['namespace']}-{meta['name']}-{meta['uid']}.yaml"


def _text(rule: Object) -> str:
    return yaml.safe_dump({"groups": (rule.get("spec") or {}).get("groups") or []}, sort_keys=False)


def main() -> None:
    """Until ended: look every two seconds, and tell over HTTP whether all was well the last time."""
    parser = argparse.ArgumentParser()
    for name in ("server", "client", "prometheus"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificates", type=Path, required=True)
    parser.add_argument("--rules", type=Path, required=True)
    parser.add_argument("--labels", type=json.loads, required=True)
    options = parser.parse_args()
    api = Api(options.server, Certificates(options.certificates), options.client)
    rules = Rules(api, options.rules, options.prometheus, options.labels)
    problem: list[str] = ["It has not looked yet."]

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(503 if problem[0] else 200)
            self.end_headers()
            self.wfile.write(problem[0].encode())

    server = ThreadingHTTPServer(("127.0.0.1", options.port), Health)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    pause = threading.Event()
    while True:
        try:
            rules.sync()
            problem[0] = ""
        except SandboxError as error:
            if problem[0] != str(error):
                sys.stderr.write(f"{error}\n")
            problem[0] = str(error)
        pause.wait(_SECONDS)


if __name__ == "__main__":
    main()
