"""The replicas of shards: enough of each, on nodes that are there, evenly."""

from collections import Counter
from typing import Any, NamedTuple
from urllib.parse import quote

from .api import Api, RefusedError, await_true

_ALIVE = "Active"


class Peer(NamedTuple):
    """A node of the cluster."""

    id: int
    uri: str


class Shard(NamedTuple):
    """A shard of a collection: the peers that have it, and of them those whose replica is whole."""

    id: int
    holders: frozenset[int]
    whole: frozenset[int]


def peers(api: Api, until: float) -> list[Peer]:
    """The nodes that have joined."""
    cluster = api.get("/cluster", until)
    if cluster["status"] != "enabled":
        raise RefusedError("Qdrant runs by itself, not as a cluster. Set cluster.enabled in its configuration.")
    return [Peer(int(id_), peer["uri"].rstrip("/")) for id_, peer in cluster["peers"].items()]


def silent(api: Api, until: float) -> set[str]:
    """The addresses of nodes that do not answer the others."""
    return {uri.rstrip("/") for uri in api.get("/cluster", until).get("message_send_failures") or {}}


def shards(api: Api, collection: str, until: float) -> list[Shard]:
    """All shards of a collection."""
    return _shards(_layout(api, collection, until))


def replicate(api: Api, collection: str, wanted: int, until: float) -> list[str]:
    """Gives each shard the `wanted` number of replicas, and awaits them. Returns what was done, a sentence each.

    Raises RefusedError where no whole replica of a shard answers, after the others have been seen to.
    """
    _rested(api, collection, until)
    found, alive = shards(api, collection, until), _alive(api, until)
    load = Counter(dict.fromkeys(alive, 0)) + Counter(peer for shard in found for peer in shard.holders)
    load.update(dict.fromkeys(alive, 0))
    done, lost = [], []
    for shard in found:
        if not shard.whole & alive:
            lost.append(shard.id)
            continue
        for _ in range(wanted - len(shard.holders)):
            free = sorted((peer for peer in alive if peer not in shard.holders), key=lambda peer: (load[peer], peer))
            if not free:
                break
            giver = min(shard.whole & alive)
            move = {"shard_id": shard.id, "from_peer_id": giver, "to_peer_id": free[0]}
            _change(api, collection, {"replicate_shard": move}, until)
            _rested(api, collection, until)
            shard = Shard(shard.id, shard.holders | {free[0]}, shard.whole)
            load[free[0]] += 1
            done.append(f"Shard {shard.id} of {collection} is on node {free[0]}, too.")
        for _ in range(len(shard.whole & alive) - wanted):
            fullest = max(shard.whole & alive, key=lambda peer: (load[peer], peer))
            _change(api, collection, {"drop_replica": {"shard_id": shard.id, "peer_id": fullest}}, until)
            shard = Shard(shard.id, shard.holders - {fullest}, shard.whole - {fullest})
            load[fullest] -= 1
            done.append(f"Shard {shard.id} of {collection} is no more on node {fullest}.")
    if lost:
        raise RefusedError(
            f"No whole replica of {_named(lost)} of {collection} answers. Bring back a node that has one, or recover "
            "the collection from a snapshot."
        )
    return done


def only_copies(api: Api, collection: str, peer: int, until: float) -> list[int]:
    """The shards of which this peer has the only whole replica."""
    return [shard.id for shard in shards(api, collection, until) if shard.whole == {peer}]


def _alive(api: Api, until: float) -> set[int]:
    quiet = silent(api, until)
    return {peer.id for peer in peers(api, until) if peer.uri not in quiet}


def _layout(api: Api, collection: str, until: float) -> dict[str, Any]:
    layout: dict[str, Any] = api.get(f"/collections/{quote(collection, safe='')}/cluster", until)
    return layout


def _shards(layout: dict[str, Any]) -> list[Shard]:
    rows = [(shard["shard_id"], layout["peer_id"], shard["state"]) for shard in layout["local_shards"]]
    rows += [(shard["shard_id"], shard["peer_id"], shard["state"]) for shard in layout["remote_shards"]]
    return [
        Shard(
            number,
            frozenset(peer for id_, peer, _ in rows if id_ == number),
            frozenset(peer for id_, peer, state in rows if id_ == number and state == _ALIVE),
        )
        for number in sorted({id_ for id_, _, _ in rows})
    ]


def _rested(api: Api, collection: str, until: float) -> None:
    await_true(
        lambda: not _layout(api, collection, until)["shard_transfers"],
        until,
        lambda: f"Shards of {collection} are still on their way. This goes on by itself; look again later.",
    )


def _change(api: Api, collection: str, operation: dict[str, Any], until: float) -> None:
    api.send("POST", f"/collections/{quote(collection, safe='')}/cluster", operation, until)


def _named(numbers: list[int]) -> str:
    listed = ", ".join(str(number) for number in numbers)
    return f"shard {listed}" if len(numbers) == 1 else f"the shards {listed}"
