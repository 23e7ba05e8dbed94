"""What a certificate may be used for: the names of the provider, and the extensions that they become.

Source: hashicorp/terraform-provider-tls internal/provider/common_cert.go@d72d90e1b47b7cb5ce6863f528af3154963d61b7.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from sandbox.cloud.values import Properties

KEY = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "cert_signing",
    "crl_signing",
    "encipher_only",
    "decipher_only",
)
_SPELLED = {"cert_signing": "key_cert_sign", "crl_signing": "crl_sign"}
EXTENDED = {
    "any_extended": ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    "server_auth": ExtendedKeyUsageOID.SERVER_AUTH,
    "client_auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code_signing": ExtendedKeyUsageOID.CODE_SIGNING,
    "email_protection": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "ipsec_end_system": ObjectIdentifier("1.3.6.1.5.5.7.3.5"),
    "ipsec_tunnel": ObjectIdentifier("1.3.6.1.5.5.7.3.6"),
    "ipsec_user": ObjectIdentifier("1.3.6.1.5.5.7.3.7"),
    "timestamping": ExtendedKeyUsageOID.TIME_STAMPING,
    "ocsp_signing": ExtendedKeyUsageOID.OCSP_SIGNING,
    "microsoft_server_gated_crypto": ObjectIdentifier("1.3.6.1.4.1.311.10.3.3"),
    "netscape_server_gated_crypto": ObjectIdentifier("2.16.840.1.113730.4.1"),
    "microsoft_commercial_code_signing": ObjectIdentifier("1.3.6.1.4.1.311.2.1.22"),
    "microsoft_kernel_code_signing": ObjectIdentifier("1.3.6.1.4.1.311.61.1.1"),
}


def extensions(inputs: Properties, public_key: Any) -> Iterator[tuple[x509.ExtensionType, bool]]:
    """The extensions that follow from a certificate's inputs, each with whether it is critical."""
    uses, authority = inputs["allowedUses"], bool(inputs.get("isCaCertificate"))
    length = inputs.get("maxPathLength") or 0
    # Go reads a length of 0 as none, unless it is told otherwise, which the provider does not do.
    yield x509.BasicConstraints(authority, length if authority and length > 0 else None), True
    named = {_SPELLED.get(use, use): use in uses for use in KEY}
    for use in ("encipher_only", "decipher_only"):  # these say how keys are agreed on, and nothing without that
        named[use] = named[use] and named["key_agreement"]
    if any(named.values()):
        yield x509.KeyUsage(**named), True
    if extended := [EXTENDED[use] for use in uses if use in EXTENDED]:
        yield x509.ExtendedKeyUsage(extended), False
    if authority or inputs.get("setSubjectKeyId"):
        yield x509.SubjectKeyIdentifier.from_public_key(public_key), False
