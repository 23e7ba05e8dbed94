"""What a look-up answers. Named tuples: immutable, and imported in half the time of dataclasses."""

from typing import NamedTuple


class UnknownMachineType(LookupError):  # noqa: N818 (it reads as what is wrong)
    """No such cloud or machine type is known here; the text says what to write instead."""


class Source(NamedTuple):
    """Where facts were read."""

    text: str
    as_of: str
    """The day of the facts as YYYY-MM-DD, or the month or year where no more is known."""


class Accelerator(NamedTuple):
    """The accelerators that are built into a machine type."""

    type: str
    """The cloud's own name: the GKE accelerator type (`nvidia-l4`), or the GPU name that Karpenter puts on
    nodes of EKS (`l4`) or AKS (`A100`); lower case where it puts none."""
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody needs here
    """Devices that Kubernetes sees. A slice of a GPU (`g4-standard-6`) is one device."""
    memory_gib: float
    """Nominal memory of one device. Error correction may keep up to 7 % of it."""

    @property
    def resource(self) -> str:
        """What Kubernetes counts it in: `nvidia.com/gpu`, `amd.com/gpu`, `aws.amazon.com/neuron` or `habana.ai/gaudi`.

        A type that no table has is taken for one of NVIDIA's.
        """
        from penstock_cost import tables  # here and below, because it imports this module

        row = tables.by_name("accelerators").get(self.type)
        return row["resource"] if row else "nvidia.com/gpu"

    @property
    def mig(self) -> bool | None:
        """Whether a whole device of this type can be cut into Multi-Instance GPUs; None: not known."""
        from penstock_cost import tables

        row = tables.by_name("accelerators").get(self.type)
        return tables.yes(row["mig"]) if row else None


class MachineType(NamedTuple):
    """A machine type of a cloud."""

    cloud: str
    name: str
    family: str
    """What its sizes have in common: `n2-highcpu`, `m5`, `NCads_A100_v4`."""
    vcpu: float
    """vCPU that may be used all the time: E2 machines that share a core show 2 and sustain 0.25 to 1."""
    memory_gib: float
    accelerator: Accelerator | None
    """What is built in; see `attachable` for what may be added."""
    architecture: str
    """`x86_64` or `arm64`."""
    regions: frozenset[str]
    """Regions in which the source lists it, maybe none. That another is missing says nothing."""
    source: str
    as_of: str
    """The day of the source as YYYY-MM-DD, or the month or year where no more is known; empty where
    a user stated the shape."""


class CustomShapes(NamedTuple):
    """The custom machine types that a family of Google Cloud allows."""

    vcpus: frozenset[int]
    min_gib_per_vcpu: float
    max_gib_per_vcpu: float
    """Types whose name ends in `-ext` may have more."""
    memory_step_mib: int
    extended_memory: bool
    """Whether names may end in `-ext`."""


class MachineFamily(NamedTuple):
    """What machine types of a series have in common, for example of `n2`, `a3-megagpu`, `m5` or `NCads_A100_v4`.

    Where a field is None nothing is known: refuse a wish only where it is False.
    """

    cloud: str
    name: str
    """On Google Cloud the beginning of the names of its machine types; elsewhere their `family`, or the name of
    the one machine type that differs from its siblings (`p5.4xlarge`)."""
    architecture: str
    """`x86_64` or `arm64`."""
    on_demand: bool | None
    """Whether a machine may be had at once, without a reservation, spot, a capacity block or flex-start."""
    spot: bool | None
    compact: bool | None
    """Whether its machines may be placed close to each other: GKE's compact placement, a cluster placement
    group of AWS. Always None on Azure, which names no machine that a proximity placement group does not take."""
    compact_max_nodes: int
    """Google Cloud only: most nodes that GKE puts into one compact placement; 0 where it has none. 0 elsewhere."""
    capacity_reservation: bool | None
    """Azure only: whether on-demand capacity may be reserved. None elsewhere."""
    premium_storage: bool | None
    """Azure only: whether Premium SSDs may be attached. None elsewhere."""
    disk_types: frozenset[str]
    """Google Cloud only: network disks that may be attached. Machines boot from those in `boot_disk_types`."""
    commitment_type: str | None
    """Google Cloud only: `type` of a `gcp.compute.RegionCommitment`; None: no resource-based commitment."""
    custom: CustomShapes | None
    """Google Cloud only."""
    sources: tuple[Source, ...]

    @property
    def boot_disk_types(self) -> frozenset[str]:
        """Google Cloud only: the disks from which a GKE node may boot."""
        return self.disk_types & {"pd-standard", "pd-balanced", "pd-ssd", "hyperdisk-balanced"}


class Efa(NamedTuple):
    """The Elastic Fabric Adapters of an EC2 instance type."""

    interfaces: int
    """Most adapters: one on each network card that takes one."""
    network_cards: int | None
    """Network cards, with those that take none; None: not known."""
    first_card: int | None
    """The index of the first card that takes an adapter; those after it do too. None: not known."""
    sources: tuple[Source, ...]


class LocalDisk(NamedTuple):
    """Disks that are built into the host of a machine and lost with it."""

    kind: str
    """`nvme`: given raw; `temp`: Azure's formatted temporary disk."""
    count: int | None  # type: ignore[assignment]  # hides tuple.count, which nobody needs here
    """None: not known."""
    total_gib: int
    """Of all of them together."""
    sources: tuple[Source, ...]


class AttachLimit(NamedTuple):
    """The largest machine to which a count of accelerators may be attached."""

    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody needs here
    max_vcpu: int
    max_memory_gib: int
    zones: frozenset[str]
    """The zones in which this holds; empty: every zone that no other limit of this count names."""


class AttachableAccelerator(NamedTuple):
    """An accelerator that is attached to machines that have none."""

    cloud: str
    type: str
    """The cloud's own name, for example `nvidia-tesla-t4`."""
    memory_gib: float
    """Nominal memory of one device."""
    family: str
    """The only machine family it goes with."""
    limits: tuple[AttachLimit, ...]
    regions: frozenset[str]
    """Regions in which a price list has it. That another is missing says nothing."""
    source: str
    as_of: str

    @property
    def counts(self) -> tuple[int, ...]:
        """How many may be attached to one machine."""
        return tuple(sorted({limit.count for limit in self.limits}))

    def max_vcpu(self, count: int, zone: str | None = None) -> int:
        """Most vCPU of a machine with `count` of them: in `zone`, or in whatever zone. Raises ValueError."""
        return min(limit.max_vcpu for limit in self._limits(count, zone))

    def max_memory_gib(self, count: int, zone: str | None = None) -> int:
        """Most GiB of a machine with `count` of them: in `zone`, or in whatever zone. Raises ValueError."""
        return min(limit.max_memory_gib for limit in self._limits(count, zone))

    def _limits(self, count: int, zone: str | None) -> list[AttachLimit]:
        limits = [limit for limit in self.limits if limit.count == count]
        if not limits:
            allowed = ", ".join(str(allowed) for allowed in self.counts)
            raise ValueError(f"{self.type} is attached in counts of {allowed}, not {count}.")
        if zone is None:
            return limits
        of_the_zone = [limit for limit in limits if zone in limit.zones]
        return of_the_zone or [limit for limit in limits if not limit.zones]
