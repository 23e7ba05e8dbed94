"""VPCs and subnets as data sources find them: by id, by properties, by tags, by filters."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Final

from sandbox.cloud.aws.behaviour import SUBNET, VPC
from sandbox.cloud.aws.invokes.asking import Question
from sandbox.cloud.errors import CloudError, NotFoundError
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import Properties

_FILTERS: Final = {
    "vpc-id": "vpcId",
    "subnet-id": "id",
    "availability-zone": "availabilityZone",
    "availability-zone-id": "availabilityZoneId",
    "cidr-block": "cidrBlock",
    "cidr": "cidrBlock",
    "map-public-ip-on-launch": "mapPublicIpOnLaunch",
    "owner-id": "ownerId",
}
_AWS_KEEPS = 5


def get_vpc(question: Question) -> Properties:
    """The one VPC that fits."""
    if question.arguments.get("default"):
        raise NotFoundError("no matching EC2 VPC found: the sandbox's account has no default VPC")
    vpc = _only(list(_fitting(question, VPC, ("id", "cidrBlock", "dhcpOptionsId"))), "EC2 VPC")
    block = {"associationId": f"vpc-cidr-assoc-{vpc.id[4:]}", "cidrBlock": vpc.outputs["cidrBlock"]}
    extra = {"cidrBlockAssociations": [{**block, "state": "associated"}], "state": "available", "default": False}
    return question.answer({**vpc.outputs, **extra, "id": vpc.id, "filters": question.arguments.get("filters")})


def get_subnet(question: Question) -> Properties:
    """The one subnet that fits."""
    named = ("id", "cidrBlock", "availabilityZone", "availabilityZoneId", "vpcId")
    subnet = _only(list(_fitting(question, SUBNET, named)), "EC2 Subnet")
    free = ipaddress.IPv4Network(subnet.outputs["cidrBlock"]).num_addresses - _AWS_KEEPS
    extra = {"state": "available", "defaultForAz": False, "availableIpAddressCount": free}
    return question.answer({**subnet.outputs, **extra, "id": subnet.id, "filters": question.arguments.get("filters")})


def get_subnets(question: Question) -> Properties:
    """The ids of all subnets that fit."""
    ids = sorted(found.id for found in _fitting(question, SUBNET, ()))
    return question.answer({**question.arguments, "id": question.region, "region": question.region, "ids": ids})


def _fitting(question: Question, type_: str, named: tuple[str, ...]) -> Iterator[CloudResource]:
    arguments, region = question.arguments, question.region
    for found in question.lookup.store.all(type_):
        shown = {**found.outputs, "id": found.id}
        tags = shown.get("tagsAll") or {}
        fits = shown["region"] == region and all(
            shown.get(name) == arguments[name] for name in named if arguments.get(name)
        )
        tagged = all(tags.get(name) == value for name, value in (arguments.get("tags") or {}).items())
        if fits and tagged and all(_passes(shown, tags, wanted) for wanted in arguments.get("filters") or []):
            yield found


def _passes(shown: Properties, tags: Properties, wanted: Properties) -> bool:
    name, values = wanted["name"], wanted["values"]
    if name.startswith("tag:"):
        return tags.get(name.removeprefix("tag:")) in values
    if name == "tag-key":
        return bool(tags.keys() & set(values))
    if name not in _FILTERS:
        raise CloudError(f"The sandbox does not know the filter {name}.")
    value = shown.get(_FILTERS[name])
    return (str(value).lower() if isinstance(value, bool) else value) in values


def _only(found: list[CloudResource], kind: str) -> CloudResource:
    if not found:
        raise NotFoundError(f"no matching {kind} found")
    if len(found) > 1:
        raise CloudError(f"multiple {kind}s matched; use additional constraints to reduce matches to a single {kind}")
    return found[0]
