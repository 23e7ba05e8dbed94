"""Parts of the NetworkPolicies of data stores: who may reach them, and what they may reach.

https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

TENANT_LABEL = "penstock.dev/tenant"
"""Label of the namespaces of tenants."""
OWN_COLLECTION = {"penstock.dev/qdrant": "dedicated"}
"""Label of a tenant's namespace whose pods speak to Qdrant themselves, with a token for the tenant's own collection. No
other tenant's pods reach it: the shared collection is reached through services."""
NODE_LOCAL_DNS = "169.254.20.10/32"
"""Where NodeLocal DNSCache listens on each node, in GKE by default:
https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/"""
_NAME = "kubernetes.io/metadata.name"


def dns_egress() -> dict[str, Any]:
    """Names are looked up, over UDP and, for long answers, TCP."""
    resolvers = {
        "namespaceSelector": {"matchLabels": {_NAME: "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    node_local = {"ipBlock": {"cidr": NODE_LOCAL_DNS}}
    return {"to": [resolvers, node_local], "ports": [port(53, "UDP"), port(53, "TCP")]}


def clients(namespaces: Iterable[str]) -> list[dict[str, Any]]:
    """The pods of all tenants, and those of the `namespaces`."""
    tenants = {"namespaceSelector": {"matchExpressions": [{"key": TENANT_LABEL, "operator": "Exists"}]}}
    return [tenants, *(namespace(name) for name in namespaces)]


def namespace(name: str) -> dict[str, Any]:
    """All pods of a namespace."""
    return {"namespaceSelector": {"matchLabels": {_NAME: name}}}


def pods(labels: Mapping[str, str]) -> dict[str, Any]:
    """The pods with these labels, in the policy's own namespace."""
    return {"podSelector": {"matchLabels": dict(labels)}}


def coming(peers: Sequence[Mapping[str, Any]], *ports: int) -> dict[str, Any]:
    """They may reach these TCP ports."""
    return {"from": list(peers), "ports": [port(number) for number in ports]}


def leaving(peers: Sequence[Mapping[str, Any]], *ports: int) -> dict[str, Any]:
    """These TCP ports of theirs may be reached."""
    return {"to": list(peers), "ports": [port(number) for number in ports]}


def port(number: int, protocol: str = "TCP") -> dict[str, Any]:
    """One port."""
    return {"port": number, "protocol": protocol}
