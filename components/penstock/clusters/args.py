"""The inputs of `Cluster`, as users and other Pulumi languages see them."""

from enum import StrEnum
from typing import NotRequired, TypedDict

import pulumi

from penstock.refs import Cloud


class ReleaseChannel(StrEnum):
    """How soon the control plane and its nodes get new Kubernetes versions."""

    RAPID = "rapid"
    """As soon as they are there; not covered by the cloud's service agreement."""
    REGULAR = "regular"
    """Two to three months later."""
    STABLE = "stable"
    """Three to four months after that."""
    EXTENDED = "extended"
    """As regular, but a version is supported for two years; its last year is charged for."""


class Observability(StrEnum):
    """What logs and metrics a cluster sends to the cloud. All but the system's own are billed by volume."""

    SYSTEM = "system"
    """The system's logs and metrics, and GPU metrics."""
    FULL = "full"
    """Also the workloads' logs, and metrics of pods, workloads, storage, autoscalers and containers."""


class AuthorizedNetwork(TypedDict):
    """A network that may reach the control plane's address."""

    cidr: str
    """For example `203.0.113.0/24`."""
    name: NotRequired[str]
    """What it is, for the cloud's console."""


class AdoptedNetwork(TypedDict):
    """A network that exists already; which of these it takes depends on the cloud."""

    network: NotRequired[pulumi.Input[str]]
    """GCP: name or self link of the network."""
    subnetwork: NotRequired[pulumi.Input[str]]
    """GCP: name or self link of the subnetwork, in the cluster's region. Azure: id of the subnet."""
    pod_range: NotRequired[pulumi.Input[str]]
    """GCP: name of its secondary range for pods."""
    service_range: NotRequired[pulumi.Input[str]]
    """GCP: name of its secondary range for services."""
    subnets: NotRequired[dict[str, pulumi.Input[str]]]
    """AWS: id of the private subnet in each zone."""


class Network(TypedDict):
    """The network of the cluster."""

    adopt: NotRequired[AdoptedNetwork]
    """Uses an existing network. Default: one is made for the cluster, with a NAT gateway for its way out."""
    isolated: NotRequired[bool]
    """Whether it has no way out: no NAT gateway; the cloud's services are reached by private endpoints. Default:
    false."""
    node_cidr: NotRequired[str]
    """Addresses of nodes. Default: `10.0.0.0/20` (4,092 nodes); on AWS, where pods take theirs from it too,
    `10.0.0.0/16`."""
    pod_cidr: NotRequired[str]
    """Addresses of pods; a node takes 256. Default: `10.4.0.0/14` (1,024 nodes). None on AWS."""
    service_cidr: NotRequired[str]
    """Addresses of services. Default: `10.8.0.0/20` (4,096 services)."""


class MaintenanceWindow(TypedDict):
    """When the cloud may upgrade the control plane and the nodes."""

    start: str
    """The first window's start, RFC 3339 in UTC, for example `2026-01-03T02:00:00Z`."""
    hours: int
    """How long it is: 4 to 24 hours."""
    days: list[str]
    """Days of the week it recurs on, for example `SA`, `SU`. GKE wants 48 hours in any 32 days."""


class AdoptedCluster(TypedDict):
    """A cluster that exists already, and that this stack does not manage."""

    name: str
    """The cloud's name of the cluster; for a cluster of `cloud: existing` any name that it is to have here."""
    node_identity: NotRequired[pulumi.Input[str]]
    """What new pools run as: email of a service account (GCP; default: the cloud's default account), ARN of an IAM
    role (AWS; required)."""
    resource_group: NotRequired[pulumi.Input[str]]
    """Azure: the resource group in which it lies; required there."""
    subnets: NotRequired[dict[str, pulumi.Input[str]]]
    """AWS: id of the nodes' subnet in each zone; required there."""
    kubeconfig: NotRequired[pulumi.Input[str]]
    """`cloud: existing`: a kubeconfig, or the path of one; required there."""
    context: NotRequired[str]
    """`cloud: existing`: the context of that kubeconfig. Default: its current one."""


class SystemPool(TypedDict):
    """The pool that an AKS cluster is made with, for what Azure itself runs in it."""

    machine_type: NotRequired[str]
    """Its machine type, of at least 4 vCPU. Default: `Standard_D4s_v5`."""
    min_nodes: NotRequired[int]
    """The fewest nodes, over all zones. Default: one a zone, and at least 2."""
    max_nodes: NotRequired[int]
    """The most nodes, over all zones. Default: twice as many."""


class ClusterArgs(TypedDict):
    """A Kubernetes cluster without workers; node pools are components of their own."""

    cloud: Cloud
    """Where it runs."""
    location: NotRequired[str]
    """The region, for example `us-central1`; its control plane is replicated over the region's zones. Required in every
    cloud; for an existing cluster a name of the place."""
    zones: NotRequired[list[str]]
    """The zones of its nodes, for example `us-central1-a` (Azure: `1`); a pool can take fewer. Required in every
    cloud."""
    version: NotRequired[str]
    """The minor version of Kubernetes, for example `1.34`. Default: the one that the cloud gives a new cluster."""
    project: NotRequired[pulumi.Input[str]]
    """GCP: the project id. Default: the provider's."""
    adopt: NotRequired[AdoptedCluster]
    """Takes over an existing cluster as the home of new pools, and changes nothing of it. Default: one is made."""
    release_channel: NotRequired[ReleaseChannel]
    """How soon it gets new versions. Default: `regular`."""
    system_pool: NotRequired[SystemPool]
    """Azure: the pool that the cluster is made with. The others have none."""
    network: NotRequired[Network]
    """Its network. Default: one is made."""
    private_endpoint: NotRequired[bool]
    """Whether the control plane is reachable from inside the network only. Default: false."""
    authorized_networks: NotRequired[list[AuthorizedNetwork]]
    """Who may reach the control plane's address. Default: on GKE nobody by address, only IAM by its DNS name; elsewhere
    everybody, who then has to be let in by IAM or Entra ID."""
    admins: NotRequired[list[pulumi.Input[str]]]
    """Who administers the cluster beside whoever deploys it: ARNs of IAM roles or users (AWS), object ids of Entra ID
    groups (Azure). On GCP IAM roles of the project say so. On AWS whoever makes the cluster has access already, and EKS
    refuses a second entry: leave that role or user out."""
    observability: NotRequired[Observability]
    """What logs and metrics it sends to the cloud. Default: `full`."""
    maintenance_window: NotRequired[MaintenanceWindow]
    """When it is upgraded. Default: whenever the cloud likes."""
    secrets_key: NotRequired[pulumi.Input[str]]
    """The key that encrypts secrets in etcd: `projects/…/cryptoKeys/…` (GCP) or the ARN of a KMS key (AWS), where by
    default one is made; id of a key vault's key (Azure), where by default Azure encrypts with its own."""
    registry: NotRequired[str]
    """The registry that mirrors the public ones, for example `registry.example.com/mirror`: the images of controllers
    are taken from it. Default: the public ones."""
    deletion_protection: NotRequired[bool]
    """Whether the cluster, its key and its network refuse to be deleted. Default: true."""
    labels: NotRequired[dict[str, str]]
    """Labels of the cluster in the cloud, by which its cost is allocated."""
