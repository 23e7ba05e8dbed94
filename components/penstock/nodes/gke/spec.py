"""What GKE adds to the rules of a node pool."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar

from penstock.clusters.gke.spec import zone_problems
from penstock.nodes.args import DiskType
from penstock.nodes.gke.gpus import partitions
from penstock.nodes.spec import NodePoolSpec
from penstock.problems import Problem
from penstock.refs import Cloud, Purchase
from penstock.spec import rule
from penstock_cost import MachineFamily, UnknownMachineType, attachable, family

MAX_NODES_PER_ZONE = 1000  # https://cloud.google.com/kubernetes-engine/quotas

# What each kind of disk is called on GCP: newer machine families take Hyperdisk only.
_DISKS = {
    DiskType.STANDARD: ("pd-standard",),
    DiskType.BALANCED: ("pd-balanced", "hyperdisk-balanced"),
    DiskType.PERFORMANCE: ("pd-ssd", "hyperdisk-balanced"),
    DiskType.LOCAL: (),
}


def disk_type(spec: GkePoolSpec) -> str | None:
    """GCP's name of the kind of boot disk that is asked for; None where the machine has none of that kind."""
    wanted = _DISKS[spec.disk.type or DiskType.BALANCED]
    return next((disk for disk in wanted if disk in spec.family.boot_disk_types), None)


