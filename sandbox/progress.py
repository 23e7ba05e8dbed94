"""Telling the user, on standard error, what the sandbox does while it does it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


def say(line: str) -> None:
    """Show a line at once."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


@contextmanager
def heartbeat(what: str, every: float = 15.0) -> Iterator[None]:
    """Say every so often for how long `what` has gone on, so that silence is not taken for a hang."""
    done = threading.Event()
    start = time.monotonic()

    def beat() -> None:
        while not done.wait(every):
            say(f"  … {what}: {time.monotonic() - start:.0f} s")

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
