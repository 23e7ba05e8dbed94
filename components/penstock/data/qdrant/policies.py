"""Who may speak to whom: pure functions from a cluster's specification to NetworkPolicies."""

from collections.abc import Mapping
from typing import Any

from penstock.data.network import OWN_COLLECTION, TENANT_LABEL, coming, dns_egress, leaving, namespace, pods
from penstock.data.qdrant.plan import metadata
from penstock.data.qdrant.pods import ADMIN_NAME, admin_labels, labels
from penstock.data.qdrant.spec import QdrantSpec
from penstock.data.qdrant.texts import GRPC, HTTP, METRICS, PEER


def servers(name: str, spec: QdrantSpec) -> dict[str, Any]:
    """Of its nodes: clients reach the client ports, nodes one another's, Prometheus the metrics, and nobody more."""
    clients = [namespace(each) for each in spec.client_namespaces]
    own = {
        "namespaceSelector": {
            "matchLabels": OWN_COLLECTION,
            "matchExpressions": [{"key": TENANT_LABEL, "operator": "Exists"}],
        }
    }
    nodes, admins = pods(labels(name)), pods(admin_labels(name))
    ingress = [coming([*clients, own], HTTP, GRPC), coming([nodes], HTTP, PEER), coming([admins], HTTP)]
    if spec.monitoring:
        ingress.append(coming([namespace("monitoring")], METRICS))
    egress = [dns_egress(), leaving([nodes], HTTP, PEER)]
    return _policy(name, name, spec, labels(name), ingress, egress)


def admins(name: str, spec: QdrantSpec) -> dict[str, Any]:
    """Of its Jobs: they reach the nodes' REST port, and nobody reaches them."""
    egress = [dns_egress(), leaving([pods(labels(name))], HTTP)]
    return _policy(f"{name}-{ADMIN_NAME}", name, spec, admin_labels(name), [], egress)


def _policy(
    called: str, name: str, spec: QdrantSpec, selected: Mapping[str, str], ingress: list[Any], egress: list[Any]
) -> dict[str, Any]:
    return {
        "metadata": metadata(called, name, spec),
        "spec": {
            "podSelector": {"matchLabels": dict(selected)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": egress,
        },
    }
