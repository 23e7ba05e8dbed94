"""The inputs of the node pool components, as users and other Pulumi languages see them.

Bounds, machine types, zones and everything else that decides which resources exist are plain values, so that a
preview is complete; ids and names of things that may still be created are inputs.
"""

from enum import StrEnum
from typing import NotRequired, TypedDict

import pulumi

from penstock.nodes.cost_args import PoolCost
from penstock.refs import Cloud, ClusterRef, Purchase, Taint


class GpuDriver(StrEnum):
    """Which GPU driver the cloud installs on the nodes."""

    DEFAULT = "default"
    """The cloud's default version for the node image."""
    LATEST = "latest"
    """The newest version that the cloud offers for the node image."""
    DISABLED = "disabled"
    """None: an operator in the cluster installs it."""


class GpuSharingStrategy(StrEnum):
    """How several pods share one GPU."""

    TIME_SHARING = "time_sharing"
    """Pods take turns. Nothing keeps them from one another's memory: not for different tenants."""
    MPS = "mps"
    """Pods run at the same time with limits on memory and compute (NVIDIA Multi-Process Service)."""


class GpuSharing(TypedDict):
    """Several pods on one GPU (or on one partition of it)."""

    strategy: GpuSharingStrategy
    """How they share it."""
    max_clients: int
    """How many pods share it: 2 to 48. A node offers GPUs x partitions x this many."""


class Accelerator(TypedDict):
    """The accelerators of a node."""

    type: NotRequired[str]
    """The cloud's name, for example `nvidia-l4`. Default: what the machine type has."""
    count: NotRequired[int]
    """How many a node has. Default: what the machine type has, or 1 where it is attached."""
    driver: NotRequired[GpuDriver]
    """Which driver the cloud installs. Default: `default`."""
    partition: NotRequired[str]
    """A MIG partition size, for example `1g.5gb`: each GPU is cut into as many of these as it holds."""
    sharing: NotRequired[GpuSharing]
    """Several pods on one GPU or partition. Default: one pod each."""


class DiskType(StrEnum):
    """Kinds of boot disk. Each cloud has its own names for them; not every cloud has all."""

    STANDARD = "standard"
    """Magnetic, or what the cloud sells as its cheapest."""
    BALANCED = "balanced"
    """SSD, priced between magnetic and performance SSD."""
    PERFORMANCE = "performance"
    """SSD with more operations and throughput a second."""
    LOCAL = "local"
    """The machine's own disk: fast, without a price of its own, and empty after a restart on another host."""


class Disk(TypedDict):
    """The boot disk of a node; images, container layers and emptyDir volumes live on it."""

    type: NotRequired[DiskType]
    """Default: `balanced`."""
    size_gib: NotRequired[int]
    """Size in GiB. Default: 100, for GPU pools 200 (model images are large)."""


class NodeImage(StrEnum):
    """Operating systems of nodes."""

    COS = "cos"
    """Container-Optimized OS (GKE)."""
    AL2023 = "al2023"
    """Amazon Linux 2023 (EKS)."""
    BOTTLEROCKET = "bottlerocket"
    """Bottlerocket (EKS)."""
    AZURE_LINUX = "azure_linux"
    """Azure Linux (AKS)."""
    UBUNTU = "ubuntu"
    """Ubuntu (AKS)."""


class Architecture(StrEnum):
    """Processor architectures."""

    X86_64 = "x86_64"
    """Intel and AMD."""
    ARM64 = "arm64"
    """Arm."""


class Shape(TypedDict):
    """What a machine has, where its type is not known by name."""

    vcpu: float
    """How many vCPU."""
    memory_gib: float
    """Memory in GiB."""
    architecture: NotRequired[Architecture]
    """Default: `x86_64`."""


class Surge(TypedDict):
    """How nodes are replaced by an upgrade."""

    max_surge: NotRequired[int]
    """How many nodes are added meanwhile. Default: 0."""
    max_unavailable: NotRequired[int]
    """How many nodes may be missing meanwhile. Default: 0."""


class CommitmentTerm(StrEnum):
    """How long a commitment runs."""

    ONE_YEAR = "1y"
    """One year."""
    THREE_YEARS = "3y"
    """Three years."""


class CommitmentPayment(StrEnum):
    """When a commitment is paid."""

    NO_UPFRONT = "no_upfront"
    """Monthly. GCP knows nothing else."""
    PARTIAL_UPFRONT = "partial_upfront"
    """Part at the start, the rest monthly (AWS)."""
    ALL_UPFRONT = "all_upfront"
    """All at the start (AWS, Azure)."""


class CommitmentPurchase(TypedDict):
    """Buys the commitment with this stack. It cannot be undone, whatever becomes of the stack."""

    acknowledge: str
    """The sentence that says you mean it; a refused plan shows the sentence to write."""


class Commitment(TypedDict):
    """The commitment that covers a reserved pool. Declaring one changes the estimate; it buys nothing."""

    term: CommitmentTerm
    """How long it runs."""
    payment: NotRequired[CommitmentPayment]
    """When it is paid. Default: `no_upfront`."""
    purchase: NotRequired[CommitmentPurchase]
    """Buys it. Default: it has been bought elsewhere, or will be."""


class CapacityReservation(TypedDict):
    """Machines that the cloud holds for a pool: at full price even while unused, and without a discount."""

    create: NotRequired[bool]
    """True makes a reservation of `count` machines; false (the default) adopts the one called `name`."""
    name: NotRequired[pulumi.Input[str]]
    """Which existing reservation to adopt. A reservation of another project is `PROJECT/NAME`."""
    count: NotRequired[int]
    """How many machines a created reservation holds. Default: the pool's `max_nodes`."""
    placement_group: NotRequired[pulumi.Input[str]]
    """AWS: name of the cluster placement group that an adopted reservation was made in. Default: none."""


