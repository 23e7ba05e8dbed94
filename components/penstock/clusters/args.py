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
    """A network that exists already. Its subnetwork has secondary ranges for pods and services."""

    network: pulumi.Input[str]
    """Name or self link of the network."""
    subnetwork: pulumi.Input[str]
    """Name or self link of the subnetwork, in the cluster's region."""
    pod_range: pulumi.Input[str]
    """Name of its secondary range for pods."""
    service_range: pulumi.Input[str]
    """Name of its secondary range for services."""


class Network(TypedDict):
    """The network of the cluster."""

    adopt: NotRequired[AdoptedNetwork]
    """Uses an existing network. Default: one is made for the cluster, with a NAT gateway for its way out."""
    node_cidr: NotRequired[str]
    """Addresses of nodes. Default: `10.0.0.0/20` (4,092 nodes)."""
    pod_cidr: NotRequired[str]
    """Addresses of pods; a node takes 256. Default: `10.4.0.0/14` (1,024 nodes)."""
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
    """The cloud's name of the cluster."""
    node_service_account: NotRequired[pulumi.Input[str]]
    """Email of the service account that new pools run as. Default: the cloud's default account."""


class ClusterArgs(TypedDict):
    """A Kubernetes cluster without workers; node pools are components of their own."""

    cloud: Cloud
    """Where it runs."""
    location: str
    """The region, for example `us-central1`; its control plane is replicated over the region's zones."""
    zones: list[str]
    """The zones of its nodes, for example `us-central1-a`; a pool can take fewer."""
    project: NotRequired[pulumi.Input[str]]
    """The GCP project id. Default: the provider's."""
    adopt: NotRequired[AdoptedCluster]
    """Takes over an existing cluster as the home of new pools, and changes nothing of it. Default: one is made."""
    release_channel: NotRequired[ReleaseChannel]
    """How soon it gets new versions. Default: `regular`."""
    network: NotRequired[Network]
    """Its network. Default: one is made."""
    private_endpoint: NotRequired[bool]
    """Whether the control plane is reachable from inside the network only. Default: false."""
    authorized_networks: NotRequired[list[AuthorizedNetwork]]
    """Who may reach the control plane's address. Default: nobody by address, only IAM by its DNS name."""
    observability: NotRequired[Observability]
    """What logs and metrics it sends to the cloud. Default: `full`."""
    maintenance_window: NotRequired[MaintenanceWindow]
    """When it is upgraded. Default: whenever the cloud likes."""
    secrets_key: NotRequired[pulumi.Input[str]]
    """The KMS key that encrypts secrets in etcd, `projects/…/cryptoKeys/…`. Default: one is made."""
    deletion_protection: NotRequired[bool]
    """Whether the cluster, its key and its network refuse to be deleted. Default: true."""
    labels: NotRequired[dict[str, str]]
    """Labels of the cluster in the cloud, by which its cost is allocated."""
