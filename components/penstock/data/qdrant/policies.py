"""Who may speak to whom: pure functions from a cluster's specification to NetworkPolicies."""

from collections.abc import Mapping
from typing import Any

from penstock.data.qdrant.plan import metadata
from penstock.data.qdrant.pods import ADMIN_NAME, admin_labels, labels
from penstock.data.qdrant.spec import QdrantSpec
from penstock.data.qdrant.texts import GRPC, HTTP, METRICS, PEER

OWN_COLLECTION = {"penstock.dev/qdrant": "dedicated"}
"""The label of a tenant's namespace whose pods speak to Qdrant themselves, with a token for the tenant's own
collection. No other tenant's pods reach it: the shared collection is reached through services."""
_NODE_LOCAL_DNS = "169.254.20.10/32"
_NAMESPACE = "kubernetes.io/metadata.name"


def servers(name: str, spec: QdrantSpec) -> dict[str, Any]:
    """Of its nodes: clients reach the client ports, nodes one another's, Prometheus the metrics, and nobody more."""
    clients = [_namespace({_NAMESPACE: namespace}) for namespace in spec.client_namespaces]
    own = {
        "namespaceSelector": {
            "matchLabels": OWN_COLLECTION,
            "matchExpressions": [{"key": "penstock.dev/tenant", "operator": "Exists"}],
        }
    }
    nodes, admins = _pods(labels(name)), _pods(admin_labels(name))
    ingress = [
        {"from": [*clients, own], "ports": _tcp(HTTP, GRPC)},
        {"from": [nodes], "ports": _tcp(HTTP, PEER)},
        {"from": [admins], "ports": _tcp(HTTP)},
    ]
    if spec.monitoring:
        ingress.append({"from": [_namespace({_NAMESPACE: "monitoring"})], "ports": _tcp(METRICS)})
    egress = [_dns(), {"to": [nodes], "ports": _tcp(HTTP, PEER)}]
    return _policy(name, name, spec, labels(name), ingress, egress)


def admins(name: str, spec: QdrantSpec) -> dict[str, Any]:
    """Of its Jobs: they reach the nodes' REST port, and nobody reaches them."""
    egress = [_dns(), {"to": [_pods(labels(name))], "ports": _tcp(HTTP)}]
    return _policy(f"{name}-{ADMIN_NAME}", name, spec, admin_labels(name), [], egress)


def _policy(
    called: str, name: str, spec: QdrantSpec, pods: Mapping[str, str], ingress: list[Any], egress: list[Any]
) -> dict[str, Any]:
    return {
        "metadata": metadata(called, name, spec),
        "spec": {
            "podSelector": {"matchLabels": dict(pods)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": egress,
        },
    }


def _dns() -> dict[str, Any]:
    """The cluster's name servers, and a node's own cache of them."""
    ports = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    return {
        "to": [
            {**_namespace({_NAMESPACE: "kube-system"}), **_pods({"k8s-app": "kube-dns"})},
            {"ipBlock": {"cidr": _NODE_LOCAL_DNS}},
        ],
        "ports": ports,
    }


def _namespace(matched: Mapping[str, str]) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": dict(matched)}}


def _pods(matched: Mapping[str, str]) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": dict(matched)}}


def _tcp(*ports: int) -> list[dict[str, Any]]:
    return [{"protocol": "TCP", "port": port} for port in ports]
