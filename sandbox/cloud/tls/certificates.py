"""Certificates and requests for them, signed for good.

Source of the rules: hashicorp/terraform-provider-tls internal/provider/common_cert.go, resource_self_signed_cert.go,
resource_locally_signed_cert.go and resource_cert_request.go @d72d90e1b47b7cb5ce6863f528af3154963d61b7; what Go's
crypto/x509 adds: https://pkg.go.dev/crypto/x509#CreateCertificate.
"""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import secrets
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from sandbox.cloud.errors import CloudError
from sandbox.cloud.tls.keys import Key, algorithm, read
from sandbox.cloud.tls.usages import extensions
from sandbox.cloud.values import Properties

_NAMES = {
    "country": NameOID.COUNTRY_NAME,
    "organization": NameOID.ORGANIZATION_NAME,
    "organizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "locality": NameOID.LOCALITY_NAME,
    "province": NameOID.STATE_OR_PROVINCE_NAME,
    "streetAddresses": NameOID.STREET_ADDRESS,
    "postalCode": NameOID.POSTAL_CODE,
    "commonName": NameOID.COMMON_NAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "emailAddress": NameOID.EMAIL_ADDRESS,
}


def request(inputs: Properties) -> tuple[str, Properties]:
    """A CertRequest: id and outputs."""
    key = read(inputs["privateKeyPem"])
    builder = x509.CertificateSigningRequestBuilder().subject_name(_subject(inputs.get("subject") or {}))
    if names := _alternative(inputs):
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    signed = builder.sign(key, _hash(key))
    id_ = hashlib.sha1(signed.public_bytes(Encoding.DER), usedforsecurity=False).hexdigest()
    outputs = {"certRequestPem": signed.public_bytes(Encoding.PEM).decode(), "keyAlgorithm": algorithm(key)}
    return id_, outputs


def self_signed(inputs: Properties) -> tuple[str, Properties]:
    """A SelfSignedCert: id and outputs."""
    key = read(inputs["privateKeyPem"])
    subject = _subject(inputs.get("subject") or {})
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    if names := _alternative(inputs):
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if inputs.get("setAuthorityKeyId"):
        if not (inputs.get("setSubjectKeyId") or inputs.get("isCaCertificate")):
            raise CloudError("Invalid Certificate Authority: Could not determine Authority Key Identifier")
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        known = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)
        builder = builder.add_extension(known, critical=False)
    id_, outputs = _signed(builder, subject, key.public_key(), key, inputs)
    return id_, {**outputs, "keyAlgorithm": algorithm(key)}


def locally_signed(inputs: Properties) -> tuple[str, Properties]:
    """A LocallySignedCert: id and outputs."""
    key = read(inputs["caPrivateKeyPem"])
    asked, authority = _request(inputs["certRequestPem"]), _certificate(inputs["caCertPem"])
    if authority.public_key() != key.public_key():
        raise CloudError(
            "Failed to create certificate: x509: provided PrivateKey doesn't match parent's PublicKey. Give "
            "caPrivateKeyPem the key of the certificate in caCertPem."
        )
    public = asked.public_key()
    builder = x509.CertificateBuilder().subject_name(asked.subject).issuer_name(authority.subject).public_key(public)
    try:
        names = asked.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        builder = builder.add_extension(names.value, critical=names.critical)
    except x509.ExtensionNotFound:
        pass
    try:
        above = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        known = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(above)
        builder = builder.add_extension(known, critical=False)
    except x509.ExtensionNotFound:
        pass
    id_, outputs = _signed(builder, asked.subject, public, key, inputs)
    return id_, {**outputs, "caKeyAlgorithm": algorithm(key)}


def _signed(
    builder: x509.CertificateBuilder, subject: x509.Name, public: Any, key: Key, inputs: Properties
) -> tuple[str, Properties]:
    if inputs.get("isCaCertificate") and not list(subject):
        raise CloudError(
            "Invalid Certificate Subject: Must contain at least one Distinguished Name when creating Certificate "
            "Authority (CA)"
        )
    start = _now()
    end = start + datetime.timedelta(hours=inputs["validityPeriodHours"])
    serial = secrets.randbits(128) or 1
    builder = builder.serial_number(serial).not_valid_before(start).not_valid_after(end)
    for extension, critical in extensions(inputs, public):
        builder = builder.add_extension(extension, critical)
    pem = builder.sign(key, _hash(key)).public_bytes(Encoding.PEM).decode()
    outputs = {
        "certPem": pem,
        "readyForRenewal": False,
        "validityStartTime": start.isoformat(),
        "validityEndTime": end.isoformat(),
    }
    return str(serial), outputs


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _subject(given: Properties) -> x509.Name:
    pairs: list[tuple[ObjectIdentifier, str]] = []
    for name, oid in _NAMES.items():
        values = given.get(name) or []
        pairs += [(oid, value) for value in (values if isinstance(values, list) else [values])]
    try:
        return x509.Name([x509.NameAttribute(oid, value) for oid, value in pairs])
    except ValueError as error:
        raise CloudError(f"Invalid Certificate Subject: {error}") from None


def _alternative(inputs: Properties) -> list[x509.GeneralName]:
    try:
        addresses = [x509.IPAddress(ipaddress.ip_address(text)) for text in inputs.get("ipAddresses") or []]
    except ValueError as error:
        raise CloudError(f"Invalid IP address: {error}") from None
    names = [x509.DNSName(text) for text in inputs.get("dnsNames") or []]
    uris = [x509.UniformResourceIdentifier(text) for text in inputs.get("uris") or []]
    return [*names, *addresses, *uris]


def _request(pem: str) -> x509.CertificateSigningRequest:
    try:
        return x509.load_pem_x509_csr(pem.encode())
    except ValueError as error:
        raise CloudError(f"Failed to parse certificate request PEM: {error}") from None


def _certificate(pem: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise CloudError(f"Failed to parse CA certificate PEM: {error}") from None


def _hash(key: Key) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.key_size > hashes.SHA256.digest_size * 8:
        return hashes.SHA384() if key.curve.key_size == hashes.SHA384.digest_size * 8 else hashes.SHA512()
    return hashes.SHA256()
