"""What makes each type: from inputs to id and outputs."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.cloud.tls import certificates, keys
from sandbox.cloud.values import Properties

Maker = Callable[[Properties], tuple[str, Properties]]


def private_key(inputs: Properties) -> tuple[str, Properties]:
    """A PrivateKey: id and outputs."""
    key = keys.generate(inputs)
    return keys.identity(key), keys.outputs(key)


MAKERS: dict[str, Maker] = {
    "tls:index/privateKey:PrivateKey": private_key,
    "tls:index/certRequest:CertRequest": certificates.request,
    "tls:index/selfSignedCert:SelfSignedCert": certificates.self_signed,
    "tls:index/locallySignedCert:LocallySignedCert": certificates.locally_signed,
}
