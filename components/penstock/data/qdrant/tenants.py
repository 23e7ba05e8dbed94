"""A tenant's own collection: for one that is to be kept apart by the server, not by those who ask it."""

from collections.abc import Sequence
from typing import Any

import pulumi

from penstock.data.qdrant import jobs, resources, texts
from penstock.data.qdrant.tokens import own_collection
from penstock.data.refs import QdrantRef


def collection(
    tenant: str,
    ref: QdrantRef,
    *,
    parent: pulumi.Resource,
    shards: int = 1,
    distance: str = "Cosine",
    depends_on: Sequence[pulumi.Resource] = (),
) -> pulumi.Resource:
    """The Job, in the namespace of the cluster, that makes the collection of `tenant`.

    It has vectors and replicas like the shared one. A collection costs memory on each node that has a shard of it: a
    few hundred are what a cluster takes.
    """
    return resources.collections_job(
        f"{ref['name']}-{own_collection(tenant)}",
        ref["name"],
        namespace=ref["namespace"],
        wanted=texts.wanted_alone(
            own_collection(tenant),
            ref["nodes"],
            size=ref["vector_size"],
            distance=distance,
            shards=shards,
            replicas=ref["replicas"],
            write_consistency=1,
        ),
        pod=_pod(ref),
        parent=parent,
        depends_on=depends_on,
    )


def _pod(ref: QdrantRef) -> dict[str, Any]:
    """What pods of Jobs of a cluster have in common."""
    scheme = "https" if ref["tls"] else "http"
    host: pulumi.Output[str] = pulumi.Output.from_input(ref["host"])
    url = host.apply(lambda known: f"{scheme}://{known}:{ref['port']}")
    placed = ref.get("scheduling")
    return jobs.pod(ref["name"], image=ref["client_image"], url=url, tls_secret=ref.get("tls_secret"), placed=placed)
