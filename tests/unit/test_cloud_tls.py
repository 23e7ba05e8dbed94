"""The tls provider of the sandbox makes real keys and certificates, and renews them when the real one does."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key
from cryptography.x509 import verification
from google.protobuf import struct_pb2

from sandbox.cloud.tls.makers import MAKERS
from sandbox.cloud.values import UNKNOWN
from tests.support.cloud_client import Live, Provider, Refused, Session, running_cloud, urn_of

KEY = "tls:index/privateKey:PrivateKey"
REQUEST = "tls:index/certRequest:CertRequest"
SELF_SIGNED = "tls:index/selfSignedCert:SelfSignedCert"
SIGNED = "tls:index/locallySignedCert:LocallySignedCert"
P256 = {"algorithm": "ECDSA", "ecdsaCurve": "P256"}
SECRET = "1b47061264138c4ac30d75fd1eb44270"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with running_cloud(tmp_path_factory.mktemp("cloud") / "state") as session:
        yield session


@pytest.fixture(scope="module")
def provider(cloud: Session) -> Provider:
    return cloud.provider("tls")


class Authority:
    """An authority and what it signs."""

    def __init__(self, provider: Provider, algorithm: dict[str, Any] | None = None, **inputs: Any) -> None:
        self.provider = provider
        self.algorithm = algorithm or P256
        self.key = provider.create(KEY, "authority", self.algorithm).outputs["privateKeyPem"]
        given = {
            "privateKeyPem": self.key,
            "subject": {"commonName": "authority"},
            "isCaCertificate": True,
            "allowedUses": ["cert_signing"],
            "validityPeriodHours": 1000,
        }
        self.certificate = provider.create(SELF_SIGNED, "authority", given | inputs)

    def asked(self, **inputs: Any) -> dict[str, Any]:
        """The inputs of a certificate for a server."""
        key = self.provider.create(KEY, "server", self.algorithm).outputs["privateKeyPem"]
        names = {"dnsNames": ["store.data.svc"], "ipAddresses": ["127.0.0.1"], "subject": {"commonName": "store"}}
        request = self.provider.create(REQUEST, "server", {"privateKeyPem": key, **names})
        return {
            "certRequestPem": request.outputs["certRequestPem"],
            "caPrivateKeyPem": self.key,
            "caCertPem": self.certificate.outputs["certPem"],
            "allowedUses": ["digital_signature", "server_auth"],
            "validityPeriodHours": 100,
            **inputs,
        }

    def sign(self, **inputs: Any) -> Live:
        return self.provider.create(SIGNED, "server", self.asked(**inputs))


def parsed(live: Live) -> x509.Certificate:
    return x509.load_pem_x509_certificate(live.outputs["certPem"].encode())


@pytest.mark.parametrize(
    ("inputs", "preamble"),
    [
        ({"algorithm": "RSA"}, "RSA PRIVATE KEY"),
        (P256, "EC PRIVATE KEY"),
        ({"algorithm": "ECDSA", "ecdsaCurve": "P521"}, "EC PRIVATE KEY"),
        ({"algorithm": "ED25519"}, "PRIVATE KEY"),
    ],
)
def test_a_key_is_the_same_in_every_spelling(provider: Provider, inputs: dict[str, Any], preamble: str) -> None:
    made = provider.create(KEY, "k", inputs)
    plain = made.outputs["privateKeyPem"]
    assert plain.startswith(f"-----BEGIN {preamble}-----")
    public = load_pem_private_key(plain.encode(), None).public_key()
    assert load_pem_private_key(made.outputs["privateKeyPemPkcs8"].encode(), None).public_key() == public
    assert load_ssh_private_key(made.outputs["privateKeyOpenssh"].encode(), None).public_key() == public
    assert made.outputs["publicKeyFingerprintSha256"].startswith("SHA256:")
    assert len(made.outputs["publicKeyFingerprintMd5"].split(":")) == 16
    assert len(made.id) == 40


def test_every_key_is_another_one_and_a_refresh_keeps_it(provider: Provider) -> None:
    first, second = provider.create(KEY, "k", P256), provider.create(KEY, "k", P256)
    assert first.outputs["privateKeyPem"] != second.outputs["privateKeyPem"]
    assert provider.refresh(first) == first


def test_openssh_knows_no_key_on_the_curve_that_is_the_default(provider: Provider) -> None:
    made = provider.create(KEY, "k", {"algorithm": "ECDSA"})
    assert made.outputs["ecdsaCurve"] == "P224"
    assert made.outputs["publicKeyOpenssh"] == made.outputs["privateKeyOpenssh"] == ""


def test_nothing_is_stored_of_a_key(cloud: Session, provider: Provider) -> None:
    provider.create(KEY, "k", P256)
    assert cloud.cloud.resources() == []
    assert cloud.cloud.log()[-1].type == KEY


@pytest.mark.parametrize("algorithm", [P256, {"algorithm": "RSA"}, {"algorithm": "ED25519"}])
def test_what_an_authority_has_signed_is_verified_by_it(provider: Provider, algorithm: dict[str, Any]) -> None:
    authority = Authority(provider, algorithm, allowedUses=["cert_signing", "crl_signing"])
    signed = parsed(authority.sign())
    signed.verify_directly_issued_by(parsed(authority.certificate))
    if algorithm is P256:  # the profile of the web knows no Ed25519, and RSA is verified alike
        store = verification.Store([parsed(authority.certificate)])
        verifier = verification.PolicyBuilder().store(store).build_server_verifier(x509.DNSName("store.data.svc"))
        assert verifier.verify(signed, [])[0] == signed
        with pytest.raises(verification.VerificationError):
            other = verification.PolicyBuilder().store(store).build_server_verifier(x509.DNSName("other.data.svc"))
            other.verify(signed, [])


def test_a_context_of_tls_takes_certificate_and_key(provider: Provider, tmp_path: Any) -> None:
    authority = Authority(provider)
    key = provider.create(KEY, "k", P256)
    request = provider.create(REQUEST, "r", {"privateKeyPem": key.outputs["privateKeyPem"], "dnsNames": ["a.b"]})
    signed = authority.sign(certRequestPem=request.outputs["certRequestPem"])
    (tmp_path / "tls.crt").write_text(signed.outputs["certPem"])
    (tmp_path / "tls.key").write_text(key.outputs["privateKeyPemPkcs8"])
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")


def test_a_certificate_says_what_it_may_be_used_for(provider: Provider) -> None:
    authority = Authority(provider, maxPathLength=1)
    above = parsed(authority.certificate).extensions.get_extension_for_class(x509.BasicConstraints)
    assert (above.critical, above.value.ca, above.value.path_length) == (True, True, 1)
    signed = parsed(authority.sign(allowedUses=["digital_signature", "server_auth", "client_auth"]))
    usage = signed.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert not usage.key_cert_sign
    extended = signed.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [use._name for use in extended] == ["serverAuth", "clientAuth"]
    assert not signed.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_a_certificate_lasts_as_long_as_asked(provider: Provider) -> None:
    signed = Authority(provider).sign(validityPeriodHours=48)
    found = parsed(signed)
    assert (found.not_valid_after_utc - found.not_valid_before_utc).total_seconds() == 48 * 3600
    assert str(found.serial_number) == signed.id


@pytest.mark.parametrize(("early", "replaces"), [(99, []), (100, ["readyForRenewal"]), (1000, ["readyForRenewal"])])
def test_a_certificate_is_replaced_when_its_early_renewal_has_come(
    provider: Provider, early: int, replaces: list[str]
) -> None:
    signed = Authority(provider).sign(earlyRenewalHours=early)
    response = provider.diff(signed, signed.inputs)
    assert list(response.replaces) == replaces
    refreshed = provider.refresh(signed)
    assert refreshed is not None
    assert refreshed.outputs["readyForRenewal"] is bool(replaces)


def test_an_authority_is_renewed_alike(provider: Provider) -> None:
    authority = Authority(provider, earlyRenewalHours=1000)
    assert list(provider.diff(authority.certificate, authority.certificate.inputs).replaces) == ["readyForRenewal"]


def test_when_it_is_renewed_can_be_changed_in_place(provider: Provider) -> None:
    signed = Authority(provider).sign()
    response = provider.diff(signed, {**signed.inputs, "earlyRenewalHours": 10})
    assert (list(response.replaces), list(response.diffs)) == ([], ["earlyRenewalHours"])
    updated = provider.update(signed, {**signed.inputs, "earlyRenewalHours": 10})
    assert updated.outputs["certPem"] == signed.outputs["certPem"]
    assert updated.outputs["earlyRenewalHours"] == 10


@pytest.mark.parametrize("name", ["caCertPem", "certRequestPem", "allowedUses", "validityPeriodHours"])
def test_another_certificate_is_asked_for_and_made(provider: Provider, name: str) -> None:
    authority = Authority(provider)
    signed = authority.sign()
    other = Authority(provider).asked(allowedUses=["client_auth"], validityPeriodHours=7)
    response = provider.diff(signed, {**signed.inputs, name: other[name]})
    assert {path.partition("[")[0] for path in response.replaces} == {name}


def test_a_key_that_is_not_the_authoritys_does_not_sign(provider: Provider) -> None:
    authority, other = Authority(provider), Authority(provider)
    with pytest.raises(Refused, match="doesn't match parent's PublicKey"):
        authority.sign(caPrivateKeyPem=other.key)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("caPrivateKeyPem", "Failed to parse private key PEM"),
        ("caCertPem", "Failed to parse CA certificate PEM"),
        ("certRequestPem", "Failed to parse certificate request PEM"),
    ],
)
def test_what_is_no_pem_is_refused(provider: Provider, name: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        Authority(provider).sign(**{name: "rubbish"})


def test_an_authority_without_a_name_is_refused(provider: Provider) -> None:
    with pytest.raises(Refused, match="at least one Distinguished Name"):
        Authority(provider, subject={})


def test_impossible_inputs_are_refused(provider: Provider) -> None:
    assert provider.failures(KEY, {"algorithm": "DSA"}).keys() == {"algorithm"}
    assert provider.failures(KEY, {"algorithm": "ECDSA", "ecdsaCurve": "P1"}).keys() == {"ecdsaCurve"}
    base = {"privateKeyPem": "x", "allowedUses": ["server_auth"], "validityPeriodHours": 1}
    assert not provider.failures(SELF_SIGNED, base)
    assert provider.failures(SELF_SIGNED, {**base, "allowedUses": ["server"]}).keys() == {"allowedUses[0]"}
    assert provider.failures(SELF_SIGNED, {**base, "validityPeriodHours": -1}).keys() == {"validityPeriodHours"}
    assert provider.failures(SELF_SIGNED, {**base, "privateKeyPemWo": "x", "privateKeyPemWoVersion": 1})


def test_what_is_to_be_written_only_is_not_kept(provider: Provider) -> None:
    key = provider.create(KEY, "k", P256).outputs["privateKeyPem"]
    made = provider.create(REQUEST, "r", {"privateKeyPemWo": key, "privateKeyPemWoVersion": 1})
    assert "privateKeyPemWo" not in made.outputs
    assert made.outputs["certRequestPem"].startswith("-----BEGIN CERTIFICATE REQUEST-----")


def test_in_preview_a_key_is_unknown(provider: Provider) -> None:
    assert provider.preview(urn_of(KEY, "k"), P256)["privateKeyPem"] is UNKNOWN


def test_private_keys_travel_as_secrets(provider: Provider) -> None:
    secrets = provider_secrets(provider)
    assert secrets == {"privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"}


def provider_secrets(provider: Provider) -> set[str]:
    """The outputs of a new key that are marked as secrets on the wire."""
    from pulumi.runtime.proto import provider_pb2

    from sandbox.cloud.values import encode

    request = provider_pb2.CreateRequest(urn=urn_of(KEY, "k"), properties=encode({**P256}))
    fields: dict[str, struct_pb2.Value] = dict(provider.call("Create", request).properties.fields)
    return {name for name, value in fields.items() if SECRET in str(value)}


def test_nothing_can_be_imported(provider: Provider) -> None:
    for type_ in MAKERS:
        with pytest.raises(Refused, match="cannot be imported"):
            provider.adopt(type_, "anything")
