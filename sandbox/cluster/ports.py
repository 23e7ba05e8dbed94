"""Loopback ports of a cluster: chosen once, and kept, so that its address stays the same when it is started again."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Collection, Iterable
from functools import partial
from pathlib import Path

from sandbox.cluster.processes import wait_until
from sandbox.errors import SandboxError

_LINGER_SECONDS = 5.0
_RANGE = range(20_000, 32_000)
"""Below those that outgoing connections take, so that none of these can take a port between choice and use."""


def keep_ports(file: Path, names: Iterable[str], in_use: Collection[str] = ()) -> dict[str, int]:
    """The ports of a cluster by name, as `file` keeps them.

    One that a stranger listens on by now is chosen anew, except for the names `in_use`: there it is our own process
    that listens. A process that was killed just now may hold its port for a moment longer than it is seen alive: as
    long as one of its threads has not ended.
    """
    known: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    taken = set(known.values())
    for name in names:
        if name not in known or (name not in in_use and not wait_until(partial(is_free, known[name]), _LINGER_SECONDS)):
            known[name] = _choose(taken)
            taken.add(known[name])
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(known, indent=1))
    draft.replace(file)
    return known


def is_free(port: int) -> bool:
    """Whether a server could listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _choose(taken: Collection[int]) -> int:
    for port in random.sample(_RANGE, len(_RANGE)):
        if port not in taken and is_free(port):
            return port
    raise SandboxError(
        f"No port from {_RANGE.start} to {_RANGE.stop - 1} is free on this machine's loopback interface."
    )
