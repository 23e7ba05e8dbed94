"""Names that the provider makes up.

Source: pulumi/pulumi-azure-native provider/pkg/provider/provider.go@006a62afe453b416e5d5c98d2d91c4c7281f52f9
(getDefaultName) and provider/pkg/openapi/openapi.go (AutoNamer): what lies directly in a group or scope is named at
random, eight hex digits right after the program's name; what lies in another resource takes the program's name as it
is; role assignments take a GUID. No name is cut: one that is too long fails the check.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from typing import Final

from sandbox.cloud import paths
from sandbox.cloud.facts import Facts
from sandbox.cloud.facts.templates import fields
from sandbox.cloud.naming import Autonaming
from sandbox.cloud.package import Call
from sandbox.cloud.values import Properties

# The provider's own note among the inputs: the name is random, so a replacement can be made before the old one goes.
CREATE_BEFORE_DELETE: Final = "__createBeforeDelete"
_DIGITS = 8


def fill(call: Call, facts: Facts, naming: Autonaming, old: Properties, inputs: Properties) -> None:
    """Gives the resource a name in place, unless the program does or naming is switched off."""
    assert facts.name is not None, "only called for types that have a name"
    path = facts.name.property
    if paths.first(inputs, path) is not None:
        return
    kept = paths.first(old, path)
    name, at_random = (kept, bool(old.get(CREATE_BEFORE_DELETE))) if kept is not None else _made_up(call, facts, naming)
    if name is None:
        return
    paths.fill(inputs, path, name)
    if at_random:
        inputs[CREATE_BEFORE_DELETE] = True


def _made_up(call: Call, facts: Facts, naming: Autonaming) -> tuple[str | None, bool]:
    """A new name, and whether it is one of a kind."""
    assert facts.name is not None, "only called for types that have a name"
    if naming.disabled:
        return None, False
    digits = hashlib.sha256(naming.seed).hexdigest() if naming.seed else secrets.token_hex(16)
    if facts.name.property == ("roleAssignmentName",):
        return str(uuid.UUID(digits[:32])), True
    if naming.proposed:
        return naming.proposed, True
    if _lies_in_another(facts):
        return call.name, False
    return f"{call.name}{digits[:_DIGITS]}", True


def _lies_in_another(facts: Facts) -> bool:
    """Whether the id names more than the resource itself after its provider's namespace."""
    return facts.id is not None and len(fields(facts.id.rpartition("Microsoft.")[2])) > 1 and "Microsoft." in facts.id
