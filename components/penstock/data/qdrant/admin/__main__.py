"""`python -m admin join | ensure | repair`: what each needs comes by the environment."""

import json
import os
import sys
import time
from pathlib import Path

from . import collections, join
from .api import Api, RefusedError

_HTTP_PORT, _PEER_PORT = 6333, 6335


def main(command: str) -> None:
    """Runs a command, and says what was done. Ends with a sentence and 1 where it cannot be done."""
    try:
        until = time.monotonic() + float(os.environ.get("DEADLINE_SECONDS", "600"))
        for line in _lines(command, Api(os.environ["QDRANT_URL"], os.environ["QDRANT_API_KEY"], _authority()), until):
            print(line, flush=True)  # noqa: T201
    except RefusedError as refused:
        sys.exit(str(refused))


def _lines(command: str, api: Api, until: float) -> list[str]:
    match command:
        case "join":
            return [_join(api, until)]
        case "ensure":
            return collections.ensure(api, json.loads(Path(os.environ["WANTED"]).read_text(encoding="utf-8")), until)
        case "repair":
            return collections.repair(api, until)
    raise RefusedError(f"There is no command {command}.")


def _join(api: Api, until: float) -> str:
    place, _, number = os.environ["POD_NAME"].rpartition("-")
    domain, scheme = os.environ["PEER_DOMAIN"], os.environ["QDRANT_URL"].partition(":")[0]
    nodes = [f"{scheme}://{place}-{index}.{domain}" for index in range(int(os.environ["NODES"]))]
    own = nodes.pop(int(number))
    found = join.bootstrap(
        api,
        f"{own}:{_PEER_PORT}",
        [(f"{node}:{_HTTP_PORT}", f"{node}:{_PEER_PORT}") for node in nodes],
        Path(os.environ["STORAGE"]),
        first=number == "0",
        settle=float(os.environ.get("SETTLE_SECONDS", "20")),
        until=until,
    )
    Path(os.environ["BOOTSTRAP"]).write_text(f"{found or ''}\n", encoding="utf-8")
    return f"Joins by {found}." if found else "Starts from what is on its volume, or founds the cluster."


def _authority() -> str | None:
    return os.environ.get("QDRANT_CA") or None


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
