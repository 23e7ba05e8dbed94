"""From the node pools that exist in the pretend cloud to the fake nodes of the cluster. Pure: nothing is asked or made.

What a node will be is read from the *registered* pool, as its cloud has it, and not from our plans: a pool that
somebody adds by hand counts too. Labels that the cloud itself puts on nodes are those of its documentation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from penstock.nodes.aks import capacity as aks_capacity
from penstock.nodes.eks import capacity as eks_capacity
from penstock.nodes.eks.capacity import allocatable_disk_gib
from penstock.nodes.gke import capacity as gke_capacity
from penstock.nodes.gke.gpus import partitions
from penstock_cost import MachineType, UnknownMachineType, machine
from sandbox.cloud.aws.nodes import NODE_GROUP, GroupSize
from sandbox.cloud.azure.nodes import AGENT_POOL, bounds
from sandbox.cloud.gcp.nodes import NODE_POOL, PoolSize
from sandbox.cloud.store import CloudResource
from sandbox.cluster.nodes import FakeNode, Taint
from sandbox.errors import SandboxError

_LONGEST_NAME: Final = 253
_GKE_MACHINE: Final = "e2-medium"
"""The machine that GKE takes where a pool names none."""
_EFFECTS: Final = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}
_AKS_TAINT: Final = re.compile(r"([^=:]+)(?:=([^:]*))?:(NoSchedule|NoExecute|PreferNoSchedule)")
Properties = Mapping[str, Any]


@dataclass(frozen=True)
class NodePool:
    """A pool as a scheduler and an autoscaler see it. `least` and `most` are nodes over all zones, as `size` is.

    `most` is None where the pool does not scale. `spot` nodes may be taken away.
    """

    id: str
    cluster: str
    name: str
    node: FakeNode
    region: str
    zones: tuple[str, ...]
    least: int
    size: int
    most: int | None
    spot: bool = False

    def nodes(self, count: int | None = None) -> list[FakeNode]:
        """So many of its nodes, over its zones in turn; unless said, as many as there are from the start."""
        return [self._node(number) for number in range(self.least if count is None else count)]

    def _node(self, number: int) -> FakeNode:
        zone = self.zones[number % len(self.zones)]
        places = {"topology.kubernetes.io/region": self.region, "topology.kubernetes.io/zone": zone}
        name = _name(f"{self.cluster}-{self.name}-{number}")
        return replace(self.node, name=name, labels={**self.node.labels, **places})


def node_pools(resources: Iterable[CloudResource], cluster: str | None = None) -> list[NodePool]:
    """The node pools among these resources, of all clusters or of one, by the cluster's name in its cloud."""
    everything = list(resources)
    found = [READERS[pool.type](pool, everything) for pool in everything if pool.type in READERS]
    return sorted((pool for pool in found if cluster in (None, pool.cluster)), key=lambda pool: pool.id)


def _gke(pool: CloudResource, _everything: list[CloudResource]) -> NodePool:
    outputs, size = pool.outputs, PoolSize.of(pool)
    config = outputs.get("nodeConfig") or {}
    kind = _machine("gcp", config.get("machineType") or _GKE_MACHINE, pool)
    spot = bool(config.get("spot"))
    labels = {
        **config.get("labels", {}),
        **_basics(kind),
        "cloud.google.com/gke-nodepool": outputs["name"],
        "cloud.google.com/gke-provisioning": "spot" if spot else "standard",
        **({"cloud.google.com/gke-spot": "true"} if spot else {}),
    }
    extended = {}
    for gpu in config.get("guestAccelerators") or []:
        slices = partitions(gpu["type"])[gpu["gpuPartitionSize"]] if gpu.get("gpuPartitionSize") else 1
        clients = (gpu.get("gpuSharingConfig") or {}).get("maxSharedClientsPerGpu") or 1
        extended["nvidia.com/gpu"] = int(gpu["count"] * slices * clients)
        labels["cloud.google.com/gke-accelerator"] = gpu["type"]
    taints = _taints(config.get("taints") or [])
    if kind.architecture == "arm64":
        taints += (Taint("kubernetes.io/arch", "arm64"),)
    most_pods = int(outputs.get("maxPodsPerNode") or 110)
    node = _node(kind, gke_capacity, most_pods, int(config.get("diskSizeGb") or 100), extended, labels, taints)
    cluster = outputs["cluster"].rpartition("/")[2]
    region = "-".join(outputs["location"].split("-")[:2])
    zones = tuple(outputs["nodeLocations"])
    least = size.nodes if size.most is None else size.least
    return NodePool(pool.id, cluster, outputs["name"], node, region, zones, least, size.nodes, size.most, spot)


