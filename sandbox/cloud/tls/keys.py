"""Private keys, and all that the provider tells of one.

Source of the rules: hashicorp/terraform-provider-tls internal/provider/common_key.go and resource_private_key.go
@d72d90e1b47b7cb5ce6863f528af3154963d61b7.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from sandbox.cloud.errors import CloudError
from sandbox.cloud.values import Properties

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
CURVES: dict[str, Callable[[], ec.EllipticCurve]] = {
    "P224": ec.SECP224R1,
    "P256": ec.SECP256R1,
    "P384": ec.SECP384R1,
    "P521": ec.SECP521R1,
}
_EXPONENT = 65537


def generate(inputs: Properties) -> Key:
    """A new key of the algorithm that is asked for."""
    match inputs["algorithm"]:
        case "RSA":
            return rsa.generate_private_key(_EXPONENT, inputs.get("rsaBits") or 2048)
        case "ECDSA":
            return ec.generate_private_key(CURVES[inputs.get("ecdsaCurve") or "P224"]())
        case _:
            return ed25519.Ed25519PrivateKey.generate()


def read(pem: str) -> Key:
    """The key in a PEM; raises `CloudError` where there is none."""
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CloudError(f"Failed to parse private key PEM: {error}") from None
    if not isinstance(key, Key):
        raise CloudError(f"Failed to parse private key PEM: unsupported private key type: {type(key).__name__}")
    return key


def algorithm(key: Key) -> str:
    """What the provider calls its algorithm."""
    if isinstance(key, rsa.RSAPrivateKey):
        return "RSA"
    return "ECDSA" if isinstance(key, ec.EllipticCurvePrivateKey) else "ED25519"


def identity(key: Key) -> str:
    """The id of its resource: the SHA-1 of its public key."""
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha1(public, usedforsecurity=False).hexdigest()


def outputs(key: Key) -> Properties:
    """All spellings of it and of its public key. OpenSSH knows no curve P224: those are empty then."""
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    # Go writes RSA and EC keys as OpenSSL always did, and Ed25519, which that did not know, as PKCS#8.
    old = PrivateFormat.PKCS8 if isinstance(key, ed25519.Ed25519PrivateKey) else PrivateFormat.TraditionalOpenSSL
    return {
        "privateKeyPem": _private(key, old),
        "privateKeyPemPkcs8": _private(key, PrivateFormat.PKCS8),
        "publicKeyPem": public.decode(),
        **_openssh(key),
    }


def _private(key: Key, form: PrivateFormat) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def _openssh(key: Key) -> Properties:
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP224R1):
        names = ("privateKeyOpenssh", "publicKeyOpenssh", "publicKeyFingerprintMd5", "publicKeyFingerprintSha256")
        return dict.fromkeys(names, "")
    line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    blob = base64.b64decode(line.split()[1])
    return {
        "privateKeyOpenssh": _private(key, PrivateFormat.OpenSSH),
        "publicKeyOpenssh": f"{line}\n",
        "publicKeyFingerprintMd5": hashlib.md5(blob, usedforsecurity=False).digest().hex(":"),
        "publicKeyFingerprintSha256": "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("="),
    }
