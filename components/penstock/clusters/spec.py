"""What may be asked of a cluster."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field, StrictBool

from penstock.clusters.args import Observability, ReleaseChannel
from penstock.problems import Problem
from penstock.refs import Cloud
from penstock.spec import Spec, WholeNumber, rule

_REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")
_ZONE = re.compile(r"([a-z]+-[a-z]+[0-9]+)-[a-z][a-z0-9]*")
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def gke_name_problems(name: str, kind: str = "pool", suffix: str = "") -> Iterator[Problem]:
    """What is wrong with `name`: GKE's 40 characters less those that make a replacement possible, and less `suffix`."""
    if not re.fullmatch(r"[a-z]([-a-z0-9]{0,30}[a-z0-9])?", name + suffix):
        yield Problem(
            "",
            f"'{name}' is no name for a {kind}. Write up to {32 - len(suffix)} lower-case letters, digits or '-', "
            "beginning with a letter and ending with a letter or digit.",
        )


def zone_problems(path: str, zones: list[str], region: str) -> Iterator[Problem]:
    """What is wrong with `zones` as zones of `region`."""
    for index, zone in enumerate(zones):
        match = _ZONE.fullmatch(zone)
        if not match:
            yield Problem(f"{path}[{index}]", f"'{zone}' is no zone. Write one of {region}, for example {region}-a.")
        elif match[1] != region:
            yield Problem(f"{path}[{index}]", f"'{zone}' is not in {region}. Write one of its zones.")
        elif zone in zones[:index]:
            yield Problem(f"{path}[{index}]", f"'{zone}' stands there more than once. Write it once.")


def name_problems(path: str, value: Any) -> Iterator[Problem]:
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
    network: Any = Field(description="the name of the network")
    subnetwork: Any = Field(description="the name of the subnetwork")
    pod_range: Any = Field(description="the name of the secondary range for pods")
    service_range: Any = Field(description="the name of the secondary range for services")

    @rule
    def named(self) -> Iterator[Problem]:
        for field in ("network", "subnetwork", "pod_range", "service_range"):
            yield from name_problems(field, getattr(self, field))


class NetworkSpec(Spec):
    adopt: AdoptedNetworkSpec | None = None
    node_cidr: str = "10.0.0.0/20"
    pod_cidr: str = "10.4.0.0/14"
    service_cidr: str = "10.8.0.0/20"

    @rule
    def ranges_are_for_a_network_of_ours(self) -> Iterator[Problem]:
        for field in ("node_cidr", "pod_cidr", "service_cidr"):
            if self.adopt and field in self.model_fields_set:
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

    @rule
    def long_enough(self) -> Iterator[Problem]:
        # GKE refuses windows that leave it less than 48 hours in 32 days (four whole weeks of the recurrence).
        # https://cloud.google.com/kubernetes-engine/docs/concepts/maintenance-windows-and-exclusions
        if self.hours * len(set(self.days)) * 4 < 48:
            yield Problem("hours", "GKE wants at least 48 hours in any 32 days. Write more hours or more days.")


class AdoptedClusterSpec(Spec):
    name: str = Field(min_length=1, description="the name of the existing cluster")
    node_service_account: Any = None


class ClusterSpec(Spec):
    """A cluster; see `ClusterArgs` for what each field means."""

    hints: ClassVar[dict[str, str]] = {
        "region": "Write location.",
        "name": "The cluster is named after the component. To use an existing one write adopt: {name: …}.",
    }

    cloud: Cloud = Field(description="gcp")
    location: str = Field(description="the region, for example us-central1")
    zones: list[str] = Field(min_length=1, description="a list of zones of that region, for example [us-central1-a]")
    project: Any = None
    adopt: AdoptedClusterSpec | None = None
    release_channel: ReleaseChannel = ReleaseChannel.REGULAR
    network: NetworkSpec = NetworkSpec()
    private_endpoint: StrictBool = False
    authorized_networks: list[AuthorizedNetworkSpec] = Field(default=[], max_length=100)
    observability: Observability = Observability.FULL
    maintenance_window: MaintenanceWindowSpec | None = None
    secrets_key: Any = None
    deletion_protection: StrictBool = True
    labels: dict[str, str] = {}

    @rule
    def location_is_a_region(self) -> Iterator[Problem]:
        if self.adopt and _ZONE.fullmatch(self.location):
            return  # somebody else's zonal cluster
        if _ZONE.fullmatch(self.location):
            region = self.location.rpartition("-")[0]
            yield Problem(
                "location",
                f"'{self.location}' is a zone: its loss would be the control plane's. Write the region, {region}.",
            )
        elif not _REGION.fullmatch(self.location):
            yield Problem("location", f"'{self.location}' is no region. Write one, for example us-central1.")

    @rule
    def zones_of_the_region(self) -> Iterator[Problem]:
        zonal = _ZONE.fullmatch(self.location)
        yield from zone_problems("zones", self.zones, zonal[1] if zonal else self.location)

    @rule
    def an_adopted_cluster_is_as_it_is(self) -> Iterator[Problem]:
        fixed = {"cloud", "location", "zones", "project", "adopt"}
        for field in sorted(self.model_fields_set - fixed if self.adopt else ()):
            yield Problem(field, "An adopted cluster is not changed. Drop this.")

    @rule
    def label_syntax(self) -> Iterator[Problem]:
        # https://cloud.google.com/compute/docs/labeling-resources#requirements
        for key, value in self.labels.items():
            if not re.fullmatch(r"[a-z][-_a-z0-9]{0,62}", key) or not re.fullmatch(r"[-_a-z0-9]{0,63}", value):
                yield Problem(
                    f"labels.{key}",
                    f"'{key}: {value}' is no cloud label. Write up to 63 lower-case letters, digits, '-' or '_'; "
                    "a key begins with a letter.",
                )

    @rule
    def inputs_are_names(self) -> Iterator[Problem]:
        for field in ("project", "secrets_key"):
            if getattr(self, field) is not None:
                yield from name_problems(field, getattr(self, field))
