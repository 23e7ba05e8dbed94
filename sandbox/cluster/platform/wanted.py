"""What a program itself says that an object has to be waited for: the annotation `pulumi.com/waitFor`.

Source: https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/ and the provider's
`provider/pkg/metadata/overrides.go`, `provider/pkg/jsonpath` and `provider/pkg/await/condition`. Without it nothing is
waited for of custom resources.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from sandbox.cloud import paths
from sandbox.cluster.api import Object
from sandbox.errors import SandboxError

WAIT_FOR: Final = "pulumi.com/waitFor"
_JSON_PATH, _CONDITION = "jsonpath=", "condition="
_BRACES = re.compile(r"\{\s*\$?\.?([^{}]*?)\s*\}")
_QUOTED = re.compile(r"\['([^']*)'\]")


def wanted(live: Object) -> list[str]:
    """The expressions that the object is annotated with: one, or a JSON list of several."""
    text = (live["metadata"].get("annotations") or {}).get(WAIT_FOR)
    if not text:
        return []
    try:
        listed = json.loads(text)
    except ValueError:
        listed = None
    return [str(one) for one in listed] if isinstance(listed, list) else [text]


def unmet(live: Object, expression: str) -> str | None:
    """What is still missing of an expression. Raises `SandboxError` where it is none that is understood."""
    if expression.startswith(_CONDITION):
        return _unmet_condition(live, expression.removeprefix(_CONDITION))
    if expression.startswith(_JSON_PATH):
        return _unmet_path(live, expression.removeprefix(_JSON_PATH))
    raise SandboxError(f'{WAIT_FOR}: expected a "{_JSON_PATH}" or "{_CONDITION}" prefix, got "{expression}".')


def _unmet_condition(live: Object, text: str) -> str | None:
    """`Ready`, or `Ready=False`; case does not matter, and a condition of an earlier generation does not count."""
    kind, _, status = text.partition("=")
    for found in live.get("status", {}).get("conditions") or []:
        if str(found.get("type", "")).lower() == kind.lower():
            if _is_old(live, found.get("observedGeneration")):
                break
            if str(found.get("status", "")).lower() == (status or "True").lower():
                return None
            return f"its condition {kind} is {found.get('status')} (wanted: {status or 'True'})."
    return f"it has no present condition {kind}."


def _unmet_path(live: Object, text: str) -> str | None:
    """`{.status.phase}=Running`, or a path alone, at which there has to be something."""
    where, _, value = text.partition("=")
    inside = _BRACES.fullmatch(where)
    if not inside or "?" in where:
        raise SandboxError(
            f"{WAIT_FOR}: the sandbox understands paths such as {{.status.phase}} without filters, not {where!r}."
        )
    if _is_old(live):
        return "its controller has not seen it yet."
    path = paths.read(_QUOTED.sub(r'["\1"]', inside[1]))
    found = paths.first(live, path)
    if found is None or (value and _text(found) != value):
        return f"{where} is {_text(found)} (wanted: {value or 'anything'})."
    return None


def _is_old(live: Object, observed: int | None = None) -> bool:
    """Whether what its status says is of an earlier generation of it."""
    seen = live.get("status", {}).get("observedGeneration") if observed is None else observed
    return seen is not None and seen < live["metadata"].get("generation", 0)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "nothing" if value is None else str(value)
