"""What AKS adds to the rules of a cluster."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from penstock.clusters.aks.zones import Zone, zone_problems
from penstock.clusters.args import Observability, ReleaseChannel
from penstock.clusters.spec import ClusterSpec, NetworkSpec, SystemPoolSpec, adopted_network_problems
from penstock.problems import Problem
from penstock.refs import Cloud
from penstock.spec import rule
from penstock_cost import UnknownMachineType, machine

_REGION = re.compile(r"[a-z]+[0-9]*")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SUBNET_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Network/virtualNetworks/[^/]+/subnets/[^/]+", re.I
)
_KEY_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.KeyVault/vaults/[^/]+/keys/[^/]+", re.IGNORECASE
)

SYSTEM_MACHINE = "Standard_D4s_v5"  # whose price is known in every region of the price book
_SYSTEM_VCPU, _SYSTEM_NODES = 4, 2  # articles/aks/use-system-pools.md, Limitations
# articles/aks/concepts-network-cni-overview.md
_TAKEN_RANGES = ("169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24")
_MOST_TAGS = 48  # of Azure's 50; a pool adds two of its own


class AksNetworkSpec(NetworkSpec):
    ranges_beside_adopted = ("pod_cidr", "service_cidr")

    @rule
    def ranges_that_aks_takes(self) -> Iterator[Problem]:
        for field in ("node_cidr", "pod_cidr", "service_cidr"):
            try:
                network = ipaddress.ip_network(getattr(self, field))
            except ValueError:
                continue
            if network.version != 4:
                yield Problem(field, "Write a range of IPv4 addresses.")
                continue
            for taken in map(ipaddress.ip_network, _TAKEN_RANGES):
                if network.overlaps(taken):
                    yield Problem(field, f"AKS keeps {taken} for itself, and {network} overlaps it. Write another.")

    @rule
    def ranges_have_room(self) -> Iterator[Problem]:
        # articles/aks/concepts-network-azure-cni-overlay.md: each node takes a /24 of the pods' range
        for field, widest, narrowest in (("pod_cidr", 8, 24), ("service_cidr", 13, 28), ("node_cidr", 8, 28)):
            try:
                size = ipaddress.ip_network(getattr(self, field)).prefixlen
            except ValueError:
                continue
            if not widest <= size <= narrowest:
                yield Problem(field, f"AKS takes /{widest} to /{narrowest} here, not /{size}. Write one of those.")


class AksSystemPoolSpec(SystemPoolSpec):
    hints: ClassVar[dict[str, str]] = dict.fromkeys(
        ("spot", "purchase", "priority"),
        "The System pool cannot be spot: AKS needs it always. Drop this, and write spot pools for workloads.",
    )

    @rule
    def machine_is_big_enough(self) -> Iterator[Problem]:
        if self.machine_type is None:
            return
        try:
            shape = machine(Cloud.AZURE.value, self.machine_type)
        except UnknownMachineType as error:
            yield Problem("machine_type", str(error))
            return
        if shape.vcpu < _SYSTEM_VCPU:
            yield Problem(
                "machine_type", f"AKS wants at least {_SYSTEM_VCPU} vCPU. Write for example {SYSTEM_MACHINE}."
            )
        if shape.accelerator:
            yield Problem("machine_type", f"GPUs are for pools of their own. Write for example {SYSTEM_MACHINE}.")

    @rule
    def outlives_a_node(self) -> Iterator[Problem]:
        for field in ("min_nodes", "max_nodes"):
            nodes = getattr(self, field)
            if nodes is not None and nodes < _SYSTEM_NODES:
                yield Problem(field, f"AKS wants at least {_SYSTEM_NODES} nodes in a System pool. Write that.")


class AksClusterSpec(ClusterSpec):
    """An AKS cluster."""

    hints: ClassVar[dict[str, str]] = {
        **ClusterSpec.hints,
        "resource_group": "A new cluster gets one of its own. To use an existing cluster write adopt.",
    }

    zones: list[Zone] | None = Field(default=None, min_length=1)
    network: AksNetworkSpec = AksNetworkSpec()
    system_pool: AksSystemPoolSpec | None = None

    @property
    def private(self) -> bool:
        """Whether its control plane has a private address only."""
        return self.private_endpoint or self.network.isolated

    @property
    def watched(self) -> Observability:
        """What it sends to the cloud: in an isolated network there is no way for what its nodes would send."""
        return Observability.SYSTEM if self.network.isolated else self.observability

    @rule
    def location_is_a_region(self) -> Iterator[Problem]:
        if self.location is not None and not _REGION.fullmatch(self.location):
            yield Problem("location", f"'{self.location}' is no region of Azure. Write one, for example eastus.")

    @rule
    def zones_of_azure(self) -> Iterator[Problem]:
        yield from zone_problems("zones", self.zones or [])

    @rule
    def an_adopted_cluster_has_a_resource_group(self) -> Iterator[Problem]:
        if self.adopt and self.adopt.resource_group is None:
            yield Problem(
                "adopt.resource_group", "This is required. Write the resource group in which the cluster lies."
            )

    @rule
    def an_adopted_network_is_a_subnet(self) -> Iterator[Problem]:
        yield from adopted_network_problems(self.network.adopt, ("subnetwork",), "an AKS cluster")
        subnet = self.network.adopt.subnetwork if self.network.adopt else None
        if isinstance(subnet, str) and not _SUBNET_ID.fullmatch(subnet):
            yield Problem(
                "network.adopt.subnetwork",
                f"Write the id of a subnet, /subscriptions/…/virtualNetworks/…/subnets/…; not '{subnet}'.",
            )

    @rule
    def networks_reach_public_addresses_only(self) -> Iterator[Problem]:
        if self.private_endpoint and self.authorized_networks:
            yield Problem(
                "authorized_networks",
                "The control plane of a private cluster has no public address. Drop this, or private_endpoint.",
            )
        elif self.network.isolated and self.authorized_networks:
            yield Problem(
                "authorized_networks",
                "The control plane of an isolated cluster has no public address. Drop this, or network.isolated.",
            )

    @rule
    def nothing_leaves_an_isolated_network(self) -> Iterator[Problem]:
        asked = "observability" in self.model_fields_set and self.observability is Observability.FULL
        if asked and self.network.isolated:
            yield Problem(
                "observability",
                "Container insights cannot send from a network without a way out. Write system, or drop this.",
            )

    @rule
    def a_stated_version_does_not_run_away(self) -> Iterator[Problem]:
        if self.version and self.release_channel is ReleaseChannel.RAPID:
            yield Problem("version", "The rapid channel brings the newest version. Drop one of the two.")

    @rule
    def windows_are_on_one_day(self) -> Iterator[Problem]:
        if self.maintenance_window and len(set(self.maintenance_window.days)) > 1:
            yield Problem(
                "maintenance_window.days",
                "AKS takes one day of the week for a window. Write one, with more hours if you need them.",
            )

    @rule
    def admins_are_groups(self) -> Iterator[Problem]:
        for index, admin in enumerate(self.admins):
            if isinstance(admin, str) and admin and not _GUID.fullmatch(admin):
                yield Problem(f"admins[{index}]", f"Write the object id of an Entra ID group, not '{admin}'.")

    @rule
    def the_key_is_a_resource(self) -> Iterator[Problem]:
        key: Any = self.secrets_key
        if isinstance(key, str) and key and not _KEY_ID.fullmatch(key):
            yield Problem(
                "secrets_key",
                f"Write the resource id of a key, /subscriptions/…/Microsoft.KeyVault/vaults/…/keys/…; not '{key}'.",
            )

    @rule
    def labels_make_tags(self) -> Iterator[Problem]:
        # https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations
        if len(self.labels) > _MOST_TAGS:
            yield Problem("labels", f"Azure takes 50 tags, of which pools need two. Write at most {_MOST_TAGS}.")
        for key, value in self.labels.items():
            if not re.fullmatch(r"[^<>%&\\?/]{1,512}", key) or re.match(r"(microsoft|azure|windows)", key, re.I):
                yield Problem(
                    f"labels.{key}",
                    f"'{key}' is no name of a tag. Write up to 512 characters without <>%&\\?/, beginning neither with "
                    "microsoft nor with azure nor with windows.",
                )
            if len(value) > 256:
                yield Problem(f"labels.{key}", "A tag's value has at most 256 characters. Write a shorter one.")
