"""Watches: what changes is seen, what ends is kept as it was, and a server that is gone is told of until it is back."""

import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sandbox.cluster.processes import wait_until
from sandbox.errors import SandboxError
from sandbox.load.watching import Endpoint, Watch, watching


class Server:
    """An API server of one collection: `items` at each list, and then the events that are put into a queue."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = [thing("a")]
        self.events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.status = 200
        self.lists = 0
        ours = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(ours.status)
                self.end_headers()
                if "watch=1" not in self.path:
                    ours.lists += 1
                    self.wfile.write(json.dumps({"metadata": {"resourceVersion": "7"}, "items": ours.items}).encode())
                    return
                assert "resourceVersion=7" in self.path
                while (event := ours.events.get()) is not None:
                    self.wfile.write(json.dumps(event).encode() + b"\n")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()
        self.endpoint = Endpoint(f"http://127.0.0.1:{self.http.server_address[1]}")

    def say(self, kind: str, what: dict[str, Any]) -> None:
        self.events.put({"type": kind, "object": what})

    def stop(self) -> None:
        self.events.put(None)
        self.http.shutdown()
        self.http.server_close()


def thing(name: str, **said: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, **said}}


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.stop()


@pytest.fixture
def watch(server: Server) -> Iterator[Watch]:
    with watching(server.endpoint) as begin:
        yield begin("/api/v1/things")


def names(watch: Watch) -> set[str]:
    return {each["metadata"]["name"] for each in watch.objects()}


def is_silent(watch: Watch) -> bool:
    try:
        watch.objects()
    except SandboxError as error:
        return "does not answer" in str(error)
    return False


def test_what_is_there_what_comes_and_what_goes_is_seen(server: Server, watch: Watch) -> None:
    assert names(watch) == {"a"}
    server.say("ADDED", thing("b"))
    server.say("BOOKMARK", {"metadata": {"resourceVersion": "9"}})
    server.say("MODIFIED", thing("a", labels={"x": "y"}))
    assert wait_until(lambda: thing("a", labels={"x": "y"}) in watch.objects(), 5)
    assert names(watch) == {"a", "b"}
    server.say("DELETED", thing("b"))
    assert wait_until(lambda: names(watch) == {"a"}, 5)
    assert server.lists == 1


def test_what_ended_is_told_once_with_the_grace_that_it_had(server: Server, watch: Watch) -> None:
    server.say("MODIFIED", thing("a", deletionTimestamp="2026-01-01T00:00:30Z"))
    server.say("DELETED", thing("a", deletionTimestamp="2026-01-01T00:00:00Z"))
    server.say("ADDED", thing("b"))
    assert wait_until(lambda: names(watch) == {"b"}, 5)
    assert watch.take_ended() == [thing("a", deletionTimestamp="2026-01-01T00:00:30Z")]
    assert watch.take_ended() == []


def test_a_watch_that_is_too_old_begins_anew(server: Server, watch: Watch) -> None:
    assert names(watch) == {"a"}
    server.items = [thing("c")]
    server.say("ERROR", {"code": 410, "message": "too old resource version"})
    assert wait_until(lambda: names(watch) == {"c"}, 5)


def test_a_server_that_does_not_answer_is_told_of_until_it_does(server: Server, watch: Watch) -> None:
    assert names(watch) == {"a"}
    server.status = 500
    server.events.put(None)
    assert wait_until(lambda: is_silent(watch), 5)
    server.status = 200
    assert wait_until(lambda: not is_silent(watch), 5)
    assert names(watch) == {"a"}


def test_a_kind_that_the_cluster_does_not_have_has_no_objects_and_is_not_asked_for_all_the_time(server: Server) -> None:
    server.status = 404
    with watching(server.endpoint) as begin:
        watch = begin("/apis/none/v1/things")
        assert watch.objects() == []
        assert watch.objects() == []
    assert server.lists == 1


def test_a_server_that_is_not_there_is_told_of(server: Server) -> None:
    server.stop()
    with watching(server.endpoint) as begin, pytest.raises(SandboxError, match="does not answer"):
        begin("/api/v1/things").objects(seconds=0.2)


def test_ending_it_ends_its_thread(server: Server) -> None:
    with watching(server.endpoint) as begin:
        watch = begin("/api/v1/things")
        watch.objects()
        assert wait_until(lambda: watch._socket is not None, 5)
    assert not watch._thread.is_alive()
