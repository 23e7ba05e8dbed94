"""Collections of a cluster's objects, kept up to date by watches: what comes and goes between two looks is not missed.

A pod of the sandbox that is told to end may be gone after a second. Its last state, which says until when it may live,
is kept with what has ended.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sandbox.errors import SandboxError

Object = dict[str, Any]
_EXPIRED = 410
_MISSING = 404
_RETRY_SECONDS = 0.5
_LOOK_AGAIN_SECONDS = 10.0
"""After which it is looked again for a kind that the cluster does not have."""
_WATCH_SECONDS = 600


@dataclass(frozen=True)
class Endpoint:
    """An API server, and the TLS by which it is asked; none for plain HTTP."""

    server: str
    tls: ssl.SSLContext | None = None

    def connect(self, timeout: float) -> http.client.HTTPConnection:
        """A new connection."""
        place = urllib.parse.urlsplit(self.server)
        if self.tls:
            return http.client.HTTPSConnection(str(place.hostname), place.port, context=self.tls, timeout=timeout)
        return http.client.HTTPConnection(str(place.hostname), place.port, timeout=timeout)


class Watch:
    """The objects of a collection by their names, from the moment at which it was begun until it is ended."""

    def __init__(self, endpoint: Endpoint, path: str) -> None:
        self._endpoint, self._path = endpoint, path
        self._objects: dict[str, Object] = {}
        self._ended: dict[str, Object] = {}
        self._trouble: str | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._known = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._socket: socket.socket | None = None
        self._thread.start()

    def objects(self, seconds: float = 30.0) -> list[Object]:
        """What there is now; none of a kind that the cluster does not have.

        Raises SandboxError where the API server does not answer, or has not within so many seconds from the beginning.
        """
        self._known.wait(seconds)
        with self._lock:
            if self._trouble or not self._known.is_set():
                raise SandboxError(f"The API server at {self._endpoint.server} does not answer: {self._trouble}.")
            return list(self._objects.values())

    def take_ended(self) -> list[Object]:
        """What has ended since this was asked last, as it was then."""
        with self._lock:
            ended, self._ended = list(self._ended.values()), {}
        return ended

    def end(self) -> None:
        """Watch no more."""
        self._stop.set()
        with suppress(OSError):
            if open_ := self._socket:
                # Wakes the thread, which waits for the next event.
                open_.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=5)

    def _keep(self) -> None:
        while not self._stop.is_set():
            pause = 0.0
            try:
                version = self._list()
                pause = _LOOK_AGAIN_SECONDS if version is None else 0.0
                if version is not None:
                    self._follow(version)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self._say(str(error) or type(error).__name__)
                pause = _RETRY_SECONDS
            self._stop.wait(pause)

    def _list(self) -> str | None:
        """Take what there is now, and return its version; None where the cluster has no such kind."""
        connection = self._endpoint.connect(timeout=30)
        try:
            connection.request("GET", self._path)
            response = connection.getresponse()
            body = response.read()
            if response.status not in (200, _MISSING):
                raise ValueError(f"HTTP {response.status}")
        finally:
            connection.close()
        found = json.loads(body) if response.status == 200 else {"items": []}
        with self._lock:
            self._objects = {each["metadata"]["name"]: each for each in found["items"]}
            self._trouble = None
        self._known.set()
        return str(found["metadata"]["resourceVersion"]) if response.status == 200 else None

    def _follow(self, version: str) -> None:
        """Take what changes from that version on, until the watch ends. Raises where that is not on purpose."""
        connection = self._endpoint.connect(timeout=_WATCH_SECONDS + 30)
        try:
            connection.connect()
            self._socket = connection.sock
            asked = {"watch": 1, "resourceVersion": version, "timeoutSeconds": _WATCH_SECONDS}
            query = urllib.parse.urlencode({**asked, "allowWatchBookmarks": "true"})
            connection.request("GET", f"{self._path}?{query}")
            response = connection.getresponse()
            if response.status != 200:
                raise ValueError(f"HTTP {response.status}")
            begun = time.monotonic()
            for event in _events(response):
                if self._stop.is_set() or not self._take(event):
                    return
            if time.monotonic() - begun < _WATCH_SECONDS - 60 and not self._stop.is_set():
                raise ConnectionError("it has ended a watch")
        finally:
            self._socket = None
            connection.close()

    def _take(self, event: Object) -> bool:
        """Take one change. Whether more follow: not when the watch is too old."""
        kind, thing = event["type"], event["object"]
        if kind == "ERROR":
            if thing.get("code") == _EXPIRED:
                return False
            raise ValueError(str(thing.get("message", "an error")))
        if kind == "BOOKMARK":
            return True
        name = thing["metadata"]["name"]
        with self._lock:
            if kind == "DELETED":
                # A last state may have lost the grace that the one before had.
                before = self._objects.pop(name, thing)
                self._ended[name] = before if before["metadata"].get("deletionTimestamp") else thing
            else:
                self._objects[name] = thing
        return True

    def _say(self, trouble: str) -> None:
        with self._lock:
            self._trouble = trouble


@contextmanager
def watching(endpoint: Endpoint) -> Iterator[Callable[[str], Watch]]:
    """Begin watches of collections, by their paths; they end together."""
    watches: list[Watch] = []

    def begin(path: str) -> Watch:
        watches.append(Watch(endpoint, path))
        return watches[-1]

    try:
        yield begin
    finally:
        for watch in watches:
            watch.end()


def _events(response: http.client.HTTPResponse) -> Iterator[Object]:
    """The events of a watch: a line of JSON each."""
    while line := response.readline():
        yield json.loads(line)
