"""The passwords and keys of a tenant: derived from one secret for each rotation, so that a tenant needs few resources.

Each is 160 bits of an HMAC (RFC 2104) of what it is for, so none tells another. The secret of the rotation before stays
in the program, and with it in Pulumi's state, until `retire_previous`: its passwords and keys do not change.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from penstock.tenancy.spec import TenantSpec

SEED_LENGTH = 48
"""Letters and digits of the secret: more than 256 bits."""
_HEX_DIGITS = 40


def rotations(spec: TenantSpec) -> list[int]:
    """The rotations whose passwords and keys are valid, the present one first."""
    return [spec.rotation] if spec.rotation == 1 or spec.retire_previous else [spec.rotation, spec.rotation - 1]


def derived(seed: str, purpose: str) -> str:
    """The password or key for a purpose."""
    return hmac.new(seed.encode(), purpose.encode(), hashlib.sha256).hexdigest()[:_HEX_DIGITS]


def api_keys(name: str, seeds: Sequence[str]) -> list[str]:
    """Its keys at the platform's gateway. They tell whose they are, and are found by secret scanners."""
    return [f"pk_{name}_{derived(seed, 'api-key')}" for seed in seeds]


def key_hash(key: str) -> str:
    """By which a gateway knows a key without having it: its SHA-256 in hexadecimal digits."""
    return hashlib.sha256(key.encode()).hexdigest()


def present_and_previous(values: Sequence[str], called: str) -> dict[str, str]:
    """One or two values as entries of a Secret: `called`, and with `previous-` before it."""
    return dict(zip((called, f"previous-{called}"), values, strict=False))
