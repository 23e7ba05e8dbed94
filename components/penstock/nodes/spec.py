"""What may be asked of a node pool in any cloud. Each cloud's own rules are in its folder."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from pydantic import Field, StrictBool

from penstock.nodes.args import (
    Architecture,
    CommitmentPayment,
    CommitmentTerm,
    DiskType,
    GpuDriver,
    GpuSharingStrategy,
    NodeImage,
)
from penstock.nodes.cost_spec import PoolCostSpec
from penstock.options import refusals
from penstock.problems import Problem
from penstock.refs import Cloud, Purchase, TaintEffect
from penstock.spec import Spec, WholeNumber, rule
from penstock_cost import MachineType, UnknownMachineType, machine, shaped

ACKNOWLEDGEMENT = "I understand that this commitment is paid for its whole term and cannot be cancelled"

# Kubernetes: a label or taint key is an optional DNS subdomain, a slash, and a name of at most 63 characters.
# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_SUBDOMAIN = re.compile(r"(?=.{1,253}/)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/")
# What people write for bounds and sizes elsewhere.
_PER_ZONE = (
    "min_nodes_per_zone", "max_nodes_per_zone", "min_per_zone", "max_per_zone", "min_node_count", "max_node_count"
)  # fmt: skip
_SIZES = ("node_count", "desired", "desired_nodes", "desired_size", "initial_node_count", "size")
RESERVED_LABEL_PREFIX = "penstock/"
_KUBERNETES_DOMAINS = ("kubernetes.io", "k8s.io")


@dataclass(frozen=True)
class Gpus:
    """The accelerators of a node: built into its machine type, or attached to it."""

    type: str
    count: int
    attached: bool
    resource: str = "nvidia.com/gpu"
    """What they are called in a pod's limits, and in the taint that keeps other pods off."""


class TaintSpec(Spec):
    key: str = Field(description="the key of the taint, for example dedicated")
    value: str = ""
    effect: TaintEffect = TaintEffect.NO_SCHEDULE

    @rule
    def syntax(self) -> Iterator[Problem]:
        yield from _label_problems("key", self.key, "value", self.value)


class GpuSharingSpec(Spec):
    strategy: GpuSharingStrategy = Field(description="time_sharing or mps")
    max_clients: WholeNumber = Field(ge=2, le=48, description="how many pods share one GPU, 2 to 48")


class AcceleratorSpec(Spec):
    type: str | None = None
    count: WholeNumber | None = Field(default=None, ge=1, le=16)
    driver: GpuDriver = GpuDriver.DEFAULT
    partition: str | None = None
    sharing: GpuSharingSpec | None = None

    @rule
    def one_way_to_share_a_partition(self) -> Iterator[Problem]:
        if self.partition and self.sharing and self.sharing.strategy is GpuSharingStrategy.MPS:
            yield Problem(
                "sharing.strategy",
                "MPS does not work on MIG partitions. Write time_sharing, or drop the partition.",
            )


class DiskSpec(Spec):
    type: DiskType | None = None
    size_gib: WholeNumber | None = Field(default=None, ge=12, le=65536)


class ShapeSpec(Spec):
    vcpu: float = Field(gt=0, le=1024, allow_inf_nan=False, description="how many vCPU a node has")
    memory_gib: float = Field(gt=0, le=65536, allow_inf_nan=False, description="how many GiB of memory a node has")
    architecture: Architecture = Architecture.X86_64


class SurgeSpec(Spec):
    max_surge: WholeNumber = Field(default=0, ge=0, le=20)
    max_unavailable: WholeNumber = Field(default=0, ge=0, le=20)

    @rule
    def something_has_to_give(self) -> Iterator[Problem]:
        if self.max_surge + self.max_unavailable == 0:
            yield Problem("", "Nothing could ever be upgraded. Write a max_surge or a max_unavailable of at least 1.")
        if self.max_surge + self.max_unavailable > 20:
            yield Problem("", "The cloud replaces at most 20 nodes at once. Write a smaller sum of the two.")


class CommitmentPurchaseSpec(Spec):
    acknowledge: str = Field(description=f'this sentence: "{ACKNOWLEDGEMENT}"')

    @rule
    def meant(self) -> Iterator[Problem]:
        if self.acknowledge != ACKNOWLEDGEMENT:
            yield Problem(
                "acknowledge",
                f'Buying a commitment cannot be undone. If you mean it, write: "{ACKNOWLEDGEMENT}".',
            )


