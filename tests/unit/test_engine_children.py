"""The language host ends what it started, also where that has just ended by itself."""

from __future__ import annotations

import subprocess
import sys
from unittest.mock import patch

import grpc

from sandbox.engine.language_host.children import Children


class Call(grpc.ServicerContext):  # type: ignore[misc]
    """A call that nobody gives up."""

    def add_callback(self, callback: object) -> bool:
        return True

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"{name} is not used here")


Call.__abstractmethods__ = frozenset()


def started(children: Children, program: str) -> subprocess.Popen[bytes]:
    return children.start([sys.executable, "-c", program], Call(), cwd="/", env={}, output=None)


def test_a_child_that_runs_is_ended() -> None:
    children = Children()
    child = started(children, "import time; time.sleep(60)")
    children.end_all()
    assert child.poll() is not None


def test_a_child_that_ends_between_the_look_and_the_signal_is_no_error() -> None:
    children = Children()
    child = started(children, "")
    child.wait()
    with patch.object(child, "poll", return_value=None):  # as another thread sees it that looked a moment ago
        children.end_all()
