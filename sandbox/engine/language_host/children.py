"""The processes that a language host starts, and ends."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from typing import IO

import grpc


class Children:
    """Running processes, each leading a group of its own so that it ends with all that it started."""

    def __init__(self) -> None:
        self.ending = False
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()

    def start(
        self,
        argv: list[str],
        context: grpc.ServicerContext,
        *,
        cwd: str,
        env: Mapping[str, str],
        output: int | None,
    ) -> subprocess.Popen[bytes]:
        """Start `argv`; it ends at the latest when the call of `context` is given up, or with `end_all`."""
        with self._lock:
            if self.ending:
                context.abort(grpc.StatusCode.CANCELLED, "The language host is ending.")
            child = subprocess.Popen(
                argv,
                cwd=cwd,
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            self._running.add(child)
        # The callback runs in the thread that serves all calls, which must not wait for a child to end.
        if not context.add_callback(lambda: threading.Thread(target=self._end, args=(child,)).start()):
            self._end(child)
        return child

    def end_all(self) -> None:
        """End every child; none can be started any more."""
        with self._lock:
            self.ending = True
            running = list(self._running)
        self._end(*running)

    def _end(self, *children: subprocess.Popen[bytes]) -> None:
        for sign in (signal.SIGTERM, signal.SIGKILL):
            running = [child for child in children if child.poll() is None]
            for child in running:
                # Between the look and the signal the thread that serves its call may have seen it end.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, sign)
            for child in running:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(timeout=2)
        with self._lock:
            self._running.difference_update(children)


def chunks(child: subprocess.Popen[bytes]) -> Iterator[tuple[str, bytes]]:
    """What a child writes, as it writes it: ("stdout" or "stderr", bytes), until it has closed both."""
    written: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()

    def read(name: str, pipe: IO[bytes]) -> None:
        while data := os.read(pipe.fileno(), 65536):
            written.put((name, data))
        written.put((name, b""))

    pipes = {name: pipe for name in ("stdout", "stderr") if (pipe := getattr(child, name))}
    for name, pipe in pipes.items():
        threading.Thread(target=read, args=(name, pipe), daemon=True).start()
    while pipes:
        name, data = written.get()
        if data:
            yield name, data
        else:
            pipes.pop(name).close()
