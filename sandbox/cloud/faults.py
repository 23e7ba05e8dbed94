"""Faults on demand: the cloud refuses, stalls, or its provider dies.

A file lists them as JSON: `[{"operation": "create", "resource": "glob on URN or type", "fault": "quota", "times": 1}]`.
How often each one struck is kept beside the cloud's state, so that it survives the provider's death; a file that is
written anew begins anew.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from sandbox.cloud import tables
from sandbox.cloud.errors import CloudError
from sandbox.cloud.package import Call
from sandbox.cloud.values import Properties

FaultKind = Literal["quota", "no_capacity", "throttled", "timeout", "crash", "crash_after", "permission"]
OperationName = Literal["create", "update", "delete", "read", "check", "diff", "invoke", "*"]

# A throttled provider tries so often before it gives up, waiting so many seconds at first and twice as long each time.
_TRIES = 5
_FIRST_WAIT = 0.02
# Family, features, accelerator and version: `Standard_NC24ads_A100_v4` counts against standardNCADSA100V4Family.
_AZURE_SIZE = re.compile(r"Standard_([A-Z]+)\d+(?:-\d+)?([a-z]*)(?:_([A-Z]\w*?))?(?:_(v\d+))?")
_ACTIONS = {"create": "creating", "update": "updating", "delete": "deleting"}


class Fault(BaseModel):
    """A fault that strikes `times` operations of one sort, on the resources that the glob fits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operation: OperationName = "*"
    resource: str = "*"
    fault: FaultKind
    times: int = Field(default=1, ge=1)

    def fits(self, operation: str, call: Call) -> bool:
        """Whether the fault is meant for this."""
        subjects = (call.urn, call.type)
        return self.operation in (operation, "*") and any(fnmatchcase(text, self.resource) for text in subjects)


@dataclass(frozen=True)
class Faults:
    """The faults of a file, and the counter in the cloud's folder."""

    faults: tuple[Fault, ...] = ()
    source: str = ""
    counter: Path | None = None

    @classmethod
    def load(cls, file: Path | None, state: Path) -> Faults:
        """Reads the file; raises `pydantic.ValidationError` for what is no list of faults."""
        if file is None:
            return cls()
        faults = TypeAdapter(tuple[Fault, ...]).validate_json(file.read_bytes())
        return cls(faults, f"{file.resolve()}@{file.stat().st_mtime_ns}", state / "faults-struck.json")

    @contextmanager
    def around(self, package: str, operation: str, call: Call, properties: Properties) -> Iterator[None]:
        """Lets the fault that is due strike before the effect, or, for `crash_after`, after it."""
        fault = self._due(operation, call)
        tries = 1
        while fault == "throttled" and tries < _TRIES:
            time.sleep(_FIRST_WAIT * 2 ** (tries - 1))
            fault = self._due(operation, call)
            tries += 1
        if fault == "crash":
            _die()
        if fault is not None and fault != "crash_after":
            raise CloudError(_text(package, fault, operation, call, properties))
        yield
        if fault == "crash_after":
            _die()

    def _due(self, operation: str, call: Call) -> FaultKind | None:
        """The next fault for this operation, counted as struck."""
        for index, fault in enumerate(self.faults):
            if fault.fits(operation, call) and self._count(f"{self.source}#{index}", fault.times):
                return fault.fault
        return None

    def _count(self, key: str, times: int) -> bool:
        """Counts one more strike, unless there were enough. The lock holds between threads and processes."""
        assert self.counter is not None, "faults come from a file, and so does the counter"
        descriptor = os.open(self.counter, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+", encoding="utf-8") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            struck: dict[str, int] = json.loads(stream.read() or "{}")
            if struck.get(key, 0) >= times:
                return False
            struck[key] = struck.get(key, 0) + 1
            stream.seek(0)
            stream.truncate()
            stream.write(json.dumps(struck))
        return True


def _die() -> NoReturn:
    """Ends the process as a crash does: at once, with nothing cleaned up."""
    os._exit(1)


@cache
def _texts() -> dict[str, dict[str, dict[str, str]]]:
    table: dict[str, dict[str, dict[str, str]]] = tables.read(Path(__file__).with_suffix(".yaml"))
    return table


def _text(package: str, fault: str, operation: str, call: Call, properties: Mapping[str, Any]) -> str:
    texts = _texts()[package][fault]
    template = next(text for pattern, text in texts.items() if fnmatchcase(call.type, pattern))
    metadata = properties.get("metadata")
    own = properties if not isinstance(metadata, dict) else metadata
    place = next((properties[name] for name in ("location", "zone", "region") if properties.get(name)), None)
    location = str(place or call.settings.get("region") or call.settings.get("location") or "us-central1")
    machines = properties.get("instanceTypes")
    zones = properties.get("nodeLocations")
    return template.format(
        name=own.get("name") or own.get("nodeGroupName") or call.name,
        cluster=properties.get("clusterName") or "sandbox",
        machine=machines[0] if isinstance(machines, list) and machines else "m5.large",
        id=call.urn,
        kind=call.type.rsplit(":", 1)[-1],
        verb=_ACTIONS.get(operation, f"{operation}ing"),
        action=operation,
        metric=_metric(properties),
        project=properties.get("project") or call.settings.get("project") or "sandbox",
        location=location,
        zone=zones[0] if isinstance(zones, list) and zones else location,
    )


def _metric(properties: Mapping[str, Any]) -> str:
    """The quota that a machine counts against: its accelerators', else its family's CPUs."""
    size = _AZURE_SIZE.fullmatch(str(properties.get("vmSize")))
    if size is not None:
        return f"standard{''.join(part or '' for part in size.groups()).upper()}Family"
    node = properties.get("nodeConfig")
    node = node if isinstance(node, dict) else properties
    accelerators = node.get("guestAccelerators")
    spot = "PREEMPTIBLE_" if node.get("spot") or node.get("preemptible") else ""
    if isinstance(accelerators, list) and accelerators and isinstance(accelerators[0], dict):
        return f"{spot}{accelerators[0].get('type', 'gpus').upper().replace('-', '_')}_GPUS"
    family = str(node.get("machineType") or "n1").split("-", 1)[0].upper()
    return f"{spot}{'CPUS' if family in ('N1', 'E2') else f'{family}_CPUS'}"
