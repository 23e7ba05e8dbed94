"""What AKS adds to the rules of a node pool."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from penstock.clusters.aks.zones import Zone, zone_problems
from penstock.nodes.aks.machines import images, local_disk_gib, partitions
from penstock.nodes.args import DiskType, GpuDriver, NodeImage
from penstock.nodes.spec import NodePoolSpec
from penstock.problems import Problem
from penstock.refs import Cloud, Purchase
from penstock.spec import rule
from penstock_cost import MachineFamily, UnknownMachineType, family

AZURE_DOMAIN = "kubernetes.azure.com"
MAX_NODES = 1000  # containerservice API, AgentPool.count
SMALLEST_DISK_GIB, LARGEST_DISK_GIB = 30, 2048  # containerservice API, osDiskSizeGB

_GROUP_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Compute/capacityReservationGroups/[^/]+", re.I
)


class AksPoolSpec(NodePoolSpec):
    """A node pool of an AKS cluster."""

    hints: ClassVar[dict[str, str]] = {
        **NodePoolSpec.hints,
        "vm_size": "Write machine_types, a list.",
        "mode": "Pools are for workloads. The System pool is made with the cluster: write its system_pool.",
        "priority": "Write purchase: spot.",
        "eviction_policy": "Evicted spot machines are deleted: deallocated ones would use up your quota. Drop it.",
        "spot_max_price": "Spot machines cost up to the on-demand price, so none is evicted for its price. Drop this.",
    }

    cloud: ClassVar[Cloud] = Cloud.AZURE
    reserved_label_domains = (AZURE_DOMAIN,)

    zones: list[Zone] | None = Field(default=None, min_length=1)

    @property
    def family(self) -> MachineFamily | None:
        """What is known of the family of its machine type, if anything."""
        try:
            return family(self.cloud.value, self.machine_types[0])
        except UnknownMachineType:
            return None

    @property
    def node_image(self) -> NodeImage:
        """The operating system of its nodes. Raises UnknownMachineType."""
        return self.image or next(iter(images(self.gpus.type if self.gpus else None)), NodeImage.UBUNTU)

    @rule
    def one_machine_type(self) -> Iterator[Problem]:
        if len(self.machine_types) > 1:
            yield Problem(
                "machine_types",
                "An AKS node pool has one machine type. Write one, and a pool for each other: with the same labels "
                "and taints they serve the same workloads.",
            )

    @rule
    def gpus_have_a_driver(self) -> Iterator[Problem]:
        if not self._machine_is_known() or not self.gpus:
            return
        if self.accelerator and self.accelerator.driver is GpuDriver.DISABLED:
            return  # somebody else installs one
        able = images(self.gpus.type)
        if not able:
            yield Problem(
                "machine_types[0]",
                f"AKS installs no driver for the {self.gpus.type} of {self.machine.name}. Write another machine type, "
                "or accelerator: {driver: disabled} and install one.",
            )
        elif self.image in (NodeImage.AZURE_LINUX, NodeImage.UBUNTU) and self.image not in able:
            others = " or ".join(image.value for image in able)
            yield Problem("image", f"{self.image.value} has no driver for {self.gpus.type}. Write {others}.")

    @rule
    def machines_are_sold(self) -> Iterator[Problem]:
        known = self.family
        if known and (known.spot if self.purchase is Purchase.SPOT else known.on_demand) is False:
            way = "as spot" if self.purchase is Purchase.SPOT else "on demand"
            yield Problem("machine_types[0]", f"Azure does not sell {known.name} machines {way}. Write another type.")

    @rule
    def partition_exists(self) -> Iterator[Problem]:
        asked = self.accelerator.partition if self.accelerator else None
        if not asked or not self._machine_is_known() or not self.gpus:
            return
        sizes = partitions(self.machine)
        if not sizes:
            yield Problem("accelerator.partition", f"{self.gpus.type} cannot be partitioned. Drop this.")
        elif asked not in sizes:
            yield Problem(
                "accelerator.partition",
                f"The GPUs of {self.machine.name} have no partition '{asked}'. Write one of {', '.join(sizes)}.",
            )

    @rule
    def zones_of_azure(self) -> Iterator[Problem]:
        yield from zone_problems("zones", self.zones or [])

    @rule
    def not_more_than_aks_takes(self) -> Iterator[Problem]:
        if self.max_nodes > MAX_NODES:
            yield Problem(
                "max_nodes", f"AKS takes at most {MAX_NODES} nodes in a pool: write that, or make more pools."
            )

    @rule
    def disk_size_is_possible(self) -> Iterator[Problem]:
        size = self.disk.size_gib
        if size is not None and not SMALLEST_DISK_GIB <= size <= LARGEST_DISK_GIB:
            yield Problem(
                "disk.size_gib", f"AKS takes {SMALLEST_DISK_GIB} to {LARGEST_DISK_GIB} GiB. Write one of those."
            )

    @rule
    def the_machine_has_a_disk(self) -> Iterator[Problem]:
        if self.disk.type is not DiskType.LOCAL or not self._machine_is_known():
            return
        room = local_disk_gib(self.machine)
        if room == 0:
            yield Problem(
                "disk.type",
                f"{self.machine.name} is not known to have a disk of its own. Write balanced.",
            )
        elif room < SMALLEST_DISK_GIB:
            yield Problem(
                "disk.type",
                f"The own disk of {self.machine.name}, {room} GiB, is too small to boot. Write balanced.",
            )
        elif self.disk.size_gib is not None and self.disk.size_gib > room:
            yield Problem("disk.size_gib", f"The own disk of {self.machine.name} has {room} GiB. Write at most that.")

    @rule
    def upgrades_add_or_remove(self) -> Iterator[Problem]:
        # articles/aks/upgrade-aks-node-pools-rolling.md: both together are a preview
        if self.surge and self.surge.max_surge and self.surge.max_unavailable:
            yield Problem("surge", "AKS adds nodes or removes them while it upgrades. Write one of the two.")

    @rule
    def spot_is_not_surged(self) -> Iterator[Problem]:
        # hashicorp/terraform-provider-azurerm#31129: the API takes neither of the two for a spot pool
        if self.purchase is Purchase.SPOT and self.surge:
            yield Problem("surge", "AKS takes no upgrade settings for spot pools. Drop this.")

    @rule
    def taints_are_not_the_clouds(self) -> Iterator[Problem]:
        for index, taint in enumerate(self.taints):
            if taint.key.startswith(f"{AZURE_DOMAIN}/"):
                yield Problem(
                    f"taints[{index}].key", f"Taints under {AZURE_DOMAIN}/ are set by the pool. Choose another key."
                )

    @rule
    def compact_is_one_zone(self) -> Iterator[Problem]:
        if self.compact and len(self.zones or ()) != 1:
            yield Problem("zones", "Compact placement puts all machines into one zone. Write the one, or drop compact.")

    @rule
    def compact_machines_are_not_held(self) -> Iterator[Problem]:
        if self.compact and self.capacity_reservation:
            yield Problem(
                "compact", "A proximity placement group takes no machines from a reservation. Drop one of the two."
            )

    @rule
    def machines_can_be_held(self) -> Iterator[Problem]:
        if self.capacity_reservation and self.family and self.family.capacity_reservation is False:
            yield Problem(
                "capacity_reservation",
                f"Azure takes no on-demand capacity reservations of {self.family.name} machines. Drop this, or write "
                "another machine type.",
            )

    @rule
    def a_made_reservation_is_zonal(self) -> Iterator[Problem]:
        held = self.capacity_reservation
        if not held or not held.create:
            return
        if not self.zones:
            yield Problem("zones", "A capacity reservation holds machines in each zone. Write the zones of the pool.")
        elif held.count is not None and held.count < len(set(self.zones)):
            yield Problem(
                "capacity_reservation.count",
                f"Write at least {len(set(self.zones))}, one in each zone, or fewer zones.",
            )

    @rule
    def an_adopted_reservation_is_a_group(self) -> Iterator[Problem]:
        name = self.capacity_reservation.name if self.capacity_reservation else None
        if isinstance(name, str) and name and not _GROUP_ID.fullmatch(name):
            yield Problem(
                "capacity_reservation.name",
                f"Write the id of a capacity reservation group, /subscriptions/…/capacityReservationGroups/…; not "
                f"'{name}'.",
            )
