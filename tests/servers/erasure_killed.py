"""`penstock tenant` in a process that is killed (SIGKILL) at a moment: python -m tests.servers.erasure_killed MOMENT HOSTS …

HOSTS are names and their addresses as JSON: those of Redis' nodes, which resolve in a cluster of pods.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from penstock.tenancy import cli
from penstock.tenancy.erasure import run
from penstock.tenancy.erasure.archive import Archive
from penstock.tenancy.erasure.qdrant_store import QdrantStore
from penstock.tenancy.erasure.redis_store import RedisStore
from penstock.tenancy.erasure.redis_values import Values

MOMENTS: dict[str, tuple[Any, str, int]] = {
    "in the middle of the export": (Values, "write", 1),
    "when the export has no name yet": (Archive, "publish", 0),
    "between the export and the erasure": (run, "_unlike", 0),
    "when Postgres is erased": (RedisStore, "erase", 0),
    "in the middle of Redis": (RedisStore, "_unlink", 1),
    "when Redis' keys are erased": (RedisStore, "_rewrite", 0),
    "when Redis is erased": (QdrantStore, "erase", 0),
    "in the middle of Qdrant": (QdrantStore, "_snapshots", 2),
    "before the report": (cli, "_give", 0),
    "before the journal goes": (run, "finished", 0),
}
"""A function, and how often it may be called before."""


def killing(whole: Callable[..., Any], times: int) -> Callable[..., Any]:
    """Does what the function does that many times, then ends this process as if its machine was gone."""
    left = [times]

    def killed(*words: Any, **more: Any) -> Any:
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        return whole(*words, **more)

    return killed


def main(moment: str, hosts: dict[str, str], argv: list[str]) -> int:
    where, name, times = MOMENTS[moment]
    real = socket.getaddrinfo
    with (
        patch("socket.getaddrinfo", lambda host, *words, **more: real(hosts.get(host, host), *words, **more)),
        patch.object(where, name, killing(getattr(where, name), times)),
    ):
        return cli.main(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], json.loads(sys.argv[2]), sys.argv[3:]))
