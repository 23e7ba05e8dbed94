"""The engine's JSON as resources: the steps of a preview, the resources of a state.

The properties of a resource are its inputs: an update in a preview has no outputs, so that with them a state and a
preview of the same stack would cost different amounts. Secrets are unknown: none of them gets into a report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from penstock_cost.money import CostError
from penstock_cost.resources.model import UNKNOWN, Resource

UNKNOWNS = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # of a text, and of anything in JSON
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # of a bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # of a number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # of a list
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # of an object
        "030794c1-ac77-496b-92df-f27374a8bd58",  # of an asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # of an archive
        "[secret]",
    }
)
"""What the engine writes for a value that is not known, or that it hides."""
SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key of objects that stand for something else."""
OUTPUT_VALUE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
REMAINING = frozenset({"same", "create", "update", "replace", "create-replacement", "import", "import-replacement"})
"""Steps after which their resource exists. Others that the engine may learn count too, where they say what there is."""
LEAVING = frozenset({"delete", "read", "read-replacement", "discard"})
"""Steps after which there is none that the stack pays for."""
NO_STEP = frozenset({"delete-replaced", "discard-replaced", "remove-pending-replace", "extend-parameterize", "diff"})
"""Steps beside another one of the same resource."""


class Resources(NamedTuple):
    """A stack as it stands, and as it will be."""

    before: dict[str, Resource]
    after: dict[str, Resource]


def of_steps(steps: Any) -> Resources:
    """The resources before and after the steps of a preview. Raises CostError."""
    found = Resources({}, {})
    for index, step in enumerate(_sequence(steps, "steps")):
        path = f"steps[{index}]"
        step = _mapping(step, path)
        op = _text(step, "op", path)
        if op in NO_STEP:
            continue
        old, new = (_state(step, name, path) for name in ("oldState", "newState"))
        if old is not None and not (_gone(old) if op == "delete" else old.get("external")):
            # Other steps carry the marks that they are about to set: what is replaced stands until then.
            resource = _resource(old, f"{path}.oldState")
            found.before.setdefault(resource.urn, resource)
        if op == "delete" and not (old or {}).get("delete"):
            found.after.pop(_text(step, "urn", path), None)
        if op in LEAVING or (new is None and op not in REMAINING):
            continue
        if new is None:
            raise CostError(
                f"{path}: It is to {op} {step.get('urn')}, and has no newState: the engine could not write it. "
                "Preview again, with a newer Pulumi if that does not help."
            )
        if not _gone(new):
            resource = _resource(new, f"{path}.newState")
            found.after[resource.urn] = resource
    return found


def of_state(deployment: Any, path: str = "deployment") -> dict[str, Resource]:
    """The resources of a state, by URN. What an interrupted run was creating counts: it may exist. Raises CostError."""
    deployment = _mapping(deployment, path)
    found: dict[str, Resource] = {}
    for index, given in enumerate(_sequence(deployment.get("resources") or [], f"{path}.resources")):
        where = f"{path}.resources[{index}]"
        state = _mapping(given, where)
        if not _gone(state):
            resource = _resource(state, where)
            found[resource.urn] = resource
    for index, given in enumerate(_sequence(deployment.get("pending_operations") or [], f"{path}.pending_operations")):
        where = f"{path}.pending_operations[{index}]"
        operation = _mapping(given, where)
        if operation.get("type") == "creating":
            resource = _resource(_mapping(operation.get("resource"), f"{where}.resource"), f"{where}.resource")
            found.setdefault(resource.urn, resource)
    return found


def known(value: Any) -> Any:
    """A value as the engine wrote it, with `UNKNOWN` for what is not known or secret, however deep."""
    if isinstance(value, str):
        return UNKNOWN if value in UNKNOWNS else value
    if isinstance(value, list):
        return [known(member) for member in value]
    if isinstance(value, dict):
        match value.get(SIGNATURE):
            case kind if kind == SECRET:
                return UNKNOWN
            case kind if kind == OUTPUT_VALUE:
                return UNKNOWN if value.get("secret") else known(value.get("value", next(iter(UNKNOWNS))))
        return {key: known(member) for key, member in value.items()}
    return value


def _gone(state: Mapping[str, Any]) -> bool:
    """Whether it is no resource that this stack pays for.

    `external`: read, not made here. `delete`: the old one of a replacement, which the next run deletes.
    `pendingReplacement`: already deleted, its replacement not yet made.
    """
    return any(state.get(flag) is True for flag in ("external", "delete", "pendingReplacement"))


def _resource(state: Mapping[str, Any], path: str) -> Resource:
    urn = _text(state, "urn", path)
    parts = urn.split("::", 3)
    if len(parts) < 4 or not urn.startswith("urn:pulumi:"):
        raise CostError(f"{path}.urn: {urn!r} is no URN of Pulumi. Give its JSON as Pulumi wrote it.")
    dependencies = _mapping(state.get("propertyDependencies") or {}, f"{path}.propertyDependencies")
    return Resource(
        urn=urn,
        type=_text(state, "type", path),
        name=parts[3],
        properties=known(_mapping(state.get("inputs") or {}, f"{path}.inputs")),
        parent=str(state.get("parent") or ""),
        provider=str(state.get("provider") or "").rpartition("::")[0],
        property_dependencies={name: _texts(urns) for name, urns in dependencies.items()},
        dependencies=tuple(_texts(state.get("dependencies"))),
        custom=state.get("custom") is not False,
    )


def _state(step: Mapping[str, Any], name: str, path: str) -> dict[str, Any] | None:
    state = step.get(name)
    return None if state is None else _mapping(state, f"{path}.{name}")


def _mapping(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise CostError(f"{path}: This is no object. Give Pulumi's JSON as it wrote it.")
    return value


def _sequence(value: Any, path: str) -> Sequence[Any]:
    if not isinstance(value, list):
        raise CostError(f"{path}: This is no list. Give Pulumi's JSON as it wrote it.")
    return value


def _text(value: Mapping[str, Any], name: str, path: str) -> str:
    text = value.get(name)
    if not isinstance(text, str) or not text:
        raise CostError(f"{path}.{name}: There is no text here. Give Pulumi's JSON as it wrote it.")
    return text


def _texts(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