class CommitmentSpec(Spec):
    term: CommitmentTerm = Field(description="1y or 3y")
    payment: CommitmentPayment = CommitmentPayment.NO_UPFRONT
    purchase: CommitmentPurchaseSpec | None = None


class CapacityReservationSpec(Spec):
    create: StrictBool = False
    name: Any = None
    """A text, or a Pulumi output of one."""
    count: WholeNumber | None = Field(default=None, ge=1, le=1000)
    placement_group: Any = None
    """A text, or a Pulumi output of one."""

    @rule
    def made_or_adopted(self) -> Iterator[Problem]:
        if self.create and self.name is not None:
            yield Problem("name", "A reservation that is created gets its name from the pool. Drop the name.")
        if not self.create and self.name is None:
            yield Problem("name", "Write the name of the reservation to adopt, or create: true to make one.")
        if not self.create and self.count is not None:
            yield Problem("count", "An adopted reservation has its own count. Drop this, or write create: true.")
        if isinstance(self.name, bool | int | float | list | dict) or self.name == "":
            yield Problem("name", f"Write the name of a reservation, not {self.name!r}.")

    @rule
    def placement_group_of_an_adopted_one(self) -> Iterator[Problem]:
        if self.create and self.placement_group is not None:
            yield Problem("placement_group", "A created reservation is made in the pool's own group. Drop this.")
        if isinstance(self.placement_group, bool | int | float | list | dict) or self.placement_group == "":
            yield Problem("placement_group", f"Write the name of a placement group, not {self.placement_group!r}.")


