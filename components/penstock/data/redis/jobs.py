"""The Jobs of a Redis cluster: pure functions."""

from typing import Any

from penstock.data.placement import on_pools
from penstock.data.redis import plan, pods
from penstock.data.redis.spec import RedisClusterSpec
from penstock.names import short_hash

_FORM_SECONDS = 900


def form_job(name: str, spec: RedisClusterSpec, tls_secret: Any) -> dict[str, Any]:
    """The Job that forms the cluster, and ends when each node is as it was asked for."""
    variables = [
        *pods.environment(name),
        {"name": "REVISION", "value": pods.revision(spec)},
        {"name": "FORM_SECONDS", "value": str(_FORM_SECONDS)},
    ]
    digest = short_hash(f"{pods.revision(spec)} {spec.replicas} {spec.volume_gib}", 8)
    mounted = pods.volumes(name, tls_secret)
    body = administration_job(name, spec.image, ["form.sh", "form"], variables, mounted, on_pools(spec.pools))
    return {"metadata": plan.metadata(f"{name}-form-{digest}", name, spec), "spec": body}


def administration_job(
    name: str,
    image: Any,
    script: list[str],
    variables: list[dict[str, Any]],
    mounted: list[dict[str, Any]],
    placed: dict[str, Any],
) -> dict[str, Any]:
    """The spec of a Job that runs one of the scripts."""
    container = {
        "name": "redis-cli",
        "image": image,
        "command": ["sh", f"/config/{script[0]}", *script[1:]],
        "env": variables,
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
        "volumeMounts": pods.READ,
        "securityContext": pods.LOCKED,
    }
    pod = {
        **placed,
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": pods.POD_SECURITY,
        "containers": [container],
        "volumes": mounted,
    }
    return {
        "backoffLimit": 6,
        "template": {"metadata": {"labels": plan.administration_labels(name)}, "spec": pod},
    }
