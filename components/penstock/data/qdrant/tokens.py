"""Tokens by which Qdrant knows a tenant or a service: pure functions, the same token for the same inputs.

A token is a JWT that is signed (HS256) with an administrator's key, see
https://qdrant.tech/documentation/guides/security/#granular-access-control-with-jwt. It opens whole collections: that
one may be confined to the points of a tenant (`payload`) was dropped in Qdrant 1.16, which refuses such a token
(https://github.com/qdrant/qdrant/pull/7450). So a tenant that speaks to Qdrant itself has a collection of its own, and
the shared one is reached through services alone, which put the tenant into each query.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

OWN_PREFIX = "tenant-"
"""How the name of a collection that is one tenant's own begins."""
_HEADER = {"alg": "HS256", "typ": "JWT"}


class Access(StrEnum):
    """What a token lets do with a collection, in Qdrant's spelling."""

    READ = "r"
    """Read points."""
    POINTS = "prw"
    """Read and write points; neither snapshots nor indexes."""


class Grant(NamedTuple):
    """One collection that a token opens."""

    collection: str
    access: Access


def token(api_key: str, subject: str, grants: Sequence[Grant], expires: int | None = None) -> str:
    """A token for `subject`, who stands in Qdrant's audit log, that opens what is granted and nothing else.

    `expires` is in seconds since 1970. Without it the token lasts as long as the key that signs it: for two rotations.
    Raises ValueError without a grant: a token that names none would open everything.
    """
    if not grants:
        raise ValueError(f"A token for {subject} that grants no collection would open all of them. Grant one.")
    if len({grant.collection for grant in grants}) < len(grants):
        raise ValueError(f"The token for {subject} grants a collection twice, which Qdrant refuses. Grant it once.")
    claims: dict[str, object] = {
        "access": [{"collection": grant.collection, "access": grant.access.value} for grant in grants],
        "subject": subject,
    }
    if expires is not None:
        claims["exp"] = expires
    signed = f"{_part(_HEADER)}.{_part(claims)}"
    return f"{signed}.{_encoded(hmac.digest(api_key.encode(), signed.encode(), hashlib.sha256))}"


def own_collection(tenant: str) -> str:
    """The name of the collection that is the tenant's own."""
    return f"{OWN_PREFIX}{tenant}"


def tenant_token(api_key: str, tenant: str, *, writes: bool = True, expires: int | None = None) -> str:
    """The token of a tenant: it opens the tenant's own collection, and nothing else."""
    access = Access.POINTS if writes else Access.READ
    return token(api_key, f"tenant/{tenant}", [Grant(own_collection(tenant), access)], expires)


def _part(content: dict[str, object] | dict[str, str]) -> str:
    return _encoded(json.dumps(content, separators=(",", ":"), sort_keys=True).encode())


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
