"""What GKE adds to the rules of a cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator

from penstock.clusters.spec import ClusterSpec, adopted_network_problems
from penstock.problems import Problem
from penstock.spec import rule

_REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")
_ZONE = re.compile(r"([a-z]+-[a-z]+[0-9]+)-[a-z][a-z0-9]*")


def zone_problems(path: str, zones: list[str], region: str) -> Iterator[Problem]:
    """What is wrong with `zones` as zones of `region`."""
    for index, zone in enumerate(zones):
        match = _ZONE.fullmatch(zone)
        if not match:
            yield Problem(f"{path}[{index}]", f"'{zone}' is no zone. Write one of {region}, for example {region}-a.")
        elif match[1] != region:
            yield Problem(f"{path}[{index}]", f"'{zone}' is not in {region}. Write one of its zones.")


class GkeClusterSpec(ClusterSpec):
    """A GKE cluster."""

    @rule
    def location_is_a_region(self) -> Iterator[Problem]:
        if self.location is None or (self.adopt and _ZONE.fullmatch(self.location)):
            return  # missing, or somebody else's zonal cluster
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
        if self.location and self.zones:
            zonal = _ZONE.fullmatch(self.location)
            yield from zone_problems("zones", self.zones, zonal[1] if zonal else self.location)

    @rule
    def an_adopted_network_is_named(self) -> Iterator[Problem]:
        yield from adopted_network_problems(
            self.network.adopt, ("network", "subnetwork", "pod_range", "service_range"), "a GKE cluster"
        )

    @rule
    def windows_are_long_enough(self) -> Iterator[Problem]:
        # GKE refuses windows that leave it less than 48 hours in 32 days (four whole weeks of the recurrence).
        # https://cloud.google.com/kubernetes-engine/docs/concepts/maintenance-windows-and-exclusions
        window = self.maintenance_window
        if window and window.hours * len(set(window.days)) * 4 < 48:
            yield Problem(
                "maintenance_window.hours", "GKE wants at least 48 hours in any 32 days. Write more hours or more days."
            )

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
