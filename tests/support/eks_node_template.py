"""The node that the cluster autoscaler expects of an empty EKS node group, and the node that EKS will really make.

The first is built from the *registered* resources and not from our plan, by the autoscaler's own rules: labels, taints
and resources from the tags of the Auto Scaling group, the rest from its first machine type (kubernetes/autoscaler
cluster-autoscaler/cloudprovider/aws/{aws_manager,auto_scaling_groups}.go@55c37cd). The second by those of the kubelet
(awslabs/amazon-eks-ami nodeadm/internal/kubelet/config.go@81fec2e). Whether a pod fits is asked of
`tests.support.node_template`.
"""

import re
from collections.abc import Iterable

from penstock.nodes.eks.tables import pods
from penstock_cost import MachineType, machine
from tests.support.mocked import Registered, of_type
from tests.support.node_template import NodeTemplate

GROUP = "aws:eks/nodeGroup:NodeGroup"
TAG = "aws:autoscaling/tag:Tag"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
_PREFIX = "k8s.io/cluster-autoscaler/node-template/"
_EFFECTS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}
_UNITS = {"Gi": 1024, "Mi": 1, "m": 1}


def expected_node(registered: list[Registered], pool: str) -> NodeTemplate:
    """What the autoscaler makes up for the empty group of the pool called `pool`."""
    group = of_type(registered, GROUP)[pool]
    tags = tags_of(registered, pool)
    shape = machine("aws", first_machine(registered, pool))
    labels = {
        "kubernetes.io/arch": "arm64" if shape.architecture == "arm64" else "amd64",
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": shape.name,
        "eks.amazonaws.com/nodegroup": group.get("nodeGroupName", ""),
        **_read(tags, "label/"),
    }
    taints = set()
    for key, value in _read(tags, "taint/").items():
        text, _, effect = value.partition(":")
        if effect in _EFFECTS.values():
            taints.add((key, text, effect))
    # It takes the whole machine for allocatable, where no tag says otherwise.
    nvidia = shape.accelerator is not None and shape.accelerator.resource == "nvidia.com/gpu"
    allocatable: dict[str, float] = {
        "cpu": shape.vcpu * 1000,
        "memory": shape.memory_gib * 1024,
        "nvidia.com/gpu": shape.accelerator.count if shape.accelerator and nvidia else 0,
    }
    allocatable |= {name: _amount(value) for name, value in _read(tags, "resources/").items()}
    return NodeTemplate(labels, taints, allocatable)


def real_node(registered: list[Registered], pool: str, kind: MachineType) -> NodeTemplate:
    """What EKS makes when the group is given a machine of this kind."""
    group = of_type(registered, GROUP)[pool]
    (template,) = (t for t in of_type(registered, TEMPLATE).items() if t[0] == f"{pool}-template")
    labels = {**group.get("labels", {}), "eks.amazonaws.com/capacityType": group.get("capacityType", "ON_DEMAND")}
    taints = {(t["key"], t.get("value", ""), _EFFECTS[t["effect"]]) for t in group.get("taints", [])}
    most_pods = max(110 if kind.vcpu < 30 else 250, pods(kind.name, kind.vcpu))
    allocatable: dict[str, float] = {
        "cpu": kind.vcpu * 1000 - _kept_cpu(kind.vcpu),
        # A kernel sees a little less than the machine has: 3 to 6 % less, the more so the smaller it is.
        "memory": kind.memory_gib * 1024 * 0.94 - 255 - 11 * most_pods - 100,
    }
    disk = template[1]["blockDeviceMappings"][-1]["ebs"]["volumeSize"]
    allocatable["ephemeral-storage"] = (disk * 0.985 * 0.9 - 1) * 1024
    if kind.accelerator:
        allocatable[kind.accelerator.resource] = kind.accelerator.count
    adapters = [i for i in template[1].get("networkInterfaces", []) if i["interfaceType"].startswith("efa")]
    allocatable["vpc.amazonaws.com/efa"] = len(adapters)
    return NodeTemplate(labels, taints, allocatable)


def first_machine(registered: list[Registered], pool: str) -> str:
    """The machine type that the autoscaler goes by: of the template, or the first of the group's."""
    template = of_type(registered, TEMPLATE)[f"{pool}-template"]
    group = of_type(registered, GROUP)[pool]
    name: str = template.get("instanceType") or group["instanceTypes"][0]
    return name


def tags_of(registered: list[Registered], pool: str) -> dict[str, str]:
    """The tags that the pool puts on its Auto Scaling group."""
    ours = (inputs for name, inputs in of_type(registered, TAG).items() if _belongs(name, pool))
    return {tag["tag"]["key"]: tag["tag"]["value"] for tag in ours}


def groups(registered: Iterable[Registered]) -> list[str]:
    """The names of the pools that have a node group."""
    return [r.name for r in registered if r.type == GROUP]


def _belongs(tag: str, pool: str) -> bool:
    return re.match(rf"{re.escape(pool)}-(label|taint|resources)/", tag) is not None


def _read(tags: dict[str, str], kind: str) -> dict[str, str]:
    start = f"{_PREFIX}{kind}"
    return {key.removeprefix(start): value for key, value in tags.items() if key.startswith(start)}


def _amount(quantity: str) -> float:
    """A quantity in the unit in which templates count: millicores, MiB, or pieces."""
    found = re.fullmatch(r"(\d+)(Gi|Mi|m)?", quantity)
    assert found, quantity
    return int(found.group(1)) * _UNITS.get(found.group(2) or "", 1)


def _kept_cpu(cores: float) -> float:
    slices = ((0, 1, 60), (1, 2, 10), (2, 4, 5), (4, float("inf"), 2.5))
    return sum(millicores * max(0.0, min(cores, top) - low) for low, top, millicores in slices)
