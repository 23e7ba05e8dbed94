"""The plan of a tenant: pure functions from its specification to Kubernetes objects."""

from __future__ import annotations

from typing import Any

from penstock.autoscaling.pods.quantities import amount
from penstock.data.network import OWN_COLLECTION, TENANT_LABEL
from penstock.names import MANAGED_BY
from penstock.nodes.plan import GPU_RESOURCE
from penstock.tenancy.limits import limits
from penstock.tenancy.quota_spec import MIB, object_counts
from penstock.tenancy.spec import TenantSpec, largest, namespace_of

TENANT = TENANT_LABEL
"""The label of a tenant's namespace, and of what belongs to it elsewhere."""
COST_CENTER = "penstock.dev/cost-center"
ROLES = ("admin", "developer", "viewer")
_EPHEMERAL_GIB_A_POD = 2


def role_name(role: str) -> str:
    """The ClusterRole that `TenantPolicies` makes for a role; a RoleBinding gives it within one namespace."""
    return f"penstock-tenant-{role}"


def labels(name: str, spec: TenantSpec) -> dict[str, str]:
    """By which all that is a tenant's is found, and by whom it is paid."""
    return {**MANAGED_BY, TENANT: name, COST_CENTER: spec.cost_center or name}


def metadata(name: str, spec: TenantSpec, called: str) -> dict[str, Any]:
    """The metadata of its object `called`."""
    return {"name": called, "namespace": namespace_of(name, spec), "labels": labels(name, spec)}


def namespace(name: str, spec: TenantSpec) -> dict[str, Any]:
    """https://kubernetes.io/docs/concepts/security/pod-security-admission/"""
    security = {}
    for mode in ("enforce", "audit", "warn"):
        security[f"pod-security.kubernetes.io/{mode}"] = "restricted"
        security[f"pod-security.kubernetes.io/{mode}-version"] = spec.pod_security_version
    reaches = OWN_COLLECTION if spec.qdrant_collection else {}
    return {
        "metadata": {
            "name": namespace_of(name, spec),
            "labels": {**spec.labels, **labels(name, spec), **security, **reaches},
            "annotations": limits(spec),
        }
    }


def quota(name: str, spec: TenantSpec) -> dict[str, Any]:
    """https://kubernetes.io/docs/concepts/policy/resource-quotas/"""
    asked = spec.quota
    disk = f"{asked.ephemeral_storage_gib or _EPHEMERAL_GIB_A_POD * asked.pods}Gi"
    hard = {
        "requests.cpu": asked.cpu,
        "requests.memory": asked.memory,
        "limits.memory": asked.memory,
        "requests.ephemeral-storage": disk,
        "limits.ephemeral-storage": disk,
        "requests.storage": f"{asked.storage_gib}Gi" if asked.storage_gib else "0",
        "pods": str(asked.pods),
        **{f"requests.{kind}": str(asked.gpus) for kind in (GPU_RESOURCE, *spec.accelerators)},
        **{kind: str(count) for kind, count in {**object_counts(), **asked.objects}.items()},
    }
    if asked.cpu_limit_ratio:
        hard["limits.cpu"] = _times(asked.cpu_limit_ratio, asked.amounts[0])
    return {"metadata": metadata(name, spec, "quota"), "spec": {"hard": hard}}


def priority_quota(name: str, spec: TenantSpec, priority: str, pods: int) -> dict[str, Any]:
    """How many of its pods may have a priority."""
    having = {"scopeName": "PriorityClass", "operator": "In", "values": [priority]}
    return {
        "metadata": metadata(name, spec, f"priority-{priority}"),
        "spec": {"hard": {"pods": str(pods)}, "scopeSelector": {"matchExpressions": [having]}},
    }


def limit_range(name: str, spec: TenantSpec) -> dict[str, Any]:
    """What containers get that say nothing. A maximum alone would be the limit of all that state none (kubernetes
    pkg/apis/core/v1/defaults.go@v1.36.3, SetDefaults_LimitRangeItem): of CPU it is meant to be, of memory not."""
    own, (cpu, memory) = spec.containers, largest(spec)
    most = {"cpu": own.max_cpu or _times(1, cpu), "memory": own.max_memory or f"{int(memory // MIB)}Mi"}
    usual = {
        "cpu": own.default_cpu or _smaller("100m", most["cpu"]),
        "memory": own.default_memory or _smaller("256Mi", most["memory"]),
        "ephemeral-storage": "1Gi",
    }
    item: dict[str, Any] = {
        "type": "Container",
        "defaultRequest": usual,
        "default": {**usual, "cpu": most["cpu"]},
        "max": most,
    }
    if ratio := spec.quota.cpu_limit_ratio:
        item["default"]["cpu"] = usual["cpu"]
        item["maxLimitRequestRatio"] = {"cpu": str(ratio)}
    return {"metadata": metadata(name, spec, "containers"), "spec": {"limits": [item]}}


def service_account(name: str, spec: TenantSpec, called: str) -> dict[str, Any]:
    """What its pods run as. They get no token: nothing of theirs talks to the API server."""
    return {"metadata": metadata(name, spec, called), "automountServiceAccountToken": False}


def role_binding(name: str, spec: TenantSpec, role: str) -> dict[str, Any] | None:
    """What people of a role may do in its namespace; None where there is nobody."""
    groups = getattr(spec.groups, role)
    if not groups:
        return None
    group = "rbac.authorization.k8s.io"
    return {
        "metadata": metadata(name, spec, role),
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role_name(role)},
        "subjects": [{"apiGroup": group, "kind": "Group", "name": each} for each in groups],
    }


def _smaller(one: str, other: str) -> str:
    return min(one, other, key=lambda text: amount(text) or 0)


def _times(factor: int, cores: Any) -> str:
    """CPU in the way that Kubernetes writes it, so that nothing differs later."""
    thousandths = int(factor * cores * 1000)
    return str(thousandths // 1000) if thousandths % 1000 == 0 else f"{thousandths}m"
