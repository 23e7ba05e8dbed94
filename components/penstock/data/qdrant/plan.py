"""The plan of a Qdrant cluster: pure functions from its specification to Kubernetes objects."""

from collections.abc import Mapping
from typing import Any

from penstock.data.qdrant import pods
from penstock.data.qdrant.pods import headless, labels
from penstock.data.qdrant.spec import QdrantSpec
from penstock.data.qdrant.texts import GRPC, HTTP, PEER
from penstock.names import MANAGED_BY

_STORAGE, _SNAPSHOTS = pods.STORAGE, pods.SNAPSHOTS
_ACCESS = ["ReadWriteOnce"]


def metadata(called: str, name: str, spec: QdrantSpec) -> dict[str, Any]:
    """That of an object that belongs to it."""
    return {"name": called, "namespace": spec.namespace, "labels": {**labels(name), **MANAGED_BY}}


def stateful_set(name: str, spec: QdrantSpec, *, tls_secret: Any, annotations: Mapping[str, Any]) -> dict[str, Any]:
    """Its nodes. `annotations` are of the pods, which start anew when one of them changes."""
    storage = {
        "accessModes": _ACCESS,
        **({"storageClassName": spec.storage_class} if spec.storage_class else {}),
    }
    sizes = {_STORAGE: spec.volume_gib, _SNAPSHOTS: spec.snapshots_gib}
    return {
        "metadata": metadata(name, name, spec),
        "spec": {
            "replicas": spec.nodes,
            "serviceName": headless(name),
            # In order, the first would wait for others to be ready that wait for it.
            "podManagementPolicy": "Parallel",
            "updateStrategy": {"type": "RollingUpdate"},
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
            "selector": {"matchLabels": labels(name)},
            "template": {
                "metadata": {"labels": {**labels(name), **MANAGED_BY}, "annotations": dict(annotations)},
                "spec": pods.node(name, spec, tls_secret),
            },
            "volumeClaimTemplates": [
                {
                    "metadata": {"name": claim, "labels": labels(name)},
                    "spec": {**storage, "resources": {"requests": {"storage": f"{size}Gi"}}},
                }
                for claim, size in sizes.items()
            ],
        },
    }


def claims(name: str, spec: QdrantSpec) -> list[dict[str, Any]]:
    """How large the volumes of its nodes are: what a StatefulSet says of that, it says when it makes them alone."""
    sizes = {_STORAGE: spec.volume_gib, _SNAPSHOTS: spec.snapshots_gib}
    return [
        {
            "metadata": {
                "name": f"{claim}-{name}-{index}",
                "namespace": spec.namespace,
                "annotations": {"pulumi.com/patchForce": "true"},
            },
            # Their access is said, too: the preview of a first deployment tries them before there are any.
            "spec": {"accessModes": _ACCESS, "resources": {"requests": {"storage": f"{size}Gi"}}},
        }
        for index in range(spec.nodes)
        for claim, size in sizes.items()
    ]


def services(name: str, spec: QdrantSpec) -> list[dict[str, Any]]:
    """The one for clients, and the one by which nodes find one another before they are ready."""
    client = [_port("http", HTTP), _port("grpc", GRPC)]
    among = {"clusterIP": "None", "publishNotReadyAddresses": True, "ports": [*client, _port("p2p", PEER)]}
    return [
        {"metadata": metadata(name, name, spec), "spec": {"selector": labels(name), "ports": client}},
        {"metadata": metadata(headless(name), name, spec), "spec": {"selector": labels(name), **among}},
    ]


def disruption_budget(name: str, spec: QdrantSpec) -> dict[str, Any]:
    """A machine may be drained while all nodes are well: of three, one may be away."""
    return {
        "metadata": metadata(name, name, spec),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": labels(name)}},
    }


def pod_monitor(name: str, spec: QdrantSpec, *, tls_secret: Any, host: Any) -> dict[str, Any]:
    """How Prometheus finds its metrics."""
    endpoint: dict[str, Any] = {"port": "metrics", "path": "/metrics", "interval": "15s"}
    if spec.tls:
        endpoint["scheme"] = "https"
        endpoint["tlsConfig"] = {"ca": {"secret": {"name": tls_secret, "key": "ca.crt"}}, "serverName": host}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": metadata(name, name, spec),
        "spec": {
            "selector": {"matchLabels": labels(name)},
            "podMetricsEndpoints": [endpoint],
        },
    }


def _port(called: str, port: int) -> dict[str, Any]:
    return {"name": called, "port": port, "targetPort": called, "protocol": "TCP"}
