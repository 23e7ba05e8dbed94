"""The plan of a GKE node pool: pure functions from its specification to provider inputs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from penstock.nodes.args import CommitmentTerm, GpuDriver, GpuSharingStrategy, NodeImage
from penstock.nodes.gke.capacity import allocatable_cpu_millicores, allocatable_memory_mib
from penstock.nodes.gke.gpus import partitions
from penstock.nodes.gke.spec import GkePoolSpec, disk_type
from penstock.nodes.plan import declared_taints, described, node_labels
from penstock.nodes.spec import AcceleratorSpec, Gpus
from penstock.refs import NodeCapacity, PoolRef, Purchase, Taint, TaintEffect

# A spot node has 30 s; the kubelet leaves half of them to pods that are not the system's.
# https://cloud.google.com/kubernetes-engine/docs/concepts/spot-vms#termination-graceful-shutdown
SPOT_NOTICE_SECONDS = 15

_DISK_GIB, _GPU_DISK_GIB = 100, 200
_RESERVATION_KEY = "compute.googleapis.com/reservation-name"
_CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"

_EFFECTS = {
    TaintEffect.NO_SCHEDULE: "NO_SCHEDULE",
    TaintEffect.PREFER_NO_SCHEDULE: "PREFER_NO_SCHEDULE",
    TaintEffect.NO_EXECUTE: "NO_EXECUTE",
}
_DRIVERS = {
    GpuDriver.DEFAULT: "DEFAULT",
    GpuDriver.LATEST: "LATEST",
    GpuDriver.DISABLED: "INSTALLATION_DISABLED",
}
_SHARING = {GpuSharingStrategy.TIME_SHARING: "TIME_SHARING", GpuSharingStrategy.MPS: "MPS"}
_TERMS = {CommitmentTerm.ONE_YEAR: "TWELVE_MONTH", CommitmentTerm.THREE_YEARS: "THIRTY_SIX_MONTH"}


@dataclass(frozen=True)
class Spread:
    """How a pool starts: the zones it uses, and how many nodes in each."""

    zones: list[str]
    nodes_per_zone: int


def spread(min_nodes: int, max_nodes: int, zones: Sequence[str]) -> Spread:
    """Starts a pool with its minimum, as far as GKE's way of counting allows.

    GKE takes the initial size for each zone, while bounds are totals; and its autoscaler may bring a pool up to its
    minimum only when pods need it. So a pool starts with its minimum divided by the zones, rounded up, or where that
    would exceed the maximum rounded down. A fixed size (2 to 2 over three zones) takes only as many zones as make it
    come out even, unless that were a single zone (5 to 5).
    """
    even = [used for used in range(len(zones), 0, -1) if min_nodes % used == 0]
    if min_nodes == max_nodes and (even[0] > 1 or min_nodes == 1):
        return Spread(list(zones[: even[0]]), min_nodes // even[0])
    rounded_up = math.ceil(min_nodes / len(zones))
    fits = rounded_up * len(zones) <= max_nodes
    return Spread(list(zones), rounded_up if fits else min_nodes // len(zones))


def node_pool_args(name: str, spec: GkePoolSpec) -> dict[str, Any]:
    """Every provider input of the pool that does not depend on another resource or on the cluster."""
    args: dict[str, Any] = {
        "autoscaling": {
            "total_min_node_count": spec.min_nodes,
            "total_max_node_count": spec.max_nodes,
            "location_policy": _location_policy(spec),
        },
        # The size belongs to the autoscaler. Without this every refresh would report it as drift. (The price:
        # the provider then leaves managedInstanceGroupUrls empty.)
        "ignore_node_count_changes": True,
        "management": {"auto_repair": _auto_repair(spec), "auto_upgrade": True},
        "network_config": {"enable_private_nodes": True},
        "node_config": _node_config(name, spec),
    }
    if spec.purchase is not Purchase.FLEX:  # GKE upgrades flex machines by letting them end
        args["upgrade_settings"] = {"strategy": "SURGE", **_surge(spec)}
    if spec.compact:
        args["placement_policy"] = {"type": "COMPACT"}
    return args


def reservation_args(spec: GkePoolSpec) -> dict[str, Any]:
    """Provider inputs of the capacity reservation that the pool makes for itself."""
    assert spec.capacity_reservation is not None
    assert spec.zones is not None
    properties: dict[str, Any] = {"machine_type": spec.machine.name}
    if spec.gpus and spec.gpus.attached:
        properties["guest_accelerators"] = [{"accelerator_type": spec.gpus.type, "accelerator_count": spec.gpus.count}]
    return {
        "zone": spec.zones[0],
        "specific_reservation_required": True,
        "specific_reservation": {
            "count": spec.capacity_reservation.count or spec.max_nodes,
            "instance_properties": properties,
        },
    }


def commitment_args(spec: GkePoolSpec) -> dict[str, Any]:
    """Provider inputs of the commitment that covers the pool: its vCPU, memory and GPUs, for its term."""
    assert spec.commitment is not None
    resources = [
        {"type": "VCPU", "amount": str(math.ceil(spec.machine.vcpu * spec.max_nodes))},
        {"type": "MEMORY", "amount": str(math.ceil(spec.machine.memory_gib * 1024 * spec.max_nodes))},
    ]
    if spec.gpus:
        resources.append(
            {
                "type": "ACCELERATOR",
                "accelerator_type": spec.gpus.type,
                "amount": str(spec.gpus.count * spec.max_nodes),
            }
        )
    return {
        "plan": _TERMS[spec.commitment.term],
        "type": spec.family.commitment_type,
        "auto_renew": False,
        "resources": resources,
    }


def reservation_affinity(name: Any) -> dict[str, Any]:
    """Consumes the reservation called `name`, or none at all: an open one must not be eaten by accident."""
    if name is None:
        return {"consume_reservation_type": "NO_RESERVATION"}
    return {"consume_reservation_type": "SPECIFIC_RESERVATION", "key": _RESERVATION_KEY, "values": [name]}


def adopted_reservation(name: str) -> str:
    """`PROJECT/NAME` -> the path under which a reservation of another project is consumed; a plain name stays."""
    project, slash, reservation = name.partition("/")
    return f"projects/{project}/reservations/{reservation}" if slash else name


def reservation_path(project: str, zone: str, consumed: str) -> str:
    """The full path of a reservation, from the name under which a pool consumes it (see `adopted_reservation`)."""
    owner, _, name = consumed.removeprefix("projects/").rpartition("/reservations/")
    return f"projects/{owner or project}/zones/{zone}/reservations/{name}"


def pool_ref(name: str, spec: GkePoolSpec) -> PoolRef:
    """What workloads need to know of the pool."""
    ref = described(name, spec, labels=node_labels(name, spec), taints=_taints(spec), capacity=_capacity(spec))
    ref["image"] = NodeImage.COS.value
    if spec.gpus:
        ref["gpu_driver"] = (spec.accelerator or AcceleratorSpec()).driver.value
    if spec.purchase is Purchase.SPOT:
        ref["termination_notice_seconds"] = SPOT_NOTICE_SECONDS
    return ref


def _node_config(name: str, spec: GkePoolSpec) -> dict[str, Any]:
    config: dict[str, Any] = {
        "machine_type": spec.machine.name,
        "image_type": "COS_CONTAINERD",
        "disk_type": disk_type(spec),
        "disk_size_gb": spec.disk.size_gib or (_GPU_DISK_GIB if spec.gpus else _DISK_GIB),
        "labels": node_labels(name, spec),
        "taints": [
            {
                "key": taint["key"],
                "value": taint.get("value", ""),
                "effect": _EFFECTS[TaintEffect(taint["effect"])],
            }
            for taint in declared_taints(spec)
        ],
        "oauth_scopes": [_CLOUD_PLATFORM],
        "resource_labels": {"penstock-pool": name},  # by which the cloud's bill tells pools apart
        "metadata": {"disable-legacy-endpoints": "true"},
        "shielded_instance_config": {"enable_secure_boot": True, "enable_integrity_monitoring": True},
        "workload_metadata_config": {"mode": "GKE_METADATA"},
        "gcfs_config": {"enabled": True},
        "gvnic": {"enabled": True},
        "spot": spec.purchase is Purchase.SPOT,
    }
    if spec.gpus:
        config["guest_accelerators"] = [_guest_accelerator(spec.gpus, spec.accelerator or AcceleratorSpec())]
    if spec.purchase is Purchase.FLEX and spec.max_run_hours:
        config["flex_start"] = True
        config["max_run_duration"] = f"{spec.max_run_hours * 3600}s"
    return config


def _guest_accelerator(gpus: Gpus, asked: AcceleratorSpec) -> dict[str, Any]:
    accelerator: dict[str, Any] = {
        "type": gpus.type,
        "count": gpus.count,
        "gpu_driver_installation_config": {"gpu_driver_version": _DRIVERS[asked.driver]},
    }
    if asked.partition:
        accelerator["gpu_partition_size"] = asked.partition
    if asked.sharing:
        accelerator["gpu_sharing_config"] = {
            "gpu_sharing_strategy": _SHARING[asked.sharing.strategy],
            "max_shared_clients_per_gpu": asked.sharing.max_clients,
        }
    return accelerator


def _taints(spec: GkePoolSpec) -> list[Taint]:
    taints = declared_taints(spec)
    if spec.machine.architecture == "arm64":
        # GKE puts it on Arm nodes by itself.
        # https://cloud.google.com/kubernetes-engine/docs/how-to/prepare-arm-workloads-for-deployment
        taints.append(Taint(key="kubernetes.io/arch", value="arm64", effect=TaintEffect.NO_SCHEDULE))
    return taints


def _capacity(spec: GkePoolSpec) -> NodeCapacity:
    capacity = NodeCapacity(
        cpu_millicores=allocatable_cpu_millicores(spec.machine),
        memory_mib=allocatable_memory_mib(spec.machine),
        accelerators=0,
    )
    if spec.gpus:
        asked = spec.accelerator or AcceleratorSpec()
        slices = partitions(spec.gpus.type)[asked.partition] if asked.partition else 1
        clients = asked.sharing.max_clients if asked.sharing else 1
        capacity["accelerators"] = spec.gpus.count * slices * clients
        capacity["accelerator_resource"] = spec.gpus.resource
        capacity["accelerator_type"] = spec.gpus.type
        if asked.sharing:
            capacity["accelerator_shared"] = True
        if asked.partition:
            capacity["accelerator_partition"] = asked.partition
    return capacity


def _location_policy(spec: GkePoolSpec) -> str:
    """ANY takes a machine wherever there is one; BALANCED spreads over zones, for pools that must outlive one."""
    scarce = spec.gpus or spec.capacity_reservation or spec.purchase in (Purchase.SPOT, Purchase.FLEX)
    return "ANY" if scarce else "BALANCED"


def _auto_repair(spec: GkePoolSpec) -> bool:
    return spec.auto_repair if spec.auto_repair is not None else spec.purchase is not Purchase.FLEX


def _surge(spec: GkePoolSpec) -> dict[str, int]:
    if spec.surge:
        return {"max_surge": spec.surge.max_surge, "max_unavailable": spec.surge.max_unavailable}
    none_to_add = bool(spec.gpus or spec.capacity_reservation) or spec.purchase is Purchase.RESERVED
    return {"max_surge": 0, "max_unavailable": 1} if none_to_add else {"max_surge": 1, "max_unavailable": 0}
