"""What is asked for a tenant, in tests."""

from __future__ import annotations

from typing import Any

CAPACITY = {"cpu_millicores": 7910, "memory_mib": 30000, "accelerators": 0}
TAINT = {"key": "workload-type", "value": "cpu", "effect": "NoSchedule"}


def pool(name: str = "cpu", **said: Any) -> dict[str, Any]:
    """A pool of four machines."""
    return {
        "name": name,
        "cloud": "gcp",
        "purchase": "on_demand",
        "machine_types": ["n2-standard-8"],
        "min_nodes": 0,
        "max_nodes": 4,
        "labels": {"penstock/pool": name, "workload-type": name},
        "taints": [{**TAINT, "value": name}],
        "capacity": CAPACITY,
        **said,
    }


def gpu_pool(**said: Any) -> dict[str, Any]:
    """A pool of two machines with two GPUs each."""
    taint = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
    capacity = {**CAPACITY, "accelerators": 2, "accelerator_resource": "nvidia.com/gpu"}
    return pool("gpu", **{"max_nodes": 2, "taints": [taint], "capacity": capacity, **said})


def asked(**said: Any) -> Any:
    """The least that a tenant states, and more."""
    return {
        "pools": [pool()],
        "quota": {"cpu": "8", "memory": "16Gi"},
        "images": {"registries": ["registry.example.com/acme"]},
        **said,
    }


REDIS: dict[str, Any] = {
    "name": "cache",
    "namespace": "data",
    "host": "cache.data.svc.cluster.local",
    "port": 6379,
    "use": "cache",
    "replicas": 6,
    "memory_mib": 6144,
    "image": "example.com/redis:8",
    "admin_secret": "cache-users",
    "tls_secret": "cache-tls",
    "ca_pem": "-----BEGIN CERTIFICATE-----",
    "labels": {"app.kubernetes.io/name": "redis", "app.kubernetes.io/instance": "cache"},
}
QDRANT: dict[str, Any] = {
    "name": "vectors",
    "namespace": "data",
    "host": "vectors.data.svc.cluster.local",
    "port": 6333,
    "grpc_port": 6334,
    "collection": "tenants",
    "vector_size": 384,
    "api_key": "k" * 32,
    "admin_secret": "vectors-admin",
    "tls": False,
    "client_image": "example.com/python:3",
    "scripts": "vectors-admin",
    "replicas": 2,
    "nodes": 3,
    "labels": {"app.kubernetes.io/name": "qdrant", "app.kubernetes.io/instance": "vectors"},
}
POSTGRES: dict[str, Any] = {
    "name": "main",
    "namespace": "data",
    "host": "main-pooler-rw.data.svc.cluster.local",
    "read_host": "main-pooler-ro.data.svc.cluster.local",
    "direct_host": "main-rw.data.svc.cluster.local",
    "port": 5432,
    "database": "app",
    "image": "example.com/postgres:18",
    "admin_secret": "main-admin",
    "ca_secret": "main-ca",
    "labels": {"cnpg.io/cluster": "main", "cnpg.io/podRole": "instance"},
    "pooler_labels": {"cnpg.io/cluster": "main", "cnpg.io/podRole": "pooler"},
}
