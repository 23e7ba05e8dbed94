"""What may reach a tenant's pods, and what they may reach: one NetworkPolicy for all of them.

It selects every pod of the namespace and both directions, so what no rule allows is denied: a single object, which
cannot stand half. Tenants may write none (they would only add to what is allowed).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from penstock.data.network import dns_egress, leaving, namespace, pods
from penstock.tenancy.egress import blocks
from penstock.tenancy.plan import metadata
from penstock.tenancy.spec import TenantSpec


def network_policy(name: str, spec: TenantSpec) -> dict[str, Any]:
    """https://kubernetes.io/docs/concepts/services-networking/network-policies/"""
    return {
        "metadata": metadata(name, spec, "isolation"),
        "spec": {
            "podSelector": {},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": list(_may_reach_it(spec))}],
            "egress": list(_it_may_reach(spec)),
        },
    }


def _may_reach_it(spec: TenantSpec) -> Iterator[dict[str, Any]]:
    yield {"podSelector": {}}  # its own pods
    for space in (spec.gateway_namespace, spec.monitoring_namespace):
        yield namespace(space)


def _it_may_reach(spec: TenantSpec) -> Iterator[dict[str, Any]]:
    yield {"to": [{"podSelector": {}}]}
    yield dns_egress()
    if spec.redis:
        yield _store(spec.redis, spec.redis["labels"], spec.redis["port"])
    if spec.qdrant and spec.qdrant_collection:
        yield _store(spec.qdrant, spec.qdrant["labels"], spec.qdrant["port"], spec.qdrant["grpc_port"])
    if spec.postgres:
        yield _store(spec.postgres, spec.postgres["pooler_labels"], spec.postgres["port"])
    if spec.egress:
        outside = [{"ipBlock": block} for block in blocks(spec.egress.cidrs, spec.egress.internal_cidrs)]
        yield leaving(outside, *spec.egress.ports)


def _store(ref: dict[str, Any], labels: dict[str, str], *ports: int) -> dict[str, Any]:
    return leaving([{**namespace(ref["namespace"]), **pods(labels)}], *ports)
