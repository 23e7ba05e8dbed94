"""Which cluster a node belongs to, found out before it starts.

A node that has been in a cluster finds it again by what is on its volume, and starts at once, so that a full restart
cannot wait for itself. One whose volume is empty joins the cluster that it finds. Only the first node may found one,
and only where nobody else has one: left to Qdrant, a first node that has lost its volume would found a second cluster
beside the one that lives (https://github.com/qdrant/qdrant/blob/v1.19.0/src/consensus.rs, `Consensus::init`).
"""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import shards
from .api import Api, RefusedError, UnreachableError

_PAUSE_SECONDS = 1.0
_LOOK_SECONDS = 3.0


def bootstrap(
    api: Api, own: str, others: Sequence[tuple[str, str]], storage: Path, *, first: bool, settle: float, until: float
) -> str | None:
    """The peer-to-peer address of the node to join by; None where there is none to join.

    `own` is this node's peer-to-peer address, `others` are the REST and peer-to-peer addresses of all others, and
    `settle` is for how many seconds nobody may have a cluster before the first node founds one. Raises RefusedError
    where it cannot be told by then.
    """
    if formed(storage):
        return None
    alone_since: float | None = None
    while True:
        living, unsure = _look(api, others)
        if living:
            url, peer = living[0]
            _evict(api.at(url, timeout=60), own, _state(storage).get("this_peer_id"), until)
            return peer
        now = time.monotonic()
        alone_since = None if unsure else (alone_since or now)
        if first and alone_since is not None and now - alone_since >= settle:
            return None
        if now >= until:
            raise RefusedError(
                f"No node with a cluster answers, and {', '.join(unsure) or 'the first node'} may have one. It is "
                "looked for again when this pod starts anew."
            )
        time.sleep(_PAUSE_SECONDS)


def formed(storage: Path) -> bool:
    """Whether there is the state of a cluster: a term of its consensus, as `is_new_deployment` of Qdrant asks."""
    try:
        return int(_state(storage)["state"]["hard_state"]["term"]) > 0
    except (ValueError, KeyError, TypeError):
        # An old state in another form is Qdrant's to read.
        return (storage / "raft_state").exists()


def _state(storage: Path) -> dict[str, Any]:
    """What Qdrant has written down of its cluster; empty where it has not, or nobody can read it."""
    try:
        return dict(json.loads((storage / "raft_state.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _look(api: Api, others: Sequence[tuple[str, str]]) -> tuple[list[tuple[str, str]], list[str]]:
    """The others that are in a cluster with a leader, and those of which nobody can tell: a machine that does not
    answer may have a cluster; one that refuses, or that has no address, has none that is alive."""
    living, unsure = [], []
    for url, peer in others:
        try:
            status, cluster = api.at(url, timeout=_LOOK_SECONDS).ask("GET", "/cluster")
        except UnreachableError as error:
            if not (error.refused or error.unknown_name):
                unsure.append(url)
            continue
        if status == 200 and cluster["status"] == "enabled" and cluster["raft_info"]["leader"] is not None:
            living.append((url, peer))
        else:
            unsure.append(url)
    return living, unsure


def _evict(api: Api, own: str, itself: int | None, until: float) -> None:
    """Lets the cluster forget the node that had this address and whose volume is gone: Qdrant takes no second one.
    One that had begun to join, and is `itself`, goes on with that."""
    for peer in shards.peers(api, until):
        if peer.uri != own.rstrip("/") or peer.id == itself:
            continue
        names = [entry["name"] for entry in api.get("/collections", until)["collections"]]
        for name in names:
            if lost := shards.only_copies(api, name, peer.id, until):
                raise RefusedError(
                    f"The volume of this node is empty, and it had the only replica of {len(lost)} shards of {name}. "
                    "Bring back its volume; or let the cluster forget it for good with DELETE "
                    f"/cluster/peer/{peer.id}?force=true, and recover the collection from a snapshot."
                )
        api.send("DELETE", f"/cluster/peer/{peer.id}?force=true", None, until)
