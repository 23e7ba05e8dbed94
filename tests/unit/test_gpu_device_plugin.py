"""`GpuDevicePlugin`: on which nodes it runs, as what, and what it refuses."""

from typing import Any

import kubernetes_validate
import pytest

import penstock
from penstock.autoscaling.gpu_device_plugin import GpuDevicePlugin
from penstock.autoscaling.gpu_plan import daemon_sets
from penstock.autoscaling.gpu_spec import GpuDevicePluginSpec
from penstock.spec import check
from tests.support.mocked import of_type, run

DAEMON_SET = "kubernetes:apps/v1:DaemonSet"
GPU_TAINT = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}


def pool(name: str, **said: Any) -> dict[str, Any]:
    """The ref of a GPU pool on EKS with Amazon Linux."""
    capacity = {
        "cpu_millicores": 7910,
        "memory_mib": 30000,
        "accelerators": 1,
        "accelerator_resource": "nvidia.com/gpu",
    }
    return {
        "name": name,
        "cloud": "aws",
        "purchase": "on_demand",
        "machine_types": ["g6.2xlarge"],
        "min_nodes": 0,
        "max_nodes": 4,
        "labels": {"penstock/pool": name},
        "taints": [GPU_TAINT],
        "capacity": capacity,
        "image": "al2023",
        "gpu_driver": "default",
        **said,
    }


WITHOUT_GPUS = {"capacity": {"cpu_millicores": 3920, "memory_mib": 14000, "accelerators": 0}, "taints": []}
NEURON = {
    "capacity": {
        "cpu_millicores": 3920,
        "memory_mib": 14000,
        "accelerators": 1,
        "accelerator_resource": "aws.amazon.com/neuron",
    }
}
CUT = {"capacity": {"accelerators": 7, "accelerator_resource": "nvidia.com/gpu", "accelerator_partition": "1g.10gb"}}
REF = {"cloud": "aws", "name": "llm", "location": "us-east-1", "zones": ["us-east-1a"]}


def daemons(*pools: dict[str, Any], **asked: Any) -> dict[str, dict[str, Any]]:
    spec = check(GpuDevicePluginSpec, {"cloud": pools[0]["cloud"], "pools": list(pools), **asked})
    return daemon_sets(spec, "nvcr.io/nvidia/k8s-device-plugin:v0")


def pod(*pools: dict[str, Any], end: str = "", **asked: Any) -> dict[str, Any]:
    found: dict[str, Any] = daemons(*pools, **asked)[end]["spec"]["template"]["spec"]
    return found


def hosts(spec: dict[str, Any]) -> list[str]:
    terms = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    ((expression,),) = (term["matchExpressions"] for term in terms)
    assert (expression["key"], expression["operator"]) == ("penstock/pool", "In")
    values: list[str] = expression["values"]
    return values


@pytest.mark.parametrize("version", ["1.32", "1.34", "1.36"])
def test_its_object_is_what_kubernetes_takes(version: str) -> None:
    made = daemons(pool("l4"), pool("cut", **CUT), runtime_class="nvidia")
    assert {each["metadata"]["name"] for each in made.values()} == {"nvidia-device-plugin", "nvidia-device-plugin-mig"}
    for each in made.values():
        kubernetes_validate.validate(each, version, strict=True)


def test_it_runs_only_where_nothing_else_tells_of_the_gpus() -> None:
    pools = [
        pool("l4"),
        pool("bottlerocket", image="bottlerocket"),
        pool("operator", gpu_driver="disabled"),
        pool("neuron", **NEURON),
        pool("web", **WITHOUT_GPUS),
        pool("a100"),
    ]
    assert hosts(pod(*pools)) == ["a100", "l4"]


def test_it_tolerates_every_taint_of_its_nodes() -> None:
    spot = {"key": "kubernetes.azure.com/scalesetpriority", "value": "spot", "effect": "NoSchedule"}
    own = {"key": "dedicated", "value": "tenant", "effect": "NoExecute"}
    azure = {"cloud": "azure", "image": "ubuntu"}
    tolerations = pod(pool("a", taints=[GPU_TAINT, spot], **azure), pool("b", taints=[spot, own], **azure))[
        "tolerations"
    ]
    assert tolerations == [
        {"key": "nvidia.com/gpu", "operator": "Exists"},
        {"key": "dedicated", "operator": "Equal", "value": "tenant", "effect": "NoExecute"},
        {"key": "kubernetes.azure.com/scalesetpriority", "operator": "Equal", "value": "spot", "effect": "NoSchedule"},
    ]


