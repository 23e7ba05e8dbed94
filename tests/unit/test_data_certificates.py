"""Certificates of the stores: an authority each, a certificate under every name, a Secret, or the user's own."""

from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from tests.support.mocked import of_type, run

SECRET = "kubernetes:core/v1:Secret"
SIGNED = "tls:index/locallySignedCert:LocallySignedCert"
NAMES = ["store.data.svc", "*.store-headless.data.svc.cluster.local"]


class Store(pulumi.ComponentResource):
    """Stands for a store."""

    def __init__(self, name: str) -> None:
        super().__init__("test:index:Store", name)


def program(seen: dict[str, Any] | None = None, **given: Any) -> Callable[[], None]:
    def declare() -> None:
        from penstock.data.certificates import server_certificate

        made = server_certificate("store", namespace="default", dns_names=NAMES, parent=Store("store"), **given)
        if seen is not None:
            seen["made"] = made
            made.secret.apply(lambda name: seen.update(secret=name))
            made.fingerprint.apply(lambda text: seen.update(fingerprint=text))

    return declare


def test_the_secret_holds_a_certificate_that_its_authority_has_signed() -> None:
    seen: dict[str, Any] = {}
    secret = of_type(run(program(seen)), SECRET)["store-tls"]
    assert secret["type"] == "kubernetes.io/tls"
    assert secret["metadata"]["namespace"] == "default"
    texts = secret["stringData"]
    authority = x509.load_pem_x509_certificate(texts["ca.crt"].encode())
    signed = x509.load_pem_x509_certificate(texts["tls.crt"].encode())
    signed.verify_directly_issued_by(authority)
    key = load_pem_private_key(texts["tls.key"].encode(), None)
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert key.public_key().public_bytes(*form) == signed.public_key().public_bytes(*form)
    assert texts["tls.key"].startswith("-----BEGIN PRIVATE KEY-----"), "PKCS#8, which every store reads"
    assert seen["secret"] == "store-tls"
    assert len(seen["fingerprint"]) == 16


def test_it_holds_for_every_name_and_within_the_pod() -> None:
    texts = of_type(run(program()), SECRET)["store-tls"]["stringData"]
    signed = x509.load_pem_x509_certificate(texts["tls.crt"].encode())
    names = signed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [*NAMES, "localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


def test_servers_may_be_clients_of_one_another() -> None:
    texts = of_type(run(program()), SECRET)["store-tls"]["stringData"]
    signed = x509.load_pem_x509_certificate(texts["tls.crt"].encode())
    uses = signed.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert {use.dotted_string for use in uses} == {"1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"}


def test_what_is_signed_is_renewed_before_its_end_and_before_its_authoritys() -> None:
    signed = of_type(run(program()), SIGNED)["store-server"]
    assert signed["earlyRenewalHours"] == 30 * 24
    authority = of_type(run(program()), "tls:index/selfSignedCert:SelfSignedCert")["store-authority"]
    left = authority["earlyRenewalHours"]
    assert left >= signed["validityPeriodHours"], "what it signs last ends before it does"


def test_every_store_has_its_own_authority() -> None:
    first, second = (of_type(run(program()), SECRET)["store-tls"]["stringData"]["ca.crt"] for _ in range(2))
    assert first != second


@pytest.mark.parametrize("preview", [True, False])
def test_a_secret_of_the_users_is_taken_as_it_is(preview: bool) -> None:
    seen: dict[str, Any] = {}
    registered = run(program(seen, tls_secret="from-cert-manager"), preview=preview)
    assert {r.type for r in registered} == {"test:index:Store"}
    assert (seen["secret"], seen["fingerprint"]) == ("from-cert-manager", "")
    assert (seen["made"].ca_pem, seen["made"].resource) == (None, None)
