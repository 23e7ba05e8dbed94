"""Who reaches a Postgres cluster, and whom it reaches: NetworkPolicies, as pure functions from its specification.

Ports: cloudnative-pg pkg/management/url/url.go@v1.30.0 (8000 status, 9187 metrics, 9127 metrics of poolers).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from penstock.data.network import NODE_LOCAL_DNS, clients, coming, leaving, namespace, pods, port
from penstock.data.postgres import plan, tenants
from penstock.data.postgres.backup_plan import drill_name
from penstock.data.postgres.spec import PostgresSpec

PGPORT, STATUS_PORT, METRICS_PORT, POOLER_METRICS_PORT, PGPOOL_PORT = plan.PORT, 8000, 9187, 9127, 9999
MONITORING = "monitoring"
_LINK_LOCAL = "169.254.0.0/16"
_IDENTITY = ("169.254.169.254/32", "169.254.169.252/32", "169.254.170.23/32")
"""Where the clouds tell pods who they are: all three; GKE's own server; EKS Pod Identity."""


def policies(name: str, spec: PostgresSpec) -> dict[str, dict[str, Any]]:
    """The policies by the names of their objects. What they do not name is closed, both ways."""
    found = {
        f"{name}-servers": _policy(plan.server_labels(name), _to_servers(name, spec), _from_all(name, spec)),
        f"{name}-poolers": _policy(plan.pooler_labels(name), _to_poolers(spec), _from_all(name, spec)),
        # The operator's own Jobs, which make the first server and copy it for the others.
        f"{name}-joining": _policy({"cnpg.io/cluster": name}, [], _from_all(name, spec), jobs=True),
        f"{name}-jobs": _policy({**tenants.JOB, **plan.labels(name)}, [], _from_jobs(name, spec)),
    }
    if spec.recovery_drill:
        drill = drill_name(name)
        arriving = [coming([_operator(spec)], PGPORT, STATUS_PORT), coming([pods(tenants.JOB)], PGPORT)]
        found[drill] = _policy({"cnpg.io/cluster": drill}, arriving, _from_all(drill, spec))
    if spec.pgpool:
        arriving = [coming(clients(spec.client_namespaces), PGPOOL_PORT)]
        found[f"{name}-pgpool"] = _policy(pgpool_labels(name), arriving, _from_pgpool(name))
    return {key: {"metadata": plan.metadata(key, name, spec), "spec": body} for key, body in found.items()}


def pgpool_labels(name: str) -> dict[str, str]:
    """The labels of Pgpool's pods."""
    return {"app.kubernetes.io/name": "pgpool", "app.kubernetes.io/instance": name}


def _to_servers(name: str, spec: PostgresSpec) -> list[dict[str, Any]]:
    past_poolers = [namespace(space) for space in spec.direct_namespaces]
    past_poolers += [pods({**tenants.JOB, "app.kubernetes.io/instance": name})]
    past_poolers += [pods(pgpool_labels(name))] if spec.pgpool else []
    return [
        coming([pods({"cnpg.io/cluster": name})], PGPORT, STATUS_PORT),
        coming([_operator(spec)], PGPORT, STATUS_PORT),
        coming(past_poolers, PGPORT),
        coming([namespace(MONITORING)], METRICS_PORT),
    ]


def _to_poolers(spec: PostgresSpec) -> list[dict[str, Any]]:
    return [coming(clients(spec.client_namespaces), PGPORT), coming([namespace(MONITORING)], POOLER_METRICS_PORT)]


def _from_all(name: str, spec: PostgresSpec) -> list[dict[str, Any]]:
    """Whom servers and poolers reach: names, each other, the API server, the object store."""
    outside: dict[str, Any] = {"ipBlock": {"cidr": "0.0.0.0/0", "except": [_LINK_LOCAL]}}
    ports = {443, 6443, *_endpoint_ports(spec)}
    allowed = [*_names(), leaving([pods({"cnpg.io/cluster": name})], PGPORT, STATUS_PORT)]
    allowed.append(leaving([outside], *sorted(ports)))
    if spec.backups and not spec.backups.keys:
        allowed.append(leaving([{"ipBlock": {"cidr": cidr}} for cidr in _IDENTITY], 80, 988))
    return allowed


def _from_jobs(name: str, spec: PostgresSpec) -> list[dict[str, Any]]:
    servers = [pods(plan.server_labels(name))]
    allowed = _names()
    if spec.recovery_drill:
        servers.append(pods({"cnpg.io/cluster": drill_name(name)}))
        allowed.append(leaving([{"ipBlock": {"cidr": "0.0.0.0/0", "except": [_LINK_LOCAL]}}], 443, 6443))
    return [*allowed, leaving(servers, PGPORT)]


def _from_pgpool(name: str) -> list[dict[str, Any]]:
    return [*_names(), leaving([pods(plan.server_labels(name))], PGPORT)]


def _names() -> list[dict[str, Any]]:
    """DNS, over both protocols, also by the cache on each node."""
    everywhere = [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}]
    cache = {"ipBlock": {"cidr": NODE_LOCAL_DNS}}
    ports = [port(53, protocol) for protocol in ("UDP", "TCP")]
    return [{"to": [*everywhere, cache], "ports": ports}]


def _endpoint_ports(spec: PostgresSpec) -> list[int]:
    if not (spec.backups and spec.backups.endpoint):
        return []
    endpoint = urlsplit(spec.backups.endpoint)
    return [endpoint.port or (443 if endpoint.scheme == "https" else 80)]


def _operator(spec: PostgresSpec) -> dict[str, Any]:
    return {**namespace(spec.operator_namespace), **pods({"app.kubernetes.io/name": "cloudnative-pg"})}


def _policy(
    labels: dict[str, str], ingress: list[dict[str, Any]], egress: list[dict[str, Any]], *, jobs: bool = False
) -> dict[str, Any]:
    selector: dict[str, Any] = {"matchLabels": labels}
    if jobs:
        selector["matchExpressions"] = [{"key": "cnpg.io/jobRole", "operator": "Exists"}]
    return {"podSelector": selector, "policyTypes": ["Ingress", "Egress"], "ingress": ingress, "egress": egress}
