"""An HTTP proxy that knows the names of the cluster's services, and where on this machine they are answered."""

from __future__ import annotations

import argparse
import http.client
import urllib.parse
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_SECONDS = 60
_SUFFIX = ".cluster.local"
_HOP_BY_HOP = {"connection", "proxy-connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"}


class Forwarder(ThreadingHTTPServer):
    """Forwards to the ports of `services`, whose keys are such as `name.namespace.svc:80`."""

    daemon_threads = True

    def __init__(self, port: int, services: Mapping[str, int]) -> None:
        super().__init__(("127.0.0.1", port), _Exchange)
        self.services = services


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Forwarder

    def do_GET(self) -> None:
        """Forward a request for a service; answer one for the proxy itself, which says that it is there."""
        asked = urllib.parse.urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        if not asked.hostname:
            return self._answer(200, b"ready\n")
        service = f"{asked.hostname.removesuffix(_SUFFIX)}:{asked.port or 80}"
        port = self.server.services.get(service)
        if port is None:
            known = ", ".join(self.server.services)
            return self._answer(502, f"Nobody answers for {service} in the sandbox. There are: {known}.\n".encode())
        target = urllib.parse.urlunsplit(("", "", asked.path or "/", asked.query, ""))
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
        try:
            connection.request(self.command, target, body, self._passed())
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            return self._answer(502, f"{service} does not answer: {error}\n".encode())
        finally:
            connection.close()
        return self._answer(answer.status, content, dict(answer.getheaders()))

    do_POST = do_HEAD = do_GET  # noqa: N815

    def _passed(self) -> dict[str, str]:
        return {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}

    def _answer(self, status: int, content: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response_only(status)
        for name, value in (headers or {"Content-Type": "text/plain; charset=utf-8"}).items():
            if name.lower() not in {*_HOP_BY_HOP, "content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def services(text: str) -> dict[str, int]:
    """The services that a command line names: `name.namespace.svc:80=20001,...`"""
    pairs = (each.rpartition("=") for each in text.split(",") if each)
    return {name: int(port) for name, _, port in pairs}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--services", type=services, required=True)
    options = parser.parse_args()
    Forwarder(options.port, options.services).serve_forever()