def test_it_has_no_privilege_but_the_folder_of_sockets() -> None:
    spec = pod(pool("l4"))
    (container,) = spec["containers"]
    assert container["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    assert spec["automountServiceAccountToken"] is False
    (volume,) = spec["volumes"]
    assert volume["hostPath"] == {"path": "/var/lib/kubelet/device-plugins", "type": "Directory"}
    assert spec["priorityClassName"] == "system-node-critical"
    assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()


def test_only_where_gpus_are_cut_up_it_counts_partitions_and_has_the_privilege_for_it() -> None:
    pools = (pool("l4"), pool("cut", **CUT))
    assert (hosts(pod(*pools)), hosts(pod(*pools, end="-mig"))) == (["l4"], ["cut"])
    (whole,), (cut,) = pod(*pools)["containers"], pod(*pools, end="-mig")["containers"]
    assert {"name": "MIG_STRATEGY", "value": "single"} in cut["env"]
    assert cut["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": ["SYS_ADMIN"]}
    assert not [each for each in whole["env"] if "MIG" in each["name"]]
    assert list(daemons(pool("l4"))) == [""]
    assert list(daemons(pool("cut", **CUT))) == ["-mig"]


def test_a_runtime_class_is_used_only_where_one_is_named() -> None:
    assert "runtimeClassName" not in pod(pool("l4"))
    assert pod(pool("l4", cloud="existing"), runtime_class="nvidia")["runtimeClassName"] == "nvidia"


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize(
    ("cluster", "asked", "start"),
    [
        ({}, {}, "nvcr.io/nvidia/k8s-device-plugin:v"),
        ({"registry": "mirror.example.com", "isolated": True}, {}, "mirror.example.com/nvidia/k8s-device-plugin:v"),
        ({"registry": "theirs.example.com"}, {"registry": "mine.example.com"}, "mine.example.com/nvidia/"),
    ],
)
def test_it_is_registered_with_the_image_of_the_mirror_where_there_is_one(
    preview: bool, cluster: dict[str, Any], asked: dict[str, Any], start: str
) -> None:
    args: Any = {"cluster": {**REF, **cluster}, "cloud": "aws", "pools": [pool("l4")], **asked}
    registered = run(lambda: GpuDevicePlugin("gpus", args), preview=preview)
    made = of_type(registered, DAEMON_SET)["gpus-daemons"]
    assert made["spec"]["template"]["spec"]["containers"][0]["image"].startswith(start)


@pytest.mark.parametrize(
    ("args", "path", "words"),
    [
        ({"cloud": "gcp", "pools": [pool("l4", cloud="gcp")]}, "cloud", "GKE runs its own"),
        ({"cloud": "moon"}, "cloud", "Write one of"),
        ({"pools": []}, "pools", "at least 1"),
        ({"pools": [pool("web", **WITHOUT_GPUS)]}, "pools", "Drop GpuDevicePlugin"),
        ({"pools": [pool("l4", image="bottlerocket")]}, "pools", "Bottlerocket brings its own"),
        ({"pools": [pool("l4"), pool("l4")]}, "pools", "more than once"),
        ({"pools": [pool("l4", cloud="azure")]}, "pools[0]", "is a pool in azure"),
        ({"cluster": None}, "cluster", "ref of a Cluster"),
        ({"cluster": {**REF, "isolated": True}}, "registry", "no way out"),
    ],
)
def test_it_says_what_to_write_instead(args: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(penstock.InvalidInputs) as refused:
        run(lambda: GpuDevicePlugin("gpus", {"cluster": REF, "cloud": "aws", "pools": [pool("l4")], **args}))
    assert words in {problem.path: problem.reason for problem in refused.value.problems}[path]
