"""The plan of an AKS node pool: pure functions from its specification to provider inputs."""

import json
import re
from collections.abc import Mapping
from typing import Any

from penstock.names import short_hash
from penstock.nodes.aks.capacity import MAX_PODS, allocatable_cpu_millicores, allocatable_memory_mib
from penstock.nodes.aks.machines import local_disk_gib, partitions
from penstock.nodes.aks.spec import AZURE_DOMAIN, AksPoolSpec
from penstock.nodes.args import DiskType, GpuDriver, NodeImage
from penstock.nodes.plan import declared_taints, described, node_labels
from penstock.nodes.spec import AcceleratorSpec
from penstock.refs import NodeCapacity, PoolRef, Purchase, Taint, TaintEffect

# https://learn.microsoft.com/azure/virtual-machines/spot-vms: eviction is announced at least this long before
SPOT_NOTICE_SECONDS = 30
SPOT_KEY = f"{AZURE_DOMAIN}/scalesetpriority"

_LONGEST_NAME, _LETTERS = 12, 6
_DISK_GIB, _GPU_DISK_GIB = 100, 200
_OS_SKUS = {NodeImage.AZURE_LINUX: "AzureLinux", NodeImage.UBUNTU: "Ubuntu"}
_DRIVERS = {GpuDriver.DEFAULT: "Install", GpuDriver.DISABLED: "None"}
# Of tags of the scale set the autoscaler takes what a node would offer, with _ for /.
# kubernetes/autoscaler cluster-autoscaler/cloudprovider/azure/azure_template.go@55c37cd5
_RESOURCE_TAG = "k8s.io_cluster-autoscaler_node-template_resources_"


def pool_name(name: str, spec: AksPoolSpec) -> str:
    """Azure's name of the pool: 12 characters, of which the last are a digest of all that Azure cannot change.

    So a pool that has to be replaced gets another name, and the new one is made before the old one goes.
    """
    letters = name.replace("-", "")[:_LETTERS]
    digest = short_hash(json.dumps([name, _fixed(spec)], sort_keys=True), _LONGEST_NAME - len(letters))
    return f"{letters}{digest}"


def agent_pool_args(name: str, spec: AksPoolSpec) -> dict[str, Any]:
    """Every provider input of the pool that does not depend on another resource or on the cluster."""
    args: dict[str, Any] = {
        "agent_pool_name": pool_name(name, spec),
        "mode": "User",
        "type": "VirtualMachineScaleSets",
        "vm_size": spec.machine.name,
        "os_type": "Linux",
        "os_sku": _OS_SKUS[spec.node_image],
        "os_disk_type": _disk_type(spec),
        "os_disk_size_gb": _disk_gib(spec),
        "enable_auto_scaling": True,
        "count": spec.min_nodes,
        "min_count": spec.min_nodes,
        "max_count": spec.max_nodes,
        "max_pods": MAX_PODS,
        "scale_down_mode": "Delete",
        "scale_set_priority": "Regular",
        "enable_node_public_ip": False,
        "node_labels": _labels(name, spec),
        # Always with '=': the autoscaler passes over a taint without it.
        "node_taints": [f"{taint['key']}={taint.get('value', '')}:{_effect(taint).value}" for taint in _taints(spec)],
    }
    if spec.purchase is Purchase.SPOT:
        args |= {"scale_set_priority": "Spot", "scale_set_eviction_policy": "Delete", "spot_max_price": -1}
    else:
        args["upgrade_settings"] = _upgrade_settings(spec)
    if spec.gpus:
        asked = spec.accelerator or AcceleratorSpec()
        args["gpu_profile"] = {"driver": _DRIVERS[asked.driver]}
        if asked.partition:
            args["gpu_instance_profile"] = partitions(spec.machine)[asked.partition].profile
    return args


def tags(name: str, labels: Mapping[str, str] | None) -> dict[str, str]:
    """The tags of all that belongs to the pool, by which the bill tells pools apart; `labels` are the cluster's."""
    return {**(labels or {}), "penstock-pool": name}


def expected_resources(spec: AksPoolSpec) -> dict[str, str]:
    """The tags by which the autoscaler knows what it could not guess of an empty pool: the partitions of its GPUs."""
    if not spec.gpus or not spec.accelerator or not spec.accelerator.partition:
        return {}
    return {_RESOURCE_TAG + spec.gpus.resource.replace("/", "_"): str(_accelerators(spec))}


