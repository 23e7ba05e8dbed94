"""The annotations of a tenant's namespace that `TenantPolicies` reads: what its pods, routes and autoscalers may be.

A ValidatingAdmissionPolicy sees the namespace of what it judges (`namespaceObject`). Tenants cannot write it, so no
object with parameters is needed beside it, which they could have written.
"""

from __future__ import annotations

from penstock.autoscaling.pools import PoolTaint
from penstock.nodes.plan import POOL_LABEL
from penstock.tenancy.spec import TenantSpec

PREFIX = "penstock.dev/"


def limits(spec: TenantSpec) -> dict[str, str]:
    """The annotations. Where one is missing, nothing is allowed that needs it."""
    told = {
        "registries": _list(spec.images.prefixes),
        "image-digest": _flag(spec.images.digest),
        "image-always-pull": _flag(spec.images.always_pull),
        "node-selectors": _list(_selectors(spec)),
        "tolerations": _list(_tolerations(spec)),
        "priority-classes": _list([each.name for each in spec.priority_classes]),
        "max-replicas": str(spec.scaling.max_replicas or spec.quota.pods),
        "scaling-triggers": _list(spec.scaling.triggers),
        "prometheus-address": spec.scaling.prometheus_address or "",
        "gateways": _list(spec.routes.gateways if spec.routes else []),
        "hostnames": _list(spec.routes.hostnames if spec.routes else []),
    }
    return {f"{PREFIX}{name}": text for name, text in told.items() if text}


def _selectors(spec: TenantSpec) -> list[str]:
    """Labels of nodes that only its own pools have: whoever selects by one of them stays there."""
    own = {pool.name for pool in spec.pools}
    others = {pair for pool in spec.cluster_pools if pool.name not in own for pair in pool.labels.items()}
    shared = {pair for pool in spec.pools for pair in pool.labels.items()} if spec.cluster_pools else set()
    named = {(POOL_LABEL, name) for name in own}
    return sorted(f"{key}={value}" for key, value in (named | shared) - others)


def _tolerations(spec: TenantSpec) -> list[str]:
    taints = (taint for pool in spec.pools for taint in pool.taints)
    return sorted({text for taint in taints for text in _tolerated(taint, spec)})


def _tolerated(taint: PoolTaint, spec: TenantSpec) -> list[str]:
    """What tolerates a taint: `key=value`, and `key=` where any value is tolerated (operator Exists)."""
    # GKE itself lets pods that ask for GPUs tolerate their taint with Exists.
    any_value = [f"{taint.key}="] if not taint.value or taint.key in spec.accelerators else []
    return [f"{taint.key}={taint.value}", *any_value]


def _list(texts: list[str]) -> str:
    return ",".join(texts)


def _flag(value: bool) -> str:
    return "true" if value else "false"
