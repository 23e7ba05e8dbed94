"""The objects of the cluster autoscaler in Kubernetes, as Kubernetes spells them: pure functions.

What is only known later (its image, its flags, its environment) goes in as it is and may be an output.
"""

from collections.abc import Mapping
from typing import Any

from penstock.autoscaling import plan
from penstock.autoscaling.identity import NAME, PRIORITIES_CONFIG_MAP, cluster_rules, own_rules
from penstock.autoscaling.placement import off_pools, on_pools, tolerations
from penstock.autoscaling.spec import ClusterAutoscalerSpec
from penstock.names import MANAGED_BY

_LABELS = {"app.kubernetes.io/name": NAME, **MANAGED_BY}
_SELECTOR = {"app.kubernetes.io/name": NAME}
_RBAC = "rbac.authorization.k8s.io/v1"
_NOBODY = 65532  # `nonroot` in the distroless image that it is built on

# Whoever runs a self-managed cluster may let its control plane carry what the cluster itself needs.
_CONTROL_PLANE = {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"}


def service_account(spec: ClusterAutoscalerSpec) -> dict[str, Any]:
    """What it runs as."""
    metadata = _metadata(spec.namespace)
    if annotations := plan.identity_annotations(spec):
        metadata["annotations"] = annotations
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}


def cluster_role() -> dict[str, Any]:
    """What it may do in the whole cluster."""
    return {"apiVersion": _RBAC, "kind": "ClusterRole", "metadata": _metadata(), "rules": cluster_rules()}


def cluster_role_binding(spec: ClusterAutoscalerSpec) -> dict[str, Any]:
    """Lets its service account do so."""
    return _binding("ClusterRole", spec.namespace) | {"kind": "ClusterRoleBinding", "metadata": _metadata()}


def role(spec: ClusterAutoscalerSpec) -> dict[str, Any]:
    """What it may do in its namespace."""
    rules = own_rules(spec.chosen_expander)
    return {"apiVersion": _RBAC, "kind": "Role", "metadata": _metadata(spec.namespace), "rules": rules}


def role_binding(spec: ClusterAutoscalerSpec) -> dict[str, Any]:
    """Lets its service account do so."""
    return _binding("Role", spec.namespace) | {"kind": "RoleBinding", "metadata": _metadata(spec.namespace)}


def priorities(spec: ClusterAutoscalerSpec) -> dict[str, Any]:
    """The priorities of scaling groups, which the priority expander reads whenever they change."""
    metadata = _metadata(spec.namespace) | {"name": PRIORITIES_CONFIG_MAP}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata,
        "data": {"priorities": plan.priorities_yaml(spec)},
    }


def disruption_budget(spec: ClusterAutoscalerSpec) -> dict[str, Any]:
    """Nodes may be drained of it one after the other; a single one never keeps a node from being drained."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": _metadata(spec.namespace),
        "spec": {
            "maxUnavailable": 1,
            "selector": {"matchLabels": _SELECTOR},
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }


def deployment(
    spec: ClusterAutoscalerSpec, *, image: Any, flags: Any, environment: Mapping[str, Any]
) -> dict[str, Any]:
    """What runs it. The replicas that do not hold the lease wait, and answer the probes."""
    annotations = {"prometheus.io/scrape": "true", "prometheus.io/port": str(plan.PORT)}
    labels = dict(_LABELS)
    if plan.uses_workload_identity(spec):
        labels["azure.workload.identity/use"] = "true"
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(spec.namespace),
        "spec": {
            "replicas": spec.replicas,
            "selector": {"matchLabels": _SELECTOR},
            "template": {
                "metadata": {"labels": labels, "annotations": annotations},
                "spec": {
                    "serviceAccountName": NAME,
                    "priorityClassName": "system-cluster-critical",
                    **_placement(spec),
                    "topologySpreadConstraints": [_spread("topology.kubernetes.io/zone"), _spread(_HOST)],
                    "securityContext": {
                        "runAsNonRoot": True,
                        "runAsUser": _NOBODY,
                        "runAsGroup": _NOBODY,
                        "fsGroup": _NOBODY,  # the token by which it shows who it is belongs to this group
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "containers": [_container(spec, image, flags, environment)],
                },
            },
        },
    }


_HOST = "kubernetes.io/hostname"


def _container(spec: ClusterAutoscalerSpec, image: Any, flags: Any, environment: Mapping[str, Any]) -> dict[str, Any]:
    # It answers 500 once it has done nothing, or nothing successfully, for 10 and 15 minutes.
    alive = {"httpGet": {"path": "/health-check", "port": "metrics"}, "periodSeconds": 10, "failureThreshold": 3}
    return {
        "name": NAME,
        "image": image,
        "command": ["/cluster-autoscaler"],
        "args": flags,
        "env": [{"name": key, "value": value} for key, value in environment.items()],
        "ports": [{"name": "metrics", "containerPort": plan.PORT}],
        "livenessProbe": alive,
        "readinessProbe": alive,
        "resources": {
            "requests": plan.requests(spec.pools),
            "limits": {"memory": plan.memory_limit(spec.pools)},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def _placement(spec: ClusterAutoscalerSpec) -> dict[str, Any]:
    if spec.hosts:
        return {"affinity": on_pools(spec.hosts), "tolerations": tolerations(spec.hosts)}
    return {"affinity": off_pools(spec.pools), "tolerations": [_CONTROL_PLANE]}


def _spread(over: str) -> dict[str, Any]:
    return {
        "maxSkew": 1,
        "topologyKey": over,
        "whenUnsatisfiable": "ScheduleAnyway",  # a second one is not worth a node of its own
        "labelSelector": {"matchLabels": _SELECTOR},
    }


def _metadata(namespace: str | None = None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": NAME, "labels": _LABELS}
    return {**metadata, "namespace": namespace} if namespace else metadata


def _binding(kind: str, namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": _RBAC,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": NAME},
        "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": namespace}],
    }
