"""Who asks, and where: the account, the partition, regions and zones."""

from __future__ import annotations

import hashlib
import re

from sandbox.cloud.aws.behaviour import ROLE
from sandbox.cloud.aws.invokes.asking import Question
from sandbox.cloud.aws.places import ACCOUNT, CALLER, local_zones, regions, zones
from sandbox.cloud.errors import CloudError, NotFoundError
from sandbox.cloud.values import Properties

_ASSUMED = re.compile(r"^arn:aws:sts::\d{12}:assumed-role/([^/]+)/(.+)$")


def get_caller_identity(question: Question) -> Properties:
    """The sandbox's own user."""
    return question.answer({"id": ACCOUNT, "accountId": ACCOUNT, "arn": CALLER, "userId": "AIDASANDBOXSANDBOX000"})


def get_partition(question: Question) -> Properties:
    """The sandbox knows the commercial partition."""
    return question.answer(
        {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}
    )


def get_region(question: Question) -> Properties:
    """A region by its name or its endpoint; without either the provider's."""
    asked, endpoint = question.arguments.get("name"), question.arguments.get("endpoint")
    if endpoint:
        asked = endpoint.removeprefix("ec2.").removesuffix(".amazonaws.com")
    name = asked or question.region
    if name not in regions():
        raise NotFoundError(f'finding Region using name "{name}": no matching EC2 Region found')
    known = {"description": regions()[name]["description"], "endpoint": f"ec2.{name}.amazonaws.com"}
    return question.answer({"id": name, "name": name, "region": name, **known})


def get_availability_zones(question: Question) -> Properties:
    """The zones of a region. Local zones are there for accounts that opted in to them: for this one they are seen
    with `allAvailabilityZones` only."""
    region, arguments = question.region, question.arguments
    found = [(name, id_, region, "opt-in-not-required") for name, id_ in zones(region).items()]
    if arguments.get("allAvailabilityZones"):
        found += [(name, id_, name[:-1], "not-opted-in") for name, id_ in local_zones(region).items()]
    for wanted in arguments.get("filters") or []:
        found = [zone for zone in found if _zone_fits(zone, wanted)]
    if arguments.get("state") in ("information", "impaired", "unavailable"):
        found = []
    barred = {*(arguments.get("excludeNames") or []), *(arguments.get("excludeZoneIds") or [])}
    found = sorted(zone for zone in found if not barred & {zone[0], zone[1]})
    return question.answer(
        {
            **arguments,
            "id": region,
            "region": region,
            "names": [zone[0] for zone in found],
            "zoneIds": [zone[1] for zone in found],
            "groupNames": sorted({zone[2] for zone in found}),
        }
    )


def get_session_context(question: Question) -> Properties:
    """The role behind an assumed role; users and other principals are their own issuers."""
    arn = question.arguments["arn"]
    assumed = _ASSUMED.match(arn)
    if assumed is None:
        return question.answer({"id": arn, "arn": arn, "issuerArn": arn})
    name, session = assumed.groups()
    role = question.lookup.store.get(ROLE, name)
    if role is None:
        raise NotFoundError(f"reading IAM Role ({name}): NoSuchEntity: The role with name {name} cannot be found.")
    issuer = {"issuerArn": role.outputs["arn"], "issuerId": role.outputs["uniqueId"], "issuerName": name}
    return question.answer({"id": arn, "arn": arn, "sessionName": session, **issuer})


def _zone_fits(zone: tuple[str, str, str, str], wanted: Properties) -> bool:
    name, id_, group, opt_in = zone
    known = {
        "zone-name": name,
        "zone-id": id_,
        "group-name": group,
        "opt-in-status": opt_in,
        "state": "available",
        "region-name": re.sub(r"(-\d).*", r"\1", name),
        "zone-type": "availability-zone" if opt_in == "opt-in-not-required" else "local-zone",
    }
    if wanted["name"] not in known:
        raise CloudError(f"InvalidParameterValue: The filter '{wanted['name']}' is invalid")
    return known[wanted["name"]] in wanted["values"]


def digest(text: str) -> str:
    """An id for an answer that has none of its own: the same for the same text."""
    return str(int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]))
