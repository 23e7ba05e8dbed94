"""The proxy that knows the cluster's services by name."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from sandbox.cluster.addons.forwarder import Forwarder, services


class Echo(BaseHTTPRequestHandler):
    """Answers with what was asked."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        self.send_response(418)
        self.send_header("X-Echo", self.headers["X-Word"])
        self.end_headers()
        self.wfile.write(f"{self.command} {self.path} {self.headers['Host']} {body}".encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def opener() -> Iterator[urllib.request.OpenerDirector]:
    """Asks a proxy that knows one service, and another that nobody answers for."""
    echo = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    proxy = Forwarder(0, {"echo.space.svc:9090": echo.server_port, "dead.space.svc:80": 1})
    for server in (echo, proxy):
        Thread(target=server.serve_forever, daemon=True).start()
    yield urllib.request.build_opener(urllib.request.ProxyHandler({"http": f"http://127.0.0.1:{proxy.server_port}"}))
    for server in (echo, proxy):
        server.shutdown()
        server.server_close()


def refused(opener: urllib.request.OpenerDirector, asked: str | urllib.request.Request) -> tuple[int, str, str | None]:
    with pytest.raises(urllib.error.HTTPError) as error:
        opener.open(asked, timeout=10)
    return error.value.code, error.value.read().decode(), error.value.headers["X-Echo"]


@pytest.mark.parametrize("name", ["echo.space.svc", "echo.space.svc.cluster.local"])
def test_a_request_reaches_the_service_and_its_answer_comes_back(
    opener: urllib.request.OpenerDirector, name: str
) -> None:
    request = urllib.request.Request(f"http://{name}:9090/a/b?c=d%20e", b"body", {"X-Word": "word"}, method="POST")
    assert refused(opener, request) == (418, f"POST /a/b?c=d%20e {name}:9090 body", "word")


def test_a_service_that_nobody_answers_for_is_a_bad_gateway_with_those_that_there_are(
    opener: urllib.request.OpenerDirector,
) -> None:
    code, text, _ = refused(opener, "http://other.space.svc:9090/")
    assert code == 502
    assert text == (
        "Nobody answers for other.space.svc:9090 in the sandbox. There are: echo.space.svc:9090, dead.space.svc:80.\n"
    )
    assert refused(opener, "http://echo.space.svc:80/")[0] == 502


def test_a_service_whose_process_is_gone_is_a_bad_gateway(opener: urllib.request.OpenerDirector) -> None:
    code, text, _ = refused(opener, "http://dead.space.svc/")
    assert code == 502 and text.startswith("dead.space.svc:80 does not answer: ")


def test_services_are_read_from_a_command_line() -> None:
    assert services("a.b.svc:80=1,c.d.svc:9090=2") == {"a.b.svc:80": 1, "c.d.svc:9090": 2}