class GkePoolSpec(NodePoolSpec):
    """A node pool of a GKE cluster."""

    cloud: ClassVar[Cloud] = Cloud.GCP
    reserved_label_domains = ("google.com", "gke.io")

    @cached_property
    def family(self) -> MachineFamily:
        """The family of its machine type. Raises UnknownMachineType."""
        return family(self.cloud.value, self.machine_types[0])

    def _machine_is_known(self) -> bool:
        try:
            return bool(self.machine and self.family)
        except UnknownMachineType:
            return False

    @classmethod
    def _unknown_machine(cls, reason: str) -> str:
        return reason  # its family decides too much on GKE for a shape to be enough

    @classmethod
    def _without_gpu(cls) -> str:
        return "Write the type to attach."

    @rule
    def one_machine_type(self) -> Iterator[Problem]:
        if len(self.machine_types) > 1:
            yield Problem(
                "machine_types",
                "A GKE node pool has one machine type. Write one, and a pool for each other: with the same labels "
                "and taints they serve the same workloads.",
            )

    def _attachment_problems(self, gpu: str, count: int) -> Iterator[Problem]:
        rules = attachable(self.cloud.value, gpu)
        if rules is None:
            yield Problem("accelerator.type", f"'{gpu}' cannot be attached. Write a machine type that has it built in.")
            return
        if self.family.name != rules.family:
            yield Problem(
                "accelerator.type",
                f"{gpu} goes with {rules.family} machines, not {self.machine.name}. Write one of those.",
            )
            return
        limits = [limit for limit in rules.limits if limit.count == count]
        fits = (self.machine.vcpu <= at.max_vcpu and self.machine.memory_gib <= at.max_memory_gib for at in limits)
        if not limits:
            allowed = ", ".join(str(number) for number in sorted({limit.count for limit in rules.limits}))
            yield Problem("accelerator.count", f"{gpu} is attached in counts of {allowed}, not {count}.")
        elif not any(fits):
            most = max(limits, key=lambda limit: limit.max_vcpu)
            yield Problem(
                "machine_types[0]",
                f"{count} x {gpu} go with at most {most.max_vcpu} vCPU and {most.max_memory_gib} GiB. "
                "Write a smaller machine, or more GPUs.",
            )

    @rule
    def partition_exists(self) -> Iterator[Problem]:
        if not self.accelerator or not self.accelerator.partition or not self._machine_is_known() or not self.gpus:
            return
        sizes = partitions(self.gpus.type)
        if not sizes:
            yield Problem("accelerator.partition", f"{self.gpus.type} cannot be partitioned. Drop this.")
        elif self.accelerator.partition not in sizes:
            yield Problem(
                "accelerator.partition",
                f"{self.gpus.type} has no partition '{self.accelerator.partition}'. Write one of {', '.join(sizes)}.",
            )

    @rule
    def disk_goes_with_the_machine(self) -> Iterator[Problem]:
        if self.disk.type is not DiskType.LOCAL and self._machine_is_known() and disk_type(self) is None:
            known = [kind.value for kind, disks in _DISKS.items() if self.family.boot_disk_types & set(disks)]
            yield Problem("disk.type", f"{self.machine.name} cannot boot from it. Write one of {', '.join(known)}.")

    @rule
    def zones_of_one_region(self) -> Iterator[Problem]:
        if self.zones:
            distinct = list(dict.fromkeys(self.zones))
            yield from zone_problems("zones", distinct, distinct[0].rpartition("-")[0])

    @rule
    def not_more_than_gke_takes(self) -> Iterator[Problem]:
        most = MAX_NODES_PER_ZONE * len(set(self.zones)) if self.zones else MAX_NODES_PER_ZONE * 3
        if self.max_nodes > most:
            yield Problem(
                "max_nodes",
                f"GKE takes at most {MAX_NODES_PER_ZONE} nodes of a pool in a zone: write at "
                f"most {most}, or make more pools.",
            )

    @rule
    def compact_is_one_zone(self) -> Iterator[Problem]:
        if self.compact and len(self.zones or ()) != 1:
            yield Problem("zones", "Compact placement puts all machines into one zone. Write the one, or drop compact.")

    @rule
    def compact_goes_with_the_machine(self) -> Iterator[Problem]:
        if self.compact and self._machine_is_known() and not self.family.compact:
            yield Problem("compact", f"{self.family.name} machines have no compact placement. Drop it.")

    @rule
    def compact_has_room(self) -> Iterator[Problem]:
        if not self.compact or not self._machine_is_known() or not self.family.compact:
            return
        if self.max_nodes > self.family.compact_max_nodes:
            most = self.family.compact_max_nodes
            yield Problem("max_nodes", f"A compact placement of {self.family.name} takes at most {most} nodes.")

    @rule
    def spot_goes_with_the_machine(self) -> Iterator[Problem]:
        if self.purchase is Purchase.SPOT and self._machine_is_known() and not self.family.spot:
            yield Problem("purchase", f"{self.family.name} machines are not sold as spot. Write on_demand.")

    @rule
    def sold_without_waiting(self) -> Iterator[Problem]:
        waits = self.purchase in (Purchase.SPOT, Purchase.FLEX) or self.capacity_reservation
        if self._machine_is_known() and not self.family.on_demand and not waits:
            yield Problem(
                "purchase",
                f"{self.machine.name} is not sold on demand. Write spot or flex, or name a capacity_reservation.",
            )

    @rule
    def flex_ends_by_itself(self) -> Iterator[Problem]:
        # https://cloud.google.com/kubernetes-engine/docs/concepts/dws
        if self.purchase is not Purchase.FLEX:
            return
        if self.max_run_hours is None:
            yield Problem("max_run_hours", "A flex machine runs for a stated time. Write 1 to 168 hours.")

    @rule
    def flex_starts_from_nothing(self) -> Iterator[Problem]:
        if self.purchase is Purchase.FLEX and self.min_nodes > 0:
            yield Problem("min_nodes", "Flex machines come when they are asked for and free. Write 0.")

    @rule
    def flex_is_not_repaired(self) -> Iterator[Problem]:
        if self.purchase is Purchase.FLEX and self.auto_repair:
            yield Problem("auto_repair", "GKE does not repair flex machines. Drop it, or write purchase: on_demand.")

    @rule
    def flex_is_not_surged(self) -> Iterator[Problem]:
        if self.purchase is Purchase.FLEX and self.surge:
            yield Problem("surge", "GKE upgrades flex machines by letting them end. Drop this.")

    @rule
    def flex_is_not_held(self) -> Iterator[Problem]:
        if self.purchase is Purchase.FLEX and self.capacity_reservation:
            yield Problem("capacity_reservation", "Flex machines cannot come from a reservation. Drop one of the two.")

    @rule
    def a_reservation_is_in_one_zone(self) -> Iterator[Problem]:
        if self.capacity_reservation and len(self.zones or ()) != 1:
            yield Problem("zones", "A capacity reservation holds machines in one zone. Write that zone.")

    @rule
    def a_reservation_is_big_enough_to_use(self) -> Iterator[Problem]:
        if self.capacity_reservation and self.compact and self.capacity_reservation.create:
            yield Problem(
                "compact",
                "A reservation made here is not tied to a placement policy, so compact nodes could not use it. "
                "Drop compact, or adopt a reservation made with one.",
            )

    @rule
    def a_commitment_can_be_bought(self) -> Iterator[Problem]:
        if (
            self.commitment
            and self.commitment.purchase
            and self._machine_is_known()
            and not self.family.commitment_type
        ):
            yield Problem(
                "commitment.purchase",
                f"GCP sells no resource-based commitment for {self.family.name}. Drop this.",
            )

    @rule
    def a_commitment_to_gpus_holds_them(self) -> Iterator[Problem]:
        # Compute Engine API, RegionCommitment: GPUs are committed to together with reservations that hold them.
        bought = self.commitment and self.commitment.purchase
        if bought and self._machine_is_known() and self.gpus and not self.capacity_reservation:
            yield Problem(
                "capacity_reservation",
                "GCP sells a commitment to GPUs only with a reservation that holds them. Write create: true.",
            )
