"""What may be asked of a cluster."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field, StrictBool

from penstock.clusters.args import Observability, ReleaseChannel
from penstock.options import refusals
from penstock.problems import Problem
from penstock.refs import Cloud
from penstock.spec import Spec, WholeNumber, rule

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def input_problems(path: str, value: Any) -> Iterator[Problem]:
    """What is wrong with `value` as a name that may also be an output of another resource."""
    if value == "" or value is None or isinstance(value, bool | int | float | list | dict):
        yield Problem(path, f"Write a name, not {value!r}.")


def _network_problems(path: str, cidr: str) -> Iterator[Problem]:
    try:
        ipaddress.ip_network(cidr)
    except ValueError as error:
        yield Problem(path, f"{str(error)[:1].upper()}{str(error)[1:]}. Write a range, for example 10.0.0.0/20.")


class AuthorizedNetworkSpec(Spec):
    cidr: str = Field(description="a range of addresses, for example 203.0.113.0/24")
    name: str = ""

    @rule
    def is_a_network(self) -> Iterator[Problem]:
        yield from _network_problems("cidr", self.cidr)
        if self.cidr == "0.0.0.0/0":
            yield Problem("cidr", "This is everybody. Name the networks of the people who need it.")


class AdoptedNetworkSpec(Spec):
    network: Any = None
    subnetwork: Any = None
    pod_range: Any = None
    service_range: Any = None
    subnets: dict[str, Any] | None = Field(default=None, min_length=1)

    @rule
    def named(self) -> Iterator[Problem]:
        for field in ("network", "subnetwork", "pod_range", "service_range"):
            if field in self.model_fields_set:
                yield from input_problems(field, getattr(self, field))
        for zone, subnet in (self.subnets or {}).items():
            yield from input_problems(f"subnets.{zone}", subnet)


class NetworkSpec(Spec):
    adopt: AdoptedNetworkSpec | None = None
    isolated: StrictBool = False
    node_cidr: str = "10.0.0.0/20"
    pod_cidr: str = "10.4.0.0/14"
    service_cidr: str = "10.8.0.0/20"

    ranges_beside_adopted: ClassVar[tuple[str, ...]] = ()
    """The ranges that are the cluster's own, also where its network is adopted."""

    @rule
    def ranges_are_for_a_network_of_ours(self) -> Iterator[Problem]:
        for field in ("node_cidr", "pod_cidr", "service_cidr"):
            if self.adopt and field in self.model_fields_set and field not in self.ranges_beside_adopted:
                yield Problem(field, "An adopted network has its own ranges. Drop this.")

    @rule
    def ranges_do_not_overlap(self) -> Iterator[Problem]:
        networks = {}
        for field in ("node_cidr", "pod_cidr", "service_cidr"):
            problems = list(_network_problems(field, getattr(self, field)))
            yield from problems
            if not problems:
                networks[field] = ipaddress.ip_network(getattr(self, field))
        fields = list(networks)
        for index, field in enumerate(fields):
            for other in fields[:index]:
                if networks[field].version == networks[other].version and networks[field].overlaps(networks[other]):
                    yield Problem(field, f"{networks[field]} overlaps {other}, {networks[other]}. Write another.")


class MaintenanceWindowSpec(Spec):
    start: str = Field(description="when the first window starts, for example 2026-01-03T02:00:00Z")
    hours: WholeNumber = Field(ge=4, le=24, description="how long it is, 4 to 24 hours")
    days: list[str] = Field(min_length=1, description="days of the week, for example [SA, SU]")

    @rule
    def start_is_a_time(self) -> Iterator[Problem]:
        try:
            zoned = self.start.endswith("Z") and datetime.fromisoformat(self.start)
        except ValueError:
            zoned = False
        if not zoned:
            yield Problem("start", f'Write a time in UTC, in quotes: "2026-01-03T02:00:00Z", not {self.start}.')

    @rule
    def days_of_the_week(self) -> Iterator[Problem]:
        for index, day in enumerate(self.days):
            if day not in _DAYS:
                yield Problem(f"days[{index}]", f"Write one of {', '.join(_DAYS)}, not '{day}'.")
            elif day in self.days[:index]:
                yield Problem(f"days[{index}]", f"'{day}' stands there more than once. Write it once.")


class AdoptedClusterSpec(Spec):
    name: str = Field(min_length=1, description="the name of the existing cluster")
    node_identity: Any = None
    resource_group: Any = None
    subnets: dict[str, Any] | None = Field(default=None, min_length=1)
    kubeconfig: Any = None
    context: str | None = Field(default=None, min_length=1)

    @rule
    def inputs_are_names(self) -> Iterator[Problem]:
        for field in ("node_identity", "resource_group", "kubeconfig"):
            if field in self.model_fields_set:
                yield from input_problems(field, getattr(self, field))
        for zone, subnet in (self.subnets or {}).items():
            yield from input_problems(f"subnets.{zone}", subnet)


