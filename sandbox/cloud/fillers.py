"""Values for outputs of which nothing is known but their name and type: plausible, and the same for the same id."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from sandbox.cloud.schema import ResourceType
from sandbox.cloud.schema.shapes import ListOf, MapOf, Scalar, Shape
from sandbox.cloud.values import Properties


def fill_outputs(resource: ResourceType, outputs: Properties, settings: Mapping[str, Any], seed: str) -> None:
    """Gives every output that the SDK promises, and that is missing, a value in place."""
    for name, output in resource.outputs.items():
        if output.optional or outputs.get(name) is not None:
            continue
        value = settings.get(name)
        if value is None and name in resource.inputs.properties:
            value = _empty(output.shape)
        elif value is None:
            value = _plausible(name, output.shape, f"{seed}#{name}")
        if value is not None:
            outputs[name] = value


def _empty(shape: Shape) -> Any:
    match shape:
        case Scalar():
            return {"string": "", "integer": 0, "number": 0, "boolean": False}[shape.kind]
        case ListOf():
            return []
        case MapOf():
            return {}
        case _:
            return None


def _plausible(name: str, shape: Shape, seed: str) -> Any:
    if not (isinstance(shape, Scalar) and shape.kind == "string"):
        return _empty(shape)
    digest = hashlib.sha256(seed.encode()).hexdigest()
    if re.search(r"(Time|Timestamp|Date|At)$|^time", name):
        return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if re.search(r"(Ip|IpAddress|Ipv4)$|^ip(Address)?$", name):
        return "10." + ".".join(str(int(digest[place : place + 2], 16)) for place in (0, 2, 4))
    if re.search(r"(Url|Uri|Endpoint)$|^(url|uri|endpoint)$", name):
        return f"https://{digest[:12]}.sandbox.invalid"
    return f"{name}-{digest[:8]}"
