"""What is done in the cluster by Jobs: pure functions to Kubernetes objects. Each may run again and again."""

from collections.abc import Mapping, Sequence
from typing import Any

from penstock.data.qdrant.pods import (
    ADMIN_NAME,
    admin_environment,
    admin_labels,
    admin_map,
    container_security,
    keys_secret,
    pod_security,
    secret_variable,
)
from penstock.names import MANAGED_BY, short_hash

_LONGEST = 63
"""A Job's name is a label of its pods."""
_BACKOFF = 6
_DEADLINE_SECONDS = 540
_REPAIR = "*/10 * * * *"
_RESOURCES = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}}


def collections_job(
    called: str, cluster: str, *, namespace: Any, wanted: str, digest: str, pod: Mapping[str, Any]
) -> dict[str, Any]:
    """Makes the collections of the ConfigMap `wanted`. `digest` tells all that it runs: another one is another Job."""
    files = {"name": "wanted", "configMap": {"name": wanted}}
    mount = {"name": "wanted", "mountPath": "/wanted", "readOnly": True}
    at = [{"name": "WANTED", "value": "/wanted/collections.json"}]
    template = _template(cluster, "ensure", pod, variables=at, volumes=[files], mounts=[mount])
    return {
        "metadata": _metadata(fitted(f"{called}-{digest}"), cluster, namespace),
        "spec": {"backoffLimit": _BACKOFF, "template": template},
    }


def repair(cluster: str, *, namespace: Any, pod: Mapping[str, Any]) -> dict[str, Any]:
    """Gives shards back the replicas that they have lost with a node: Qdrant does not do so by itself."""
    return {
        "metadata": _metadata(f"{cluster}-repair", cluster, namespace),
        "spec": {
            "schedule": _REPAIR,
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": 300,
            "successfulJobsHistoryLimit": 1,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {"spec": {"backoffLimit": 0, "template": _template(cluster, "repair", pod)}},
        },
    }


def pod(
    cluster: str, *, image: Any, url: Any, tls_secret: Any, placed: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What pods of all Jobs of a cluster have in common. `tls_secret` is None without TLS, `placed` where they run."""
    trusted = {"secretName": tls_secret, "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    return {
        "image": image,
        "url": url,
        "authority": {"name": "authority", "secret": trusted} if tls_secret is not None else None,
        "placed": dict(placed or {}),
        "program": {"name": ADMIN_NAME, "configMap": {"name": admin_map(cluster)}},
    }


def _template(
    cluster: str,
    command: str,
    pod: Mapping[str, Any],
    *,
    variables: Sequence[Mapping[str, Any]] = (),
    volumes: Sequence[Mapping[str, Any]] = (),
    mounts: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    authority = pod["authority"]
    container = {
        "name": ADMIN_NAME,
        "image": pod["image"],
        "command": ["python", "-m", ADMIN_NAME, command],
        "env": [
            {"name": "QDRANT_URL", "value": pod["url"]},
            secret_variable("QDRANT_API_KEY", keys_secret(cluster), "api-key"),
            {"name": "DEADLINE_SECONDS", "value": str(_DEADLINE_SECONDS)},
            *admin_environment(authority is not None),
            *variables,
        ],
        "resources": _RESOURCES,
        "securityContext": container_security(),
        "volumeMounts": [
            {"name": ADMIN_NAME, "mountPath": f"/program/{ADMIN_NAME}", "readOnly": True},
            *([{"name": "authority", "mountPath": "/tls", "readOnly": True}] if authority else []),
            *mounts,
        ],
    }
    return {
        "metadata": {"labels": {**admin_labels(cluster), **MANAGED_BY}},
        "spec": {
            **pod["placed"],
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": pod_security(),
            "containers": [container],
            "volumes": [pod["program"], *([authority] if authority else []), *volumes],
        },
    }


def fitted(called: str, longest: int = _LONGEST) -> str:
    """The name of an object, cut and told apart where it is too long for a Job's."""
    return called if len(called) <= longest else f"{called[: longest - 9]}-{short_hash(called, 8)}"


def _metadata(called: str, cluster: str, namespace: Any) -> dict[str, Any]:
    return {"name": called, "namespace": namespace, "labels": {**admin_labels(cluster), **MANAGED_BY}}