def _eks(pool: CloudResource, everything: list[CloudResource]) -> NodePool:
    outputs, size = pool.outputs, GroupSize.of(pool)
    template = _template(outputs.get("launchTemplate"), everything)
    kind = _machine("aws", template.get("instanceType") or outputs["instanceTypes"][0], pool)
    labels = {
        **outputs.get("labels", {}),
        **_basics(kind),
        "eks.amazonaws.com/nodegroup": outputs["nodeGroupName"],
        "eks.amazonaws.com/capacityType": outputs["capacityType"],
    }
    extended = {kind.accelerator.resource: kind.accelerator.count} if kind.accelerator else {}
    adapters = [it for it in template.get("networkInterfaces") or [] if str(it.get("interfaceType")).startswith("efa")]
    if adapters:
        extended["vpc.amazonaws.com/efa"] = len(adapters)
    disks = [disk["ebs"]["volumeSize"] for disk in template.get("blockDeviceMappings") or [] if disk.get("ebs")]
    disk = int(disks[-1] if disks else outputs.get("diskSize") or 20)
    most_pods = 110 if kind.vcpu < 30 else 250
    node = _node(kind, eks_capacity, most_pods, disk, extended, labels, _taints(outputs.get("taints") or []))
    subnets = {found.id: found.outputs for found in everything if found.type == "aws:ec2/subnet:Subnet"}
    known = {subnets[id_]["availabilityZone"] for id_ in outputs["subnetIds"] if id_ in subnets}
    zones = tuple(sorted(known)) or (f"{outputs['region']}a",)
    name, cluster = outputs["nodeGroupName"], outputs["clusterName"]
    spot = outputs["capacityType"] == "SPOT"
    return NodePool(pool.id, cluster, name, node, outputs["region"], zones, size.least, size.nodes, size.most, spot)


def _aks(pool: CloudResource, everything: list[CloudResource]) -> NodePool:
    outputs = pool.outputs
    kind = _machine("azure", outputs["vmSize"], pool)
    name = pool.id.rpartition("/")[2]
    cluster_id = pool.id.rpartition("/agentPools/")[0]
    cluster = next((found for found in everything if found.id.lower() == cluster_id.lower()), None)
    region = cluster.outputs.get("location", "") if cluster else ""
    labels = {
        **(outputs.get("nodeLabels") or {}),
        **_basics(kind),
        "agentpool": name,
        "kubernetes.azure.com/agentpool": name,
        "kubernetes.azure.com/mode": str(outputs.get("mode", "User")).lower(),
    }
    extended = {}
    if kind.accelerator:
        extended[kind.accelerator.resource] = kind.accelerator.count
        labels["kubernetes.azure.com/accelerator"] = "nvidia"
    matches = (_AKS_TAINT.fullmatch(text) for text in outputs.get("nodeTaints") or [])
    taints = tuple(Taint(match[1], match[2] or "", match[3]) for match in matches if match)
    disk, most_pods = int(outputs.get("osDiskSizeGB") or 128), int(outputs.get("maxPods") or 110)
    node = _node(kind, aks_capacity, most_pods, disk, extended, labels, taints)
    # A pool without zones has its nodes in fault domains, which are numbered from 0.
    zones = tuple(f"{region}-{zone}" for zone in outputs.get("availabilityZones") or []) or ("0",)
    size, scales = int(outputs.get("count") or 0), bool(outputs.get("enableAutoScaling"))
    least, most = bounds(outputs) if scales else (size, None)
    spot = outputs.get("scaleSetPriority") == "Spot"
    return NodePool(pool.id, cluster_id.rpartition("/")[2], name, node, region, zones, least, size, most, spot)


READERS: Final[Mapping[str, Callable[[CloudResource, list[CloudResource]], NodePool]]] = {
    NODE_POOL: _gke,
    NODE_GROUP: _eks,
    AGENT_POOL: _aks,
}
"""How a pool is read, by its type."""


def _node(
    kind: MachineType,
    cloud: Any,
    most_pods: int,
    disk_gib: int,
    extended: Mapping[str, int],
    labels: Mapping[str, str],
    taints: tuple[Taint, ...],
) -> FakeNode:
    """A node without a name. `cloud` tells what of a machine pods may have there."""
    others = {"pods": str(most_pods), **{name: str(count) for name, count in extended.items()}}
    whole = {
        "cpu": f"{kind.vcpu:g}",
        "memory": f"{int(kind.memory_gib * 1024)}Mi",
        "ephemeral-storage": f"{disk_gib}Gi",
    }
    left = {
        "cpu": f"{cloud.allocatable_cpu_millicores(kind)}m",
        "memory": f"{cloud.allocatable_memory_mib(kind)}Mi",
        "ephemeral-storage": f"{allocatable_disk_gib(disk_gib)}Gi",
    }
    return FakeNode("", {**whole, **others}, {**left, **others}, dict(labels), taints)


def _machine(cloud: str, name: str, pool: CloudResource) -> MachineType:
    try:
        return machine(cloud, name)
    except UnknownMachineType as unknown:
        raise SandboxError(f"The nodes of {pool.id} cannot be made. {unknown}") from unknown


def _basics(kind: MachineType) -> dict[str, str]:
    arch = "arm64" if kind.architecture == "arm64" else "amd64"
    return {"kubernetes.io/arch": arch, "node.kubernetes.io/instance-type": kind.name}


def _taints(blocks: Iterable[Properties]) -> tuple[Taint, ...]:
    """GKE's and EKS's taints, which are written alike."""
    return tuple(Taint(block["key"], block.get("value") or "", _EFFECTS[block["effect"]]) for block in blocks)


def _template(asked: Properties | None, everything: Iterable[CloudResource]) -> Properties:
    """What stands in the version of a launch template that a group uses; nothing, where it uses none."""
    if not asked:
        return {}
    found = (it for it in everything if it.type == "aws:ec2/launchTemplate:LaunchTemplate" and it.id == asked["id"])
    versions: dict[str, Properties] = next((it.live["versions"] for it in found), {})
    return versions.get(str(asked["version"]), {})


def _name(wanted: str) -> str:
    """A valid name of a node: lower case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9-]+", "-", wanted.lower())[-_LONGEST_NAME:].strip("-")