def reserved_machines(spec: AksPoolSpec) -> dict[str, int]:
    """How many machines a created reservation holds in each zone: by default the pool's maximum and its surge."""
    held = spec.capacity_reservation
    assert held is not None
    assert spec.zones is not None
    count = held.count or spec.max_nodes + (spec.surge.max_surge if spec.surge else 0)
    each, more = divmod(count, len(spec.zones))
    return {zone: each + (index < more) for index, zone in enumerate(spec.zones)}


def resource_group_of(resource_id: str) -> str:
    """The id of the resource group in which a resource lies, from the resource's id."""
    match = re.match(r"/subscriptions/[^/]+/resourceGroups/[^/]+", resource_id, re.IGNORECASE)
    if not match:
        raise ValueError(f"'{resource_id}' is no id of an Azure resource. Write /subscriptions/…/resourceGroups/….")
    return match[0]


def pool_ref(name: str, spec: AksPoolSpec) -> PoolRef:
    """What workloads need to know of the pool."""
    ref = described(name, spec, labels=_labels(name, spec), taints=_taints(spec), capacity=_capacity(spec))
    ref["machine_types"] = [machine.name for machine in spec.machines]
    ref["group_pattern"] = f"^aks-{pool_name(name, spec)}-[0-9]{{8}}-vmss$"
    if spec.purchase is Purchase.SPOT:
        ref["termination_notice_seconds"] = SPOT_NOTICE_SECONDS
    return ref


def _fixed(spec: AksPoolSpec) -> dict[str, Any]:
    """What Azure cannot change of a pool."""
    asked = spec.accelerator or AcceleratorSpec()
    held = spec.capacity_reservation
    return {
        "machine": spec.machine.name,
        "disk": [_disk_type(spec), _disk_gib(spec)],
        "pods": MAX_PODS,
        "zones": spec.zones,
        "spot": spec.purchase is Purchase.SPOT,
        "gpu": [asked.driver.value, asked.partition] if spec.gpus else None,
        "compact": spec.compact,
        # An id that is not known yet cannot be part of the name.
        "held": held and ("made" if held.create else held.name if isinstance(held.name, str) else "adopted"),
    }


def _labels(name: str, spec: AksPoolSpec) -> dict[str, str]:
    """Azure puts its own label on spot nodes: declared, it is no drift, and the autoscaler knows it."""
    spot = {SPOT_KEY: "spot"} if spec.purchase is Purchase.SPOT else {}
    return {**node_labels(name, spec), **spot}


def _taints(spec: AksPoolSpec) -> list[Taint]:
    taints = declared_taints(spec)
    if spec.purchase is Purchase.SPOT:
        taints.append(Taint(key=SPOT_KEY, value="spot", effect=TaintEffect.NO_SCHEDULE))
    return taints


def _effect(taint: Taint) -> TaintEffect:
    return TaintEffect(taint.get("effect", TaintEffect.NO_SCHEDULE))


def _upgrade_settings(spec: AksPoolSpec) -> dict[str, str]:
    surge, unavailable = 1, 0
    if spec.surge:
        surge, unavailable = spec.surge.max_surge, spec.surge.max_unavailable
    elif spec.gpus or spec.capacity_reservation or spec.purchase is Purchase.RESERVED:
        surge, unavailable = 0, 1  # there may be no machine to add
    return {"max_surge": str(surge), "max_unavailable": str(unavailable)}


def _disk_type(spec: AksPoolSpec) -> str:
    return "Ephemeral" if spec.disk.type is DiskType.LOCAL else "Managed"


def _disk_gib(spec: AksPoolSpec) -> int:
    size = spec.disk.size_gib or (_GPU_DISK_GIB if spec.gpus else _DISK_GIB)
    return min(size, local_disk_gib(spec.machine)) if spec.disk.type is DiskType.LOCAL else size


def _capacity(spec: AksPoolSpec) -> NodeCapacity:
    capacity = NodeCapacity(
        cpu_millicores=allocatable_cpu_millicores(spec.machine),
        memory_mib=allocatable_memory_mib(spec.machine),
        accelerators=_accelerators(spec),
    )
    if spec.gpus:
        capacity["accelerator_resource"] = spec.gpus.resource
        capacity["accelerator_type"] = spec.gpus.type
        if spec.accelerator and spec.accelerator.partition:
            capacity["accelerator_partition"] = spec.accelerator.partition
    return capacity


def _accelerators(spec: AksPoolSpec) -> int:
    if not spec.gpus:
        return 0
    partition = spec.accelerator.partition if spec.accelerator else None
    return spec.gpus.count * (partitions(spec.machine)[partition].per_gpu if partition else 1)
