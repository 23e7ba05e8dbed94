"""What EKS adds to the rules of a cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from penstock.clusters.eks.endpoints import missing_endpoints
from penstock.clusters.eks.network_spec import PRIVATE, EksNetworkSpec, ipv4, range_problems
from penstock.clusters.eks.subnets import MOST_ZONES
from penstock.clusters.spec import ClusterSpec, adopted_network_problems
from penstock.problems import Problem
from penstock.spec import rule

# Regions of the partitions aws, aws-us-gov and aws-cn; their zones add a letter. A local zone (us-west-2-lax-1a) or a
# Wavelength zone has a longer name.
_REGION = re.compile(r"(us-gov|[a-z]{2})-[a-z]+-[0-9]")
_PRINCIPAL = re.compile(r"arn:aws[-a-z]*:iam::[0-9]{12}:(role|user)/.+")
_ROLE = re.compile(r"arn:aws[-a-z]*:iam::[0-9]{12}:role/.+")
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html
_DESCRIPTION = r"[a-zA-Z0-9. _:/()#,@\[\]+=&;{}!$*-]{0,255}"


def zone_problems(path: str, zones: list[str], region: str) -> Iterator[Problem]:
    """What is wrong with `zones` as zones of `region`."""
    for index, zone in enumerate(zones):
        if re.fullmatch(rf"{re.escape(region)}-.+", zone):
            yield Problem(
                f"{path}[{index}]",
                f"'{zone}' is a local or Wavelength zone, which has neither the control plane nor most machine types. "
                f"Write a zone of the region itself, for example {region}a.",
            )
        elif not re.fullmatch(rf"{_REGION.pattern}[a-z]", zone):
            yield Problem(f"{path}[{index}]", f"'{zone}' is no zone. Write one of {region}, for example {region}a.")
        elif zone[:-1] != region:
            yield Problem(f"{path}[{index}]", f"'{zone}' is not in {region}. Write one of its zones.")


class EksClusterSpec(ClusterSpec):
    """An EKS cluster."""

    network: EksNetworkSpec = EksNetworkSpec()

    changes_nothing: ClassVar[tuple[str, ...]] = (*ClusterSpec.changes_nothing, "network")

    @rule
    def an_adopted_cluster_has_its_network(self) -> Iterator[Problem]:
        for field in sorted(self.network.model_fields_set - {"isolated"} if self.adopt else ()):
            yield Problem(f"network.{field}", "An adopted cluster is not changed. Drop this.")

    @rule
    def location_is_a_region(self) -> Iterator[Problem]:
        if self.location is None or _REGION.fullmatch(self.location):
            return
        if _REGION.fullmatch(self.location[:-1]):
            region = self.location[:-1]
            yield Problem(
                "location", f"'{self.location}' is a zone. Write the region, {region}, and name the zone in zones."
            )
        else:
            yield Problem("location", f"'{self.location}' is no region. Write one, for example us-east-1.")

    @rule
    def zones_of_the_region(self) -> Iterator[Problem]:
        if self.zones and self.location and _REGION.fullmatch(self.location):
            yield from zone_problems("zones", self.zones, self.location)

    @rule
    def enough_zones_for_the_control_plane(self) -> Iterator[Problem]:
        # https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
        if self.adopt or self.network.adopt or self.zones is None:
            return
        if len(self.zones) == 1:
            yield Problem(
                "zones",
                "EKS wants subnets in two zones for its control plane. Write a second zone; to keep nodes in one, "
                "write that one as the zones of each pool.",
            )
        elif len(self.zones) > MOST_ZONES:
            yield Problem("zones", f"The VPC is shared out among {MOST_ZONES} zones at most. Write fewer.")

    @rule
    def an_adopted_network_is_subnets(self) -> Iterator[Problem]:
        adopted = self.network.adopt
        yield from adopted_network_problems(adopted, ("subnets",), "an EKS cluster")
        if adopted and adopted.subnets is not None:
            yield from _subnet_problems("network.adopt.subnets", adopted.subnets, self.zones)
            if len(adopted.subnets) < 2 and set(self.zones or ()) <= set(adopted.subnets):
                yield Problem(
                    "network.adopt.subnets",
                    "EKS wants subnets in two zones for its control plane. Write that of a second zone too; "
                    "nodes use only those of zones.",
                )

    @rule
    def an_adopted_cluster_says_where_nodes_go(self) -> Iterator[Problem]:
        if not self.adopt:
            return
        role = self.adopt.node_identity
        if role is None:
            yield Problem(
                "adopt.node_identity",
                "This is required on EKS. Write the ARN of the IAM role that new nodes run as: "
                "aws eks describe-nodegroup shows that of an existing one as nodeRole.",
            )
        elif isinstance(role, str) and role and not _ROLE.fullmatch(role):
            yield Problem(
                "adopt.node_identity", f"'{role}' is no IAM role. Write an ARN, arn:aws:iam::111122223333:role/…"
            )
        if self.adopt.subnets is None:
            yield Problem(
                "adopt.subnets", "This is required on EKS. Write the id of a private subnet for each of zones."
            )
        else:
            yield from _subnet_problems("adopt.subnets", self.adopt.subnets, self.zones)

    @rule
    def an_isolated_network_is_reached_from_inside(self) -> Iterator[Problem]:
        if not self.network.isolated or self.adopt:
            return
        if not self.private_endpoint:
            yield Problem(
                "private_endpoint",
                "Nothing outside reaches an isolated network, so its control plane must not be open to the internet "
                "either. Write true.",
            )
        if self.network.adopt or not self.location:
            return
        missing = missing_endpoints(self.location, self.observability)
        if missing:
            yield Problem(
                "network.isolated",
                f"AWS has no private endpoint for {', '.join(missing)} in {self.location}, which an isolated network "
                "needs. Write another region, or make the network yourself and write network.adopt.",
            )

    @rule
    def authorized_networks_are_ipv4(self) -> Iterator[Problem]:
        # 40 is EKS's quota. https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html
        if len(self.authorized_networks) > 40:
            yield Problem("authorized_networks", "EKS takes 40 of these at most. Join neighbouring ranges.")
        for index, authorized in enumerate(self.authorized_networks):
            path = f"authorized_networks[{index}].cidr"
            network = ipv4(authorized.cidr)
            if self.private_endpoint and not re.fullmatch(_DESCRIPTION, authorized.name):
                yield Problem(
                    f"authorized_networks[{index}].name",
                    f"'{authorized.name}' describes a rule of a security group. Write up to 255 plain letters, digits, "
                    "spaces or any of '._-:/()#,@[]+=&;{}!$*'.",
                )
            if network is None:
                yield from range_problems(path, authorized.cidr)
            elif not self.private_endpoint and any(network.overlaps(private) for private in PRIVATE):
                yield Problem(
                    path,
                    f"{network} is a private range, and the public endpoint sees public addresses only. Write the "
                    "address by which they leave their network, or private_endpoint: true.",
                )

    @rule
    def admins_are_principals(self) -> Iterator[Problem]:
        for index, admin in enumerate(self.admins):
            if not isinstance(admin, str) or not admin:
                continue
            if ":assumed-role/" in admin:
                yield Problem(
                    f"admins[{index}]",
                    f"'{admin}' is a session. Write the role's own ARN, arn:aws:iam::111122223333:role/…",
                )
            elif not _PRINCIPAL.fullmatch(admin):
                yield Problem(
                    f"admins[{index}]",
                    f"'{admin}' is no IAM role or user. Write an ARN, arn:aws:iam::111122223333:role/…",
                )
            elif admin in self.admins[:index]:
                yield Problem(f"admins[{index}]", f"'{admin}' stands there more than once. Write it once.")

    @rule
    def the_key_is_one_of_the_region(self) -> Iterator[Problem]:
        key = self.secrets_key
        if isinstance(key, str) and key and self.location:
            found = re.fullmatch(r"arn:aws[-a-z]*:kms:([-a-z0-9]+):[0-9]{12}:key/.+", key)
            if not found or found[1] != self.location:
                yield Problem(
                    "secrets_key",
                    f"'{key}' is no KMS key of {self.location}. Write its ARN, "
                    f"arn:aws:kms:{self.location}:111122223333:key/…, not that of an alias.",
                )

    @rule
    def labels_are_tags(self) -> Iterator[Problem]:
        # https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html; AWS takes 50 of a
        # thing, of which ten are kept for Kubernetes', EKS's and the pools' own.
        if len(self.labels) > 40:
            yield Problem("labels", f"AWS takes 40 tags beside the cluster's own. Write fewer than {len(self.labels)}.")
        for key, value in self.labels.items():
            if key == "Name" or key.lower().startswith(("aws:", "kubernetes.io/", "k8s.io/", "eks:")):
                yield Problem(f"labels.{key}", f"'{key}' is a tag that AWS or the cluster sets itself. Write another.")
            elif not re.fullmatch(r"[\w .:/=+@-]{1,128}", key) or not re.fullmatch(r"[\w .:/=+@-]{0,256}", value):
                yield Problem(
                    f"labels.{key}",
                    f"'{key}: {value}' is no AWS tag. Write up to 128 letters, digits, spaces or any of '.:/=+@_-', "
                    "and as a value up to 256 of them.",
                )


def _subnet_problems(path: str, subnets: Mapping[str, Any], zones: list[str] | None) -> Iterator[Problem]:
    for zone in zones or ():
        if zone not in subnets:
            yield Problem(path, f"There is none for {zone}. Write the id of a private subnet in that zone.")
    for zone, subnet in subnets.items():
        if not re.fullmatch(rf"{_REGION.pattern}[a-z]", zone):
            yield Problem(f"{path}.{zone}", f"'{zone}' is no zone. Write its name, for example us-east-1a.")
        if isinstance(subnet, str) and subnet and not re.fullmatch(r"subnet-[0-9a-f]+", subnet):
            yield Problem(
                f"{path}.{zone}", f"'{subnet}' is no subnet. Write an id, for example subnet-0123456789abcdef0."
            )
