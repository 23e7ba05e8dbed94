"""Rules of PrometheusRule objects: a file each, and what Prometheus refuses taken back."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from sandbox.cluster.addons.rules import Rules
from sandbox.errors import SandboxError


class FakeApi:
    """Has the objects that it is given."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []

    def get(self, _path: str) -> dict[str, Any]:
        return {"items": self.items}


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def rules(tmp_path: Path, api: FakeApi) -> Iterator[Rules]:
    """A Prometheus that counts reloads, and refuses a folder in which any rule says `broken`."""

    class Reload(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            broken = any("broken" in file.read_text() for file in tmp_path.glob("*.yaml"))
            self.send_response(500 if broken else 200)
            self.end_headers()
            self.wfile.write(b"I do not like it" if broken else b"")

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Reload)
    Thread(target=server.serve_forever, daemon=True).start()
    yield Rules(api, tmp_path, f"http://127.0.0.1:{server.server_port}", {"release": None})  # type: ignore[arg-type]
    server.shutdown()
    server.server_close()


def rule(name: str, expr: str, **labels: str) -> dict[str, Any]:
    meta = {"name": name, "namespace": "n", "uid": f"uid-{name}", "labels": labels}
    return {"metadata": meta, "spec": {"groups": [{"name": "g", "rules": [{"record": "r", "expr": expr}]}]}}


def expressions(folder: Path) -> list[str]:
    found = (yaml.safe_load(file.read_text()) for file in sorted(folder.glob("*.yaml")))
    return [each["rules"][0]["expr"] for groups in found for each in groups["groups"]]


def test_rules_come_change_and_go_with_their_objects_and_others_files_stay(
    api: FakeApi, rules: Rules, tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({"groups": []}))
    api.items = [rule("a", "1", release="x"), rule("b", "2", release="x"), rule("c", "3", team="x")]
    rules.sync()
    assert expressions(tmp_path) == ["1", "2"]
    api.items = [rule("b", "4", release="x")]
    rules.sync()
    assert expressions(tmp_path) == ["4"]
    api.items = []
    rules.sync()
    assert [file.name for file in tmp_path.glob("*.yaml")] == ["mine.yaml"]


def test_what_prometheus_refuses_is_taken_back_and_said_once(
    api: FakeApi, rules: Rules, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.items = [rule("a", "1", release="x"), rule("b", "broken", release="x")]
    rules.sync()
    rules.sync()
    assert expressions(tmp_path) == ["1"]
    assert capsys.readouterr().err == "Prometheus refuses object-n-b-uid-b.yaml: I do not like it\n"
    api.items = [rule("a", "broken", release="x"), rule("b", "2", release="x")]
    rules.sync()
    assert expressions(tmp_path) == ["1", "2"]


def test_a_prometheus_that_does_not_answer_is_a_problem_and_the_rule_is_not_lost(
    api: FakeApi, rules: Rules, tmp_path: Path
) -> None:
    alive, rules.prometheus = rules.prometheus, "http://127.0.0.1:1"
    api.items = [rule("a", "1", release="x")]
    with pytest.raises(SandboxError, match="does not answer"):
        rules.sync()
    assert expressions(tmp_path) == []
    rules.prometheus = alive
    rules.sync()
    assert expressions(tmp_path) == ["1"]