class NodePoolArgs(TypedDict):
    """A node pool."""

    cluster: pulumi.Input[ClusterRef]
    """The cluster it belongs to: the `ref` of a `Cluster`."""
    cloud: Cloud
    """The cloud of that cluster. It decides which resources exist, so it is plain."""
    machine_types: list[str]
    """The cloud's names of the machine types, for example `n2-standard-8`, the preferred one first. GKE and AKS take
    exactly one; on EKS several of equal shape make a spot pool last longer."""
    min_nodes: int
    """The fewest nodes, over all zones. 0 lets the pool vanish when nothing needs it."""
    max_nodes: int
    """The most nodes, over all zones. This bounds the bill."""
    purchase: NotRequired[Purchase]
    """How the machines are bought. Only `GpuNodePool` takes it; the others are named after theirs.
    Default: `on_demand`."""
    shape: NotRequired[Shape]
    """What a node has, where the catalogue does not know its machine type; its GPUs go under `accelerator`. Default:
    what the catalogue says."""
    unequal_shapes: NotRequired[bool]
    """Whether machine types may differ in vCPU, memory or GPUs, although the autoscaler reckons with the first one
    only. Default: false."""
    accelerator: NotRequired[Accelerator]
    """The accelerators of a node. Only `GpuNodePool` takes it. Default: what the machine type has."""
    labels: NotRequired[dict[str, str]]
    """Labels of the nodes, beside `penstock/pool` and `penstock/purchase`, which are always there."""
    taints: NotRequired[list[Taint]]
    """Taints of the nodes. A GPU pool has `nvidia.com/gpu=present:NoSchedule` beside these."""
    zones: NotRequired[list[str]]
    """The zones of the nodes. Default: the cluster's."""
    disk: NotRequired[Disk]
    """The boot disk."""
    surge: NotRequired[Surge]
    """How nodes are replaced by an upgrade. Default: one more at a time; in GPU and reserved pools, where there may be
    none to add, one less."""
    auto_repair: NotRequired[bool]
    """Whether the cloud replaces broken nodes. Default: true, except for `flex`, which cannot have it."""
    image: NotRequired[NodeImage]
    """The operating system of the nodes. Default: `cos` on GKE, `al2023` on EKS, `azure_linux` on AKS."""
    compact: NotRequired[bool]
    """Places the machines close to one another, in one zone. Default: false."""
    efa: NotRequired[bool]
    """AWS: gives every node all the Elastic Fabric Adapters that its machine type has. Default: false."""
    nodes: NotRequired[list[str]]
    """Existing clusters: the names of the pool's nodes, which get its labels and taints. Default: nodes that somebody
    else labels."""
    capacity_reservation: NotRequired[CapacityReservation]
    """Machines that the cloud holds for this pool. Default: none, and none are consumed."""
    commitment: NotRequired[Commitment]
    """The commitment that covers a reserved pool; required there, refused elsewhere."""
    max_run_hours: NotRequired[int]
    """For `flex`: how long a machine may run, 1 to 168 hours; required there, refused elsewhere."""
    cost: NotRequired[PoolCost]
    """How the pool is used, and for whom, for estimates of its cost. Default: not known."""


class Shares(TypedDict):
    """How much of a mix is bought in which way, in percent; together 100."""

    on_demand: NotRequired[int]
    """Percent at list price. Default: 0."""
    spot: NotRequired[int]
    """Percent as spot. Default: 0."""
    reserved: NotRequired[int]
    """Percent as an always-on baseline covered by a commitment. Default: 0."""


class PurchaseMixArgs(TypedDict):
    """One capacity request, split over several ways to buy it."""

    cluster: pulumi.Input[ClusterRef]
    """The cluster it belongs to: the `ref` of a `Cluster`."""
    cloud: Cloud
    """The cloud of that cluster. It decides which resources exist, so it is plain."""
    machine_types: list[str]
    """The cloud's names of the machine types, the preferred one first. GKE and AKS take exactly one."""
    shares: Shares
    """How much is bought in which way. Machines that stay are rounded up together, spot gets the rest."""
    nodes: NotRequired[int]
    """The capacity at its peak, in nodes; or write `target_rps` and `rps_per_node`."""
    target_rps: NotRequired[float]
    """The capacity at its peak, in requests a second. The nodes for it are never rounded below it."""
    rps_per_node: NotRequired[float]
    """How many requests a second one node serves: measure it."""
    commitment: NotRequired[Commitment]
    """The commitment that covers the reserved share; required where there is one."""
    shape: NotRequired[Shape]
    """What a node has, where the catalogue does not know its machine type. Default: what the catalogue says."""
    accelerator: NotRequired[Accelerator]
    """The accelerators of a node. Default: what the machine type has."""
    labels: NotRequired[dict[str, str]]
    """Labels of the nodes of all its pools: a workload selects the mix by these."""
    taints: NotRequired[list[Taint]]
    """Taints of the nodes of all its pools."""
    zones: NotRequired[list[str]]
    """The zones of the nodes. Default: the cluster's."""
    disk: NotRequired[Disk]
    """The boot disk."""
    surge: NotRequired[Surge]
    """How nodes are replaced by an upgrade. Default: one more at a time; in GPU and reserved pools, where there may be
    none to add, one less."""
    image: NotRequired[NodeImage]
    """The operating system of the nodes. Default: `cos` on GKE, `al2023` on EKS, `azure_linux` on AKS."""
    cost: NotRequired[PoolCost]
    """How the mix is used, and for whom, for estimates of its cost: its reserved nodes fill first, then those on
    demand, then spot. Default: not known."""