class SystemPoolSpec(Spec):
    machine_type: str | None = None
    min_nodes: WholeNumber | None = Field(default=None, ge=1, le=1000)
    max_nodes: WholeNumber | None = Field(default=None, ge=1, le=1000)

    @rule
    def bounds(self) -> Iterator[Problem]:
        if self.min_nodes is not None and self.max_nodes is not None and self.min_nodes > self.max_nodes:
            yield Problem("max_nodes", f"Write at least {self.min_nodes}, the min_nodes; not {self.max_nodes}.")


class ClusterSpec(Spec):
    """A cluster in any cloud; see `ClusterArgs` for what each field means. Each cloud's own rules are in its folder."""

    hints: ClassVar[dict[str, str]] = {
        "region": "Write location.",
        "name": "The cluster is named after the component. To use an existing one write adopt: {name: …}.",
        "kubernetes_version": "Write version.",
    }

    cloud: Cloud = Field(description="one of gcp, aws, azure, existing")
    location: str | None = None
    zones: list[str] | None = Field(default=None, min_length=1)
    version: str | None = None
    project: Any = None
    adopt: AdoptedClusterSpec | None = None
    release_channel: ReleaseChannel = ReleaseChannel.REGULAR
    system_pool: SystemPoolSpec | None = None
    network: NetworkSpec = NetworkSpec()
    private_endpoint: StrictBool = False
    authorized_networks: list[AuthorizedNetworkSpec] = Field(default=[], max_length=100)
    admins: list[Any] = Field(default=[], max_length=50)
    observability: Observability = Observability.FULL
    maintenance_window: MaintenanceWindowSpec | None = None
    secrets_key: Any = None
    registry: str | None = None
    deletion_protection: StrictBool = True
    labels: dict[str, str] = {}

    changes_nothing: ClassVar[tuple[str, ...]] = (
        "cloud", "location", "zones", "project", "adopt", "version", "registry"
    )  # fmt: skip
    """What may be said of a cluster that is adopted."""

    @rule
    def options_of_this_cloud(self) -> Iterator[Problem]:
        yield from refusals(type(self).__module__.rpartition(".")[0], self)

    @rule
    def somewhere(self) -> Iterator[Problem]:
        if self.location is None and self.cloud is not Cloud.EXISTING:
            yield Problem("location", f"This is required. Write the region, for example {_REGIONS[self.cloud]}.")

    @rule
    def in_some_zones(self) -> Iterator[Problem]:
        if self.zones is None and self.cloud is not Cloud.EXISTING:
            zone = _ZONES[self.cloud]
            yield Problem("zones", f"This is required. Write a list of zones of that region, for example [{zone}].")

    @rule
    def distinct_zones(self) -> Iterator[Problem]:
        for index, zone in enumerate(self.zones or ()):
            if zone in (self.zones or ())[:index]:
                yield Problem(f"zones[{index}]", f"'{zone}' stands there more than once. Write it once.")

    @rule
    def version_is_a_minor_one(self) -> Iterator[Problem]:
        if self.version is not None and not re.fullmatch(r"1\.[1-9][0-9]", self.version):
            yield Problem("version", f'Write a minor version in quotes, for example "1.34"; not {self.version!r}.')

    @rule
    def registry_is_a_host(self) -> Iterator[Problem]:
        if self.registry is not None and not re.fullmatch(
            r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]+)?(/[a-z0-9]+([-._]+[a-z0-9]+)*)*", self.registry
        ):
            yield Problem(
                "registry",
                f"'{self.registry}' is no registry. Write its host and path, for example registry.example.com/mirror.",
            )

    @rule
    def an_adopted_cluster_is_as_it_is(self) -> Iterator[Problem]:
        for field in sorted(self.model_fields_set - set(self.changes_nothing) if self.adopt else ()):
            yield Problem(field, "An adopted cluster is not changed. Drop this.")

    @rule
    def inputs_are_names(self) -> Iterator[Problem]:
        for field in ("project", "secrets_key"):
            if getattr(self, field) is not None:
                yield from input_problems(field, getattr(self, field))
        for index, admin in enumerate(self.admins):
            yield from input_problems(f"admins[{index}]", admin)


def adopted_network_problems(
    adopted: AdoptedNetworkSpec | None, takes: Sequence[str], what: str, path: str = "network.adopt"
) -> Iterator[Problem]:
    """What an adopted network lacks, or has in vain, for `what`, which `takes` these of its members."""
    if adopted is None:
        return
    for field in AdoptedNetworkSpec.model_fields:
        given = getattr(adopted, field, None) is not None
        if field in takes and not given:
            yield Problem(f"{path}.{field}", f"This is required for {what}. Write its name or id.")
        elif given and field not in takes:
            yield Problem(f"{path}.{field}", f"This is not for {what}, which takes {', '.join(takes)}. Drop it.")


_REGIONS = {Cloud.GCP: "us-central1", Cloud.AWS: "us-east-1", Cloud.AZURE: "eastus"}
_ZONES = {Cloud.GCP: "us-central1-a", Cloud.AWS: "us-east-1a", Cloud.AZURE: "1"}
