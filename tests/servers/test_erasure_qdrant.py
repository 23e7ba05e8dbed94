"""A tenant in Qdrant: its partition of shared collections, its own collection, and snapshots on every node."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from penstock.tenancy.erasure.archive import archived
from penstock.tenancy.erasure.errors import ErasureError
from penstock.tenancy.erasure.qdrant_store import QdrantStore
from tests.servers.erasure_export import RECIPIENT, lines, read
from tests.servers.erasure_qdrant import Qdrant, qdrant
from tests.servers.qdrant_server import KEY


def point(id_: Any, tenant: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, "vector": [0.1, -2.5e-07], "payload": {"tenant_id": tenant, **more}}


@pytest.fixture
def cluster() -> Iterator[Qdrant]:
    with qdrant() as made:
        mine = [point(i, "acme", n=i) for i in range(1000, 1600)]
        odd = {**point("5b1e2d9c-0000-4000-8000-000000000000", "acme", text='ü😀\ud83d"\n', big=2**63, none=None)}
        odd["vector"] = {"a": [1.0, 2.0], "sparse": {"indices": [1, 5], "values": [0.5, 0.25]}}
        others = [point(i, "acme-2") for i in range(50)] + [point(i + 100, "globex") for i in range(50)]
        made.collection("tenants", [*mine, odd, *others])
        made.collection(
            "llm_cache", [point(1, "acme"), point(2, "globex"), {"id": 3, "vector": [0.0, 1.0], "payload": {}}]
        )
        made.collection("tenant-acme", [point(7, "x"), {"id": 8, "vector": [1.0, 0.0], "payload": {}}])
        made.collection("tenant-globex", [point(9, "globex")])
        own, shard = "/collections/tenant-acme/snapshots", "/collections/tenant-acme/shards/1/snapshots"
        made.snapshots[0].update({own: ["a.snapshot"], "/collections/tenants/snapshots": ["kept.snapshot"]})
        made.snapshots[1].update(
            {own: ["b.snapshot", "c.snapshot"], shard: ["d.snapshot"], "/snapshots": ["full.snapshot"]}
        )
        yield made


def store(of: Qdrant, tenant: str = "acme", key: str = KEY, collections: tuple[str, ...] = ()) -> QdrantStore:
    return QdrantStore(of.url, key, None, collections, tenant)


def test_the_export_has_every_point_of_it_and_no_other(cluster: Qdrant, tmp_path: Path) -> None:
    before = deepcopy(cluster.state.collections)
    with archived(tmp_path / "x.age", [RECIPIENT], {}) as archive:
        assert store(cluster).export(archive) == {"points": 604}
    archive.publish()
    export = read(tmp_path / "x.age")
    for name, expected in (
        ("tenants", [p for p in before["tenants"].points if p["payload"]["tenant_id"] == "acme"]),
        ("llm_cache", [point(1, "acme")]),
        ("tenant-acme", before["tenant-acme"].points),
    ):
        found = lines(export, f"qdrant/{name}/points.jsonl")
        assert sorted(found, key=str) == sorted(expected, key=str)
        (about,) = lines(export, f"qdrant/{name}/collection.json")
        assert about["config"]["params"]["vectors"]["size"] == 2
    assert not [path for path in export.parts if "globex" in path]
    assert cluster.state.collections == before
    assert cluster.state.changes() == []


def test_nothing_of_it_is_left_and_other_tenants_keep_every_point(cluster: Qdrant) -> None:
    def others() -> dict[str, list[dict[str, Any]]]:
        found = {name: each.points for name, each in cluster.state.collections.items() if name != "tenant-acme"}
        return {name: [p for p in points if p["payload"].get("tenant_id") != "acme"] for name, points in found.items()}

    before = deepcopy(others())
    of = store(cluster)
    assert of.look() == {"points": 604, "collections": 1, "snapshots": 4}
    of.erase()
    assert not any(of.look().values())
    assert others() == before == {name: each.points for name, each in cluster.state.collections.items()}
    left = [(path, names) for node in cluster.snapshots for path, names in node.items() if names]
    assert left == [("/collections/tenants/snapshots", ["kept.snapshot"]), ("/snapshots", ["full.snapshot"])]
    of.erase()
    told = "\n".join(of.copies())
    assert "/collections/tenants/snapshots/kept.snapshot on http://" in told
    assert "/snapshots/full.snapshot on http://" in told
    assert "optimises" in told


def test_only_the_named_collections_are_looked_into_beside_its_own(cluster: Qdrant) -> None:
    assert store(cluster, collections=("llm_cache",)).look()["points"] == 3
    with pytest.raises(ErasureError, match="has no collection nothing. It has: tenants, llm_cache"):
        store(cluster, collections=("nothing",)).look()


def test_a_wrong_key_and_a_node_that_is_away_are_told(cluster: Qdrant) -> None:
    with pytest.raises(ErasureError, match="401: Invalid API key") as wrong:
        store(cluster, key="the-wrong-key").look()
    assert "the-wrong-key" not in str(wrong.value)
    cluster.state.peers[4] = cluster.state.peers[3].replace(".3:", ".4:")
    with pytest.raises(ErasureError, match="does not answer: .*refused"):
        store(cluster).look()
    assert json.dumps(cluster.state.changes()) == "[]"
