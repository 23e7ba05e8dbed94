"""The files that run in the Kubernetes cluster, and what Qdrant is told: texts for ConfigMaps, and their digests."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from penstock.data.qdrant.spec import TENANT_FIELD, CollectionSpec, QdrantSpec
from penstock.names import short_hash

HTTP, GRPC, PEER, METRICS = 6333, 6334, 6335, 6336
"""Its ports: REST, gRPC, between nodes, and metrics without a key, for Prometheus alone."""
_LINKS = 16
"""How many neighbours a point has in the graph of its tenant: what Qdrant takes for the whole collection by itself."""
_DIGITS = 8
ADMIN = ("__init__.py", "__main__.py", "api.py", "collections.py", "join.py", "shards.py")


@cache
def admin() -> dict[str, str]:
    """The program of the administrator, by file."""
    folder = files("penstock.data.qdrant") / "admin"
    return {name: (folder / name).read_text(encoding="utf-8") for name in ADMIN}


def server(spec: QdrantSpec) -> dict[str, str]:
    """What a node starts with, by file."""
    start = (files("penstock.data.qdrant") / "data" / "start.sh").read_text(encoding="utf-8")
    return {"start.sh": start, "production.yaml": _text(configuration(spec))}


def configuration(spec: QdrantSpec) -> dict[str, Any]:
    """Qdrant's configuration, less its keys. See
    https://github.com/qdrant/qdrant/blob/v1.19.0/config/config.yaml and src/settings.rs there."""
    told: dict[str, Any] = {
        "log_level": "INFO",
        "telemetry_disabled": True,
        "storage": {
            "storage_path": "/qdrant/storage",
            "snapshots_path": "/qdrant/snapshots",
            # What somebody makes without saying more survives the loss of a node, too.
            "collection": {"replication_factor": spec.collection.replicas},
        },
        "service": {
            "host": "0.0.0.0",
            "http_port": HTTP,
            "grpc_port": GRPC,
            "metrics_port": METRICS,
            "jwt_rbac": True,
            "enable_tls": spec.tls,
            "enable_cors": False,
            "enable_static_content": False,
            # Whoever may recover a snapshot could have a node fetch any address that it reaches.
            "enable_snapshot_url_recovery": False,
        },
        "cluster": {"enabled": True, "p2p": {"port": PEER, "enable_tls": spec.tls}},
    }
    if spec.tls:
        told["tls"] = {"cert": "/tls/tls.crt", "key": "/tls/tls.key", "ca_cert": "/tls/ca.crt", "cert_ttl": 3600}
    return told


def wanted(spec: QdrantSpec) -> dict[str, Any]:
    """The collections that there have to be, as the administrator's program reads it."""
    shared = _partitioned(spec.collection.name, spec.collection.vector_size, spec.collection.distance.value, spec)
    # Answers of one tenant are no answers for another: the cache is partitioned like all the rest.
    cache_ = _partitioned(spec.cache.name, spec.cache.vector_size, "Cosine", spec)
    return {"nodes": spec.nodes, "collections": [shared, cache_]}


def wanted_alone(
    name: str, nodes: int, *, size: int, distance: str, shards: int, replicas: int, write_consistency: int
) -> dict[str, Any]:
    """The same of a collection that is one tenant's own."""
    body = _body(size, distance, shards, replicas, write_consistency)
    return {"nodes": nodes, "collections": [{"name": name, "body": body, "indexes": []}]}


def digest(*texts: dict[str, Any]) -> str:
    """Another one for each content."""
    return short_hash("".join(_text(text) for text in texts), _DIGITS)


def settings(host: str, spec: QdrantSpec) -> dict[str, str]:
    """What clients have to know, as environment variables."""
    return {
        "QDRANT_URL": f"{'https' if spec.tls else 'http'}://{host}:{HTTP}",
        "QDRANT_HOST": host,
        "QDRANT_PORT": str(HTTP),
        "QDRANT_GRPC_PORT": str(GRPC),
        "QDRANT_TLS": str(spec.tls).lower(),
        "QDRANT_COLLECTION": spec.collection.name,
        "QDRANT_TENANT_FIELD": TENANT_FIELD,
        "QDRANT_VECTOR_SIZE": str(spec.collection.vector_size),
        "QDRANT_DISTANCE": spec.collection.distance.value,
        "QDRANT_CACHE_COLLECTION": spec.cache.name,
        "QDRANT_CACHE_VECTOR_SIZE": str(spec.cache.vector_size),
        "QDRANT_CACHE_SCORE_THRESHOLD": f"{spec.cache.threshold:g}",
    }


def _partitioned(name: str, size: int, distance: str, spec: QdrantSpec) -> dict[str, Any]:
    """A collection with a partition for each tenant, as
    https://qdrant.tech/documentation/guides/multitenancy/ has it: no graph over all points, one for each tenant."""
    said: CollectionSpec = spec.collection
    body = _body(size, distance, said.shards, said.replicas, said.write_consistency)
    field = {"field_name": TENANT_FIELD, "field_schema": {"type": "keyword", "is_tenant": True}}
    return {"name": name, "body": {**body, "hnsw_config": {"m": 0, "payload_m": _LINKS}}, "indexes": [field]}


def _body(size: int, distance: str, shards: int, replicas: int, write_consistency: int) -> dict[str, Any]:
    return {
        "vectors": {"size": size, "distance": distance},
        "shard_number": shards,
        "replication_factor": replicas,
        "write_consistency_factor": write_consistency,
    }


def _text(content: dict[str, Any]) -> str:
    """JSON, which is YAML, too."""
    return json.dumps(content, indent=2, sort_keys=True) + "\n"
