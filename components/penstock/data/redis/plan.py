"""The plan of a Redis cluster: pure functions from its specification to Kubernetes objects. Its pods are in pods.py."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from penstock.data import network
from penstock.data.redis.args import RedisUse
from penstock.data.redis.spec import RedisClusterSpec
from penstock.names import MANAGED_BY

PORT = 6379
BUS_PORT = 16379
METRICS_PORT = 9121
SCRAPE_SECONDS = 15
OWN_USERS = ("admin", "replica", "exporter", "probe")
"""The users that have a password of ours; `default` is off."""
ADMINISTRATION = "redis-administration"
"""The name (app.kubernetes.io/name) of pods of Jobs that manage a cluster."""
_FILES = (
    "redis.conf",
    "own-users.acl",
    "lib.sh",
    "start.sh",
    "probe.sh",
    "pre-stop.sh",
    "keeper.sh",
    "form.sh",
    "look.awk",
    "plan.awk",
    "spread.awk",
    "tenant-user.sh",
)


def labels(name: str) -> dict[str, str]:
    """By which its pods are found."""
    return {"app.kubernetes.io/name": "redis", "app.kubernetes.io/instance": name}


def administration_labels(name: str) -> dict[str, str]:
    """Of pods that may manage it."""
    return {"app.kubernetes.io/name": ADMINISTRATION, "app.kubernetes.io/instance": name}


def metadata(name: str, cluster: str, spec: RedisClusterSpec) -> dict[str, Any]:
    """The metadata of its object `name`."""
    return {"name": name, "namespace": spec.namespace, "labels": {**spec.labels, **labels(cluster), **MANAGED_BY}}


def config_files(spec: RedisClusterSpec) -> dict[str, str]:
    """The files of its ConfigMap by their names. `nodes` alone may change without a restart."""
    fixed = {name: fixed_file(name) for name in _FILES}
    return {**fixed, "settings.conf": settings(spec), "nodes": f"{spec.replicas}\n"}


@cache
def fixed_file(name: str) -> str:
    """The text of a script, or of the settings that all clusters have."""
    return (files(__package__) / "data" / name).read_text(encoding="utf-8")


def settings(spec: RedisClusterSpec) -> str:
    """What was asked for, in Redis' own words.

    Where both nodes of a pair are gone a cache goes on with the rest, in which a missing key is a miss. A queue stops:
    work that spans keys would be half done. For the same reason a replica that has missed much takes over in a cache,
    and never in a queue.
    """
    cache = spec.use is RedisUse.CACHE
    said = {
        "maxmemory": f"{spec.maxmemory_mib}mb",
        "maxmemory-policy": spec.chosen_eviction.value,
        "appendfsync": spec.sync.value,
        "cluster-require-full-coverage": "no" if cache else "yes",
        "cluster-replica-validity-factor": "0" if cache else "10",
    }
    return "".join(f"{key} {value}\n" for key, value in said.items())


def config_map(name: str, spec: RedisClusterSpec) -> dict[str, Any]:
    """The scripts and settings."""
    return {"metadata": metadata(config_name(name), name, spec), "data": config_files(spec)}


def config_name(name: str) -> str:
    """The name of the ConfigMap."""
    return f"{name}-config"


def users_name(name: str) -> str:
    """The name of the Secret with the passwords of its own users."""
    return f"{name}-users"


def nodes_name(name: str) -> str:
    """The name of the headless Service, under which each node has a name of its own."""
    return f"{name}-nodes"


def service(name: str, spec: RedisClusterSpec) -> dict[str, Any]:
    """By what name clients find any node that is ready."""
    ports = [{"name": "redis", "port": PORT, "targetPort": "redis", "protocol": "TCP"}]
    return {"metadata": metadata(name, name, spec), "spec": {"selector": labels(name), "ports": ports}}


def nodes_service(name: str, spec: RedisClusterSpec) -> dict[str, Any]:
    """Each node's own name, also while it is not ready: nodes have to find each other to become it."""
    ports = [
        {"name": "redis", "port": PORT, "targetPort": "redis", "protocol": "TCP"},
        {"name": "bus", "port": BUS_PORT, "targetPort": "bus", "protocol": "TCP"},
    ]
    body = {"clusterIP": "None", "publishNotReadyAddresses": True, "selector": labels(name), "ports": ports}
    return {"metadata": metadata(nodes_name(name), name, spec), "spec": body}


def disruption_budget(name: str, spec: RedisClusterSpec) -> dict[str, Any]:
    """Machines are drained one after the other: the next when the node is back in step."""
    body = {
        "maxUnavailable": 1,
        "selector": {"matchLabels": labels(name)},
        "unhealthyPodEvictionPolicy": "IfHealthyBudget",
    }
    return {"metadata": metadata(name, name, spec), "spec": body}


def pod_monitor(name: str, spec: RedisClusterSpec) -> dict[str, Any]:
    """How Prometheus finds its metrics."""
    endpoint = {"port": "metrics", "interval": f"{SCRAPE_SECONDS}s"}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": metadata(name, name, spec),
        "spec": {"selector": {"matchLabels": labels(name)}, "podMetricsEndpoints": [endpoint]},
    }


def network_policies(name: str, spec: RedisClusterSpec) -> dict[str, dict[str, Any]]:
    """Who may reach its nodes, and what they and those who manage them may reach; by the names of the policies."""
    own, managers = network.pods(labels(name)), network.pods(administration_labels(name))
    nodes: dict[str, Any] = {
        "podSelector": {"matchLabels": labels(name)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [
            network.coming([*network.clients(spec.client_namespaces), managers], PORT),
            network.coming([own], PORT, BUS_PORT),
        ],
        "egress": [network.dns_egress(), network.leaving([own], PORT, BUS_PORT)],
    }
    if spec.exporter:
        nodes["ingress"].append(network.coming([network.namespace(spec.monitoring_namespace)], METRICS_PORT))
    administration = {
        "podSelector": {"matchLabels": administration_labels(name)},
        "policyTypes": ["Ingress", "Egress"],
        "egress": [network.dns_egress(), network.leaving([own], PORT)],
    }
    bodies = {name: nodes, f"{name}-administration": administration}
    return {called: {"metadata": metadata(called, name, spec), "spec": body} for called, body in bodies.items()}


def host(name: str, namespace: str) -> str:
    """The name under which any of its nodes is reached."""
    return f"{name}.{namespace}.svc.cluster.local"


def dns_names(name: str, namespace: str) -> list[str]:
    """All names under which clients and nodes reach it."""
    nodes = nodes_name(name)
    return [
        *(f"{name}{rest}" for rest in ("", f".{namespace}", f".{namespace}.svc", f".{namespace}.svc.cluster.local")),
        *(f"*.{nodes}.{namespace}{rest}" for rest in ("", ".svc", ".svc.cluster.local")),
    ]


def users(spec: RedisClusterSpec, passwords: Mapping[tuple[str, int], Any]) -> dict[str, Any]:
    """The keys of the Secret: for each own user the password of this rotation, and of the one before if there is."""
    found = {f"{user}-password": passwords[user, spec.rotation] for user in OWN_USERS}
    if spec.rotation > 1:
        found |= {f"{user}-previous-password": passwords[user, spec.rotation - 1] for user in OWN_USERS}
    return found


def rotations(spec: RedisClusterSpec) -> list[int]:
    """The rotations whose passwords are valid."""
    return [n for n in (spec.rotation - 1, spec.rotation) if n > 0]
