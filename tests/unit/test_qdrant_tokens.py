"""Tokens of Qdrant: signed with the key, confined to collections, valid as long as their key or less."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.data.qdrant.tokens import Access, Grant, own_collection, tenant_token, token

TENANTS = st.from_regex(r"[a-z]([-a-z0-9]{0,30}[a-z0-9])?", fullmatch=True)


def read(text: str, key: str) -> dict[str, Any]:
    """The claims of a token whose signature is right, by hand: RFC 7515 and 7519."""
    signed, _, signature = text.rpartition(".")
    wanted = hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest()
    assert hmac.compare_digest(decoded(signature), wanted)
    header, claims = (json.loads(decoded(part)) for part in signed.split("."))
    assert header == {"alg": "HS256", "typ": "JWT"}
    return dict(claims)


def decoded(part: str) -> bytes:
    assert "=" not in part
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@given(tenant=TENANTS)
def test_a_tenants_token_opens_its_own_collection_and_no_other(tenant: str) -> None:
    claims = read(tenant_token("key", tenant), "key")
    assert claims["access"] == [{"collection": own_collection(tenant), "access": "prw"}]


@given(first=TENANTS, second=TENANTS)
def test_two_tenants_never_have_one_collection(first: str, second: str) -> None:
    assert (own_collection(first) == own_collection(second)) == (first == second)


def test_no_token_carries_a_filter_of_the_payload() -> None:
    """Qdrant refuses one that does since 1.16; before that it let writes past the filter."""
    (grant,) = read(tenant_token("key", "acme"), "key")["access"]
    assert grant.keys() == {"collection", "access"}


def test_a_token_opens_nothing_as_a_whole() -> None:
    """`access` as a text (`m`, `r`) is global, and without it everything is open."""
    assert isinstance(read(tenant_token("key", "acme"), "key")["access"], list)
    with pytest.raises(ValueError, match="would open all of them"):
        token("key", "acme", [])


def test_a_tenant_may_read_and_write_points_but_neither_snapshots_nor_indexes() -> None:
    assert read(tenant_token("key", "acme"), "key")["access"][0]["access"] == "prw"
    assert read(tenant_token("key", "acme", writes=False), "key")["access"][0]["access"] == "r"


def test_it_says_who_it_is_for_the_audit_log() -> None:
    assert read(tenant_token("key", "acme"), "key")["subject"] == "tenant/acme"


def test_it_ends_when_it_is_told_to() -> None:
    assert read(tenant_token("key", "acme", expires=1_800_000_000), "key")["exp"] == 1_800_000_000
    assert "exp" not in read(tenant_token("key", "acme"), "key")


def test_the_same_inputs_give_the_same_token_and_another_key_another() -> None:
    assert tenant_token("key", "acme") == tenant_token("key", "acme")
    assert tenant_token("key", "acme") != tenant_token("other", "acme")
    with pytest.raises(AssertionError):
        read(tenant_token("key", "acme"), "other")


def test_a_collection_is_granted_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        token("key", "s", [Grant("a", Access.READ), Grant("a", Access.POINTS)])


def test_a_signature_is_the_one_of_the_standards_example() -> None:
    """RFC 7515, appendix A.1: the same bytes under the same key have the same signature."""
    part = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
    claims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    key = decoded("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
    digest = hmac.digest(key, f"{part}.{claims}".encode(), hashlib.sha256)
    assert digest == decoded("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
