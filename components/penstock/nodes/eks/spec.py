"""What EKS adds to the rules of a node pool."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from penstock.nodes.args import DiskType, GpuDriver, NodeImage
from penstock.nodes.eks import tables
from penstock.nodes.eks.node import MOST_TAGS, template_tags
from penstock.nodes.eks.reservation_rules import EksReservationRules
from penstock.problems import Problem
from penstock.refs import Cloud, Purchase
from penstock.spec import rule
from penstock_cost import MachineFamily, MachineType, UnknownMachineType, family

MOST_MACHINE_TYPES = 20  # https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html
LEAST_DISK_GIB = 20  # what EKS' own images take up: a volume cannot be smaller than the snapshot it starts from
LONGEST_KEY = 63  # https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateLabelsPayload.html
_ZONE = re.compile(r"([a-z]{2}(?:-[a-z]+)+-\d)[a-z]")


class EksPoolSpec(EksReservationRules):
    """A node pool of an EKS cluster: a managed node group."""

    cloud: ClassVar[Cloud] = Cloud.AWS
    reserved_label_domains = ("eks.amazonaws.com", "k8s.amazonaws.com")

    @property
    def node_image(self) -> NodeImage:
        """The operating system of its nodes."""
        return self.image or NodeImage.AL2023

    @property
    def ami_type(self) -> str | None:
        """EKS' name of its node image; None where there is none. Raises UnknownMachineType."""
        return self._ami_type(self.machine)

    @rule
    def an_image_for_the_machine(self) -> Iterator[Problem]:
        if not self._machine_is_known() or self.image not in (None, NodeImage.AL2023, NodeImage.BOTTLEROCKET):
            return
        if self.accelerator and self.accelerator.driver is GpuDriver.LATEST:
            return
        for machine in self.machines:
            if self._ami_type(machine) is None:
                yield Problem(
                    "image",
                    f"EKS makes no {self.node_image.value} image with the driver of {machine.name}. Write another "
                    "image or machine type, or accelerator.driver: disabled and install the driver yourself.",
                )

    @rule
    def bottlerocket_brings_its_driver(self) -> Iterator[Problem]:
        disabled = self.accelerator and self.accelerator.driver is GpuDriver.DISABLED
        if disabled and self.image is NodeImage.BOTTLEROCKET:
            yield Problem(
                "accelerator.driver",
                "Nothing can be installed into Bottlerocket's kernel afterwards. Write default, or image: al2023.",
            )

    @rule
    def one_image_for_all_machines(self) -> Iterator[Problem]:
        if not self._machine_is_known():
            return
        first = self.machine
        for index, other in enumerate(self.machines):
            if other.architecture != first.architecture:
                yield Problem(
                    f"machine_types[{index}]",
                    f"{other.name} is {other.architecture} and {first.name} {first.architecture}: a node group has one "
                    "image. Write machine types of one architecture.",
                )
            if _gpu_type(other) != _gpu_type(first):
                yield Problem(
                    f"machine_types[{index}]",
                    f"{other.name} has {_gpu_type(other) or 'no GPU'} and {first.name} {_gpu_type(first) or 'none'}: "
                    "a node group has one image, and one label that names its GPU. Write machine types of one kind.",
                )

    @rule
    def equal_shapes(self) -> Iterator[Problem]:
        # The autoscaler takes the first machine type of a group for all of them (kubernetes/autoscaler
        # cluster-autoscaler/cloudprovider/aws/README.md@55c37cd).
        if self.unequal_shapes or not self._machine_is_known():
            return
        first = self.machine
        for index, other in enumerate(self.machines):
            if _shape(other) != _shape(first):
                yield Problem(
                    f"machine_types[{index}]",
                    f"{_in_words(other)}, but {_in_words(first)}: the autoscaler reckons with the first machine type "
                    "only, so it would make too many nodes or too few. Write machine types of equal shape; or "
                    "unequal_shapes: true, and a node counts for the smallest.",
                )

    @rule
    def not_too_many_machine_types(self) -> Iterator[Problem]:
        if len(self.machine_types) > MOST_MACHINE_TYPES:
            yield Problem("machine_types", f"EKS takes at most {MOST_MACHINE_TYPES} in a node group. Write fewer.")

    @rule
    def zones_of_one_region(self) -> Iterator[Problem]:
        regions = [found.group(1) if (found := _ZONE.fullmatch(zone)) else None for zone in self.zones or ()]
        for index, region in enumerate(regions):
            if region is None:
                yield Problem(
                    f"zones[{index}]", f"'{(self.zones or [])[index]}' is no zone. Write one like us-east-1a."
                )
            elif regions[0] and region != regions[0]:
                yield Problem(f"zones[{index}]", f"It is not in {regions[0]}, as the first one is. Write one that is.")

    @rule
    def disk_holds_the_image(self) -> Iterator[Problem]:
        if self.disk.size_gib is not None and self.disk.size_gib < LEAST_DISK_GIB:
            yield Problem("disk.size_gib", f"EKS' images take {LEAST_DISK_GIB} GiB. Write at least that.")

    @rule
    def the_machines_have_disks(self) -> Iterator[Problem]:
        if self.disk.type is not DiskType.LOCAL:
            return
        if self.disk.size_gib is not None:
            yield Problem("disk.size_gib", "All of the machine's own disks is used. Drop this.")
        for name in self.machine_types:
            if tables.local_disk_gib(name) == 0:
                yield Problem(
                    "disk.type",
                    f"{name} is not known to have NVMe disks of its own. Write a machine type that has, or balanced.",
                )

    @rule
    def one_way_to_surge(self) -> Iterator[Problem]:
        if self.surge and self.surge.max_surge and self.surge.max_unavailable:
            yield Problem(
                "surge",
                "EKS either adds nodes before it removes others or removes them first. Write max_surge or "
                "max_unavailable, not both.",
            )

    @rule
    def compact_is_one_zone(self) -> Iterator[Problem]:
        if self.compact and len(self.zones or ()) != 1:
            yield Problem("zones", "A cluster placement group lies in one zone. Write the one, or drop compact.")

    @rule
    def compact_goes_with_the_machines(self) -> Iterator[Problem]:
        for index, name in enumerate(self.machine_types):
            if self.compact and (described := self._family(name)) and described.compact is False:
                yield Problem(
                    f"machine_types[{index}]",
                    f"{described.name} machines cannot be in a cluster placement group. Write others, or drop compact.",
                )

    @rule
    def sold_in_the_way_asked_for(self) -> Iterator[Problem]:
        for index, name in enumerate(self.machine_types):
            described = self._family(name)
            if described and self.purchase is Purchase.SPOT and described.spot is False:
                yield Problem(
                    f"machine_types[{index}]", f"{described.name} machines are not sold as spot. Write others."
                )
            waits = self.purchase in (Purchase.SPOT, Purchase.CAPACITY_BLOCK) or self.capacity_reservation
            if described and described.on_demand is False and not waits:
                yield Problem(
                    f"machine_types[{index}]",
                    f"{described.name} machines are not sold on demand. Write others, or purchase: capacity_block.",
                )

    @rule
    def efa_goes_with_the_machine(self) -> Iterator[Problem]:
        if not self.efa:
            return
        if len(self.machine_types) > 1:
            yield Problem("machine_types", "EFA interfaces are laid out for one machine type. Write one, or drop efa.")
        elif tables.adapters(self.machine_types[0]) is None:
            yield Problem(
                "efa", f"{self.machine_types[0]} has no Elastic Fabric Adapters that are known here. Drop this."
            )

    @rule
    def efa_stays_in_a_zone(self) -> Iterator[Problem]:
        # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa.html#efa-limits
        if self.efa and len(self.zones or ()) != 1:
            yield Problem("zones", "EFA traffic does not leave a zone. Write the one, or drop efa.")

    @rule
    def keys_and_values_that_eks_takes(self) -> Iterator[Problem]:
        for key, value in self.labels.items():
            if len(key) > LONGEST_KEY:
                yield Problem(f"labels.{key}", f"EKS takes keys of at most {LONGEST_KEY} characters. Write a shorter.")
            if not value:
                yield Problem(f"labels.{key}", "EKS takes no empty label value. Write one, for example true.")
        for index, taint in enumerate(self.taints):
            if len(taint.key) > LONGEST_KEY:
                yield Problem(
                    f"taints[{index}].key", f"EKS takes keys of at most {LONGEST_KEY} characters. Write a shorter."
                )

    @rule
    def one_taint_of_a_key(self) -> Iterator[Problem]:
        keys = [taint.key for taint in self.taints]
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            yield Problem(
                "taints",
                f"The autoscaler learns of one taint with the key '{key}' only, so it would misjudge an empty pool. "
                "Keep one, or give the other a key of its own.",
            )

    @rule
    def room_for_the_tags(self) -> Iterator[Problem]:
        if not self._machine_is_known() or self.ami_type is None:
            return
        tags = len(template_tags("", self))
        if tags > MOST_TAGS:
            yield Problem(
                "labels",
                f"The autoscaler reads labels and taints from the group's tags, of which there would be {tags}: AWS "
                f"has room for {MOST_TAGS}. Write fewer labels and taints.",
            )

    def _family(self, name: str) -> MachineFamily | None:
        try:
            return family(self.cloud.value, name)
        except UnknownMachineType:
            return None

    def _ami_type(self, machine: MachineType) -> str | None:
        wanted = self.accelerator.driver if self.accelerator else GpuDriver.DEFAULT
        driver = self.gpus is not None and wanted is not GpuDriver.DISABLED
        return tables.ami_type(self.node_image, machine.architecture, machine.name, driver)


def _gpu_type(machine: MachineType) -> str | None:
    return machine.accelerator.type if machine.accelerator else None


def _shape(machine: MachineType) -> tuple[float, float, int]:
    return machine.vcpu, machine.memory_gib, machine.accelerator.count if machine.accelerator else 0


def _in_words(machine: MachineType) -> str:
    gpus = f" and {machine.accelerator.count} GPUs" if machine.accelerator else ""
    return f"{machine.name} has {machine.vcpu:g} vCPU, {machine.memory_gib:g} GiB{gpus}"
