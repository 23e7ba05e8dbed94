"""The plan of the NVIDIA device plugin: pure functions from its specification.

NVIDIA/k8s-device-plugin deployments/static/nvidia-device-plugin.yml and deployments/helm/nvidia-device-plugin/templates
@1b826acc6af3079d8923bac395c3124b8861a9a6.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from penstock.autoscaling.gpu_spec import GpuDevicePluginSpec
from penstock.autoscaling.placement import on_pools, tolerations
from penstock.autoscaling.pools import Pool
from penstock.names import MANAGED_BY
from penstock.nodes.plan import GPU_TAINT_KEY

NAME = "nvidia-device-plugin"
NAMESPACE = "kube-system"

_SOCKETS = "/var/lib/kubelet/device-plugins"

# As the project's own chart has it. `single`: every partition counts as one nvidia.com/gpu, as pools say.
_EVERY_GPU = {"NVIDIA_VISIBLE_DEVICES": "all", "NVIDIA_DRIVER_CAPABILITIES": "compute,utility"}
_PARTITIONS = {"MIG_STRATEGY": "single", "NVIDIA_MIG_MONITOR_DEVICES": "all"}


def daemon_sets(spec: GpuDevicePluginSpec, image: Any) -> dict[str, dict[str, Any]]:
    """What runs it, on the nodes of the pools that lack it only; `image` may be an output.

    By the end of their names: one for whole GPUs, and one for partitions, which needs a privilege more.
    """
    of = {"": [pool for pool in spec.hosts if not pool.cuts_gpus], "-mig": [p for p in spec.hosts if p.cuts_gpus]}
    return {end: _daemon_set(spec, image, pools, end) for end, pools in of.items() if pools}


def _daemon_set(spec: GpuDevicePluginSpec, image: Any, pools: Sequence[Pool], end: str) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": NAME + end, **MANAGED_BY}
    pod: dict[str, Any] = {
        "priorityClassName": "system-node-critical",
        "automountServiceAccountToken": False,
        "affinity": on_pools(pools),
        "tolerations": [{"key": GPU_TAINT_KEY, "operator": "Exists"}, *_other_tolerations(pools)],
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [_container(image, partitions=pools[0].cuts_gpus)],
        "volumes": [{"name": "sockets", "hostPath": {"path": _SOCKETS, "type": "Directory"}}],
    }
    if spec.runtime_class:
        pod["runtimeClassName"] = spec.runtime_class
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": NAME + end, "namespace": NAMESPACE, "labels": labels},
        "spec": {
            "selector": {"matchLabels": {"app.kubernetes.io/name": NAME + end}},
            # Pods keep the GPUs that they have while it restarts.
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def _other_tolerations(pools: Sequence[Pool]) -> list[dict[str, str]]:
    return [toleration for toleration in tolerations(pools) if toleration["key"] != GPU_TAINT_KEY]


def _container(image: Any, *, partitions: bool) -> dict[str, Any]:
    # It runs as root, to whom the kubelet's folder of sockets belongs. Its own file system stays writable, since
    # NVIDIA's runtime links the driver's libraries into it.
    container: dict[str, Any] = {
        "name": NAME,
        "image": image,
        "env": _environment(_EVERY_GPU),
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "sockets", "mountPath": _SOCKETS}],
    }
    if partitions:
        # Nobody else is shown the devices by which partitions are watched.
        container["securityContext"] = {"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}}
        container["env"] = _environment({**_EVERY_GPU, **_PARTITIONS})
    return container


def _environment(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": key, "value": value} for key, value in values.items()]