class NodePoolSpec(Spec):
    """A node pool in any cloud; see `NodePoolArgs` for what each field means."""

    hints: ClassVar[dict[str, str]] = {
        **dict.fromkeys(
            _PER_ZONE,
            "Node bounds are totals over all zones. Write min_nodes and max_nodes: "
            "what you want in one zone times the number of zones.",
        ),
        **dict.fromkeys(
            _SIZES,
            "The autoscaler decides how many nodes there are between min_nodes and max_nodes. "
            "For a fixed size write both the same.",
        ),
        **dict.fromkeys(("machine_type", "instance_type", "instance_types", "vm_size"), "Write machine_types, a list."),
        "spot": "Write purchase: spot.",
        "gpu": "Write accelerator, or just a machine type that has GPUs.",
        "reservation": "Write capacity_reservation for held machines, commitment for a discount.",
    }

    machine_types: list[str] = Field(min_length=1, description="a list with one machine type or more")
    purchase: Purchase = Field(description="one of on_demand, spot, reserved, flex")
    min_nodes: WholeNumber = Field(ge=0, description="the fewest nodes over all zones, 0 or more")
    max_nodes: WholeNumber = Field(ge=1, description="the most nodes over all zones, 1 or more")
    shape: ShapeSpec | None = None
    unequal_shapes: StrictBool = False
    accelerator: AcceleratorSpec | None = None
    labels: dict[str, str] = {}
    taints: list[TaintSpec] = Field(default=[], max_length=50)
    zones: list[str] | None = Field(default=None, min_length=1)
    disk: DiskSpec = DiskSpec()
    surge: SurgeSpec | None = None
    auto_repair: StrictBool | None = None
    image: NodeImage | None = None
    compact: StrictBool = False
    efa: StrictBool = False
    nodes: list[str] | None = Field(default=None, min_length=1)
    capacity_reservation: CapacityReservationSpec | None = None
    commitment: CommitmentSpec | None = None
    max_run_hours: WholeNumber | None = Field(default=None, ge=1, le=168)
    cost: PoolCostSpec | None = None

    cloud: ClassVar[Cloud]
    reserved_label_domains: ClassVar[tuple[str, ...]] = ()
    """The domains, beside Kubernetes' own, under which this cloud itself labels nodes."""

    @cached_property
    def machines(self) -> list[MachineType]:
        """Its machine types, as the catalogue or `shape` describes them. Raises UnknownMachineType."""
        return [self._machine(name) for name in self.machine_types]

    @property
    def machine(self) -> MachineType:
        """Its preferred machine type. Raises UnknownMachineType."""
        return self.machines[0]

    def _machine(self, name: str) -> MachineType:
        try:
            return machine(self.cloud.value, name)
        except UnknownMachineType:
            if self.shape is None:
                raise
            shape = self.shape
            return shaped(self.cloud.value, name, shape.vcpu, shape.memory_gib, shape.architecture.value)

    def _machine_is_known(self) -> bool:
        try:
            return bool(self.machines)
        except UnknownMachineType:
            return False

    @cached_property
    def gpus(self) -> Gpus | None:
        """The GPUs of a node, if it has any. Raises UnknownMachineType."""
        built_in = self.machine.accelerator
        if built_in:
            return Gpus(built_in.type, built_in.count, attached=False, resource=built_in.resource)
        if self.accelerator and self.accelerator.type:
            return Gpus(self.accelerator.type, self.accelerator.count or 1, attached=self.shape is None)
        return None

    @rule
    def known_machine_types(self) -> Iterator[Problem]:
        for index, name in enumerate(self.machine_types):
            try:
                self._machine(name)
            except UnknownMachineType as error:
                yield Problem(f"machine_types[{index}]", self._unknown_machine(str(error)))

    @classmethod
    def _unknown_machine(cls, reason: str) -> str:
        return f"{reason} If it is a new one, write what it has under shape."

    @rule
    def shape_of_an_unknown_machine(self) -> Iterator[Problem]:
        if self.shape is None:
            return
        for index, name in enumerate(self.machine_types):
            try:
                known = machine(self.cloud.value, name)
            except UnknownMachineType:
                continue
            yield Problem(
                "shape",
                f"The catalogue knows machine_types[{index}], {name}: {known.vcpu:g} vCPU, {known.memory_gib:g} GiB. "
                "Drop this.",
            )

    @rule
    def accelerator_is_what_the_machine_has(self) -> Iterator[Problem]:
        asked = self.accelerator
        if not asked or not self._machine_is_known():
            return
        built_in = self.machine.accelerator
        if built_in:
            if asked.type not in (None, built_in.type):
                yield Problem("accelerator.type", f"{self.machine.name} has {built_in.type}. Write that, or drop it.")
            if asked.count not in (None, built_in.count):
                yield Problem("accelerator.count", f"{self.machine.name} has {built_in.count}. Write that, or drop it.")
        elif not asked.type:
            yield Problem("accelerator.type", f"{self.machine.name} has no GPU of its own. {self._without_gpu()}")
        elif self.shape is None:
            yield from self._attachment_problems(asked.type, asked.count or 1)

    @classmethod
    def _without_gpu(cls) -> str:
        return "Write a machine type that has one, or drop this."

    def _attachment_problems(self, gpu: str, count: int) -> Iterator[Problem]:
        """What is wrong with attaching GPUs to a machine that has none: few clouds do so."""
        yield Problem(
            "accelerator.type",
            f"{self.machine.name} has no GPU, and {count} x {gpu} cannot be attached to it. Write a machine type that "
            "has one, or drop this.",
        )

    @rule
    def labels_are_not_the_clouds(self) -> Iterator[Problem]:
        for key in self.labels:
            domain = key.rpartition("/")[0]
            taken = (*_KUBERNETES_DOMAINS, *self.reserved_label_domains)
            if any(domain == theirs or domain.endswith(f".{theirs}") for theirs in taken):
                yield Problem(
                    f"labels.{key}",
                    f"Labels under {domain}/ are set by Kubernetes or the cloud. Choose another key.",
                )

    @rule
    def options_of_this_cloud(self) -> Iterator[Problem]:
        yield from refusals(type(self).__module__.rpartition(".")[0], self)

    @rule
    def bounds(self) -> Iterator[Problem]:
        if self.min_nodes > self.max_nodes:
            yield Problem("max_nodes", f"Write at least {self.min_nodes}, the min_nodes; not {self.max_nodes}.")

    @rule
    def distinct_machine_types(self) -> Iterator[Problem]:
        for name in _repeated(self.machine_types):
            yield Problem("machine_types", f"'{name}' stands there more than once. Write it once.")

    @rule
    def distinct_zones(self) -> Iterator[Problem]:
        for zone in _repeated(self.zones or []):
            yield Problem("zones", f"'{zone}' stands there more than once. Write it once.")

    @rule
    def label_syntax(self) -> Iterator[Problem]:
        for key, value in self.labels.items():
            if key.startswith(RESERVED_LABEL_PREFIX):
                yield Problem(f"labels.{key}", "Labels under penstock/ are set by the pool. Choose another key.")
            yield from _label_problems(f"labels.{key}", key, f"labels.{key}", value)

    @rule
    def distinct_taints(self) -> Iterator[Problem]:
        for key, effect in _repeated([(taint.key, taint.effect.value) for taint in self.taints]):
            yield Problem("taints", f"'{key}' with effect {effect} stands there more than once. Keep one value.")

    @rule
    def spot_is_not_reserved(self) -> Iterator[Problem]:
        if self.purchase is Purchase.SPOT and self.capacity_reservation:
            yield Problem(
                "capacity_reservation",
                "Spot machines cannot come from a reservation. Drop it, or write purchase: on_demand.",
            )

    @rule
    def reserved_is_a_covered_baseline(self) -> Iterator[Problem]:
        if self.purchase is not Purchase.RESERVED:
            return
        if self.commitment is None:
            yield Problem(
                "commitment",
                "A reserved pool is covered by a commitment. Write its term, 1y or 3y. To hold machines "
                "without a discount write purchase: on_demand with a capacity_reservation.",
            )

    @rule
    def reserved_does_not_scale(self) -> Iterator[Problem]:
        if self.purchase is Purchase.RESERVED and self.min_nodes != self.max_nodes:
            yield Problem(
                "max_nodes",
                f"A reserved pool is an always-on baseline: its commitment is paid for every node at every hour. "
                f"Write the same as min_nodes ({self.min_nodes}) and put what scales into another pool.",
            )

    @rule
    def only_reserved_is_committed(self) -> Iterator[Problem]:
        if self.purchase is not Purchase.RESERVED and self.commitment:
            yield Problem(
                "commitment",
                f"A commitment covers nodes that always run, not {self.purchase.value} ones. "
                "Write purchase: reserved, or drop it.",
            )

    @rule
    def reservation_fits_the_pool(self) -> Iterator[Problem]:
        held = self.capacity_reservation.count if self.capacity_reservation else None
        if held is not None and held > self.max_nodes:
            yield Problem(
                "capacity_reservation.count",
                f"Write at most {self.max_nodes}, the max_nodes: a machine that no node may use is paid for nothing.",
            )

    @rule
    def only_spot_falls_back(self) -> Iterator[Problem]:
        if self.purchase is Purchase.SPOT or not self.cost:
            return
        for name in ("fallback", "redo", "spot_price"):
            if getattr(self.cost, name):
                yield Problem(f"cost.{name}", f"This is for spot machines, not {self.purchase.value} ones. Drop it.")

    @rule
    def only_machines_on_demand_stand_in(self) -> Iterator[Problem]:
        if self.cost and self.cost.fallback_for and self.purchase is not Purchase.ON_DEMAND:
            yield Problem(
                "cost.fallback_for",
                f"Machines on demand stand in for spot machines, not {self.purchase.value} ones. Drop this.",
            )

    @rule
    def only_flex_ends(self) -> Iterator[Problem]:
        if self.purchase is not Purchase.FLEX and self.max_run_hours is not None:
            yield Problem("max_run_hours", "Only flex machines end by themselves. Drop it, or write purchase: flex.")


def has_gpus(args: Mapping[str, Any]) -> bool | None:
    """Whether a pool with these inputs, its `cloud` among them, has GPUs; None where they are too broken to tell."""
    if args.get("accelerator"):
        return True
    try:
        return machine(args["cloud"], args["machine_types"][0]).accelerator is not None
    except UnknownMachineType:
        return False if args.get("shape") else None
    except (LookupError, TypeError):
        return None


def _repeated(items: list[Any]) -> list[Any]:
    return [item for item, times in Counter(items).items() if times > 1]


def _label_problems(key_path: str, key: str, value_path: str, value: str) -> Iterator[Problem]:
    domain, slash, name = key.rpartition("/")
    if not _NAME.fullmatch(name) or (slash and not _SUBDOMAIN.fullmatch(domain + slash)):
        yield Problem(
            key_path,
            f"'{key}' is no valid key. Write up to 63 letters, digits, '-', '_' or '.', beginning and ending "
            "with a letter or digit, if you like after a DNS name and a slash.",
        )
    if value and not _NAME.fullmatch(value):
        yield Problem(
            value_path,
            f"'{value}' is no valid value. Write up to 63 letters, digits, '-', '_' or '.', beginning and ending "
            "with a letter or digit.",
        )
