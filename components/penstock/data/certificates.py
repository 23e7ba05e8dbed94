"""Certificates of the data stores: an authority for each store, kept in the stack's state, and what it has signed.

The keys are in the state as secrets and nowhere else. Certificates are renewed at an `up`: tls_locally_signed_cert
and tls_self_signed_cert tell that they are to be replaced as soon as `early_renewal_hours` has come, see
https://registry.terraform.io/providers/hashicorp/tls/latest/docs/resources/locally_signed_cert#automatic-renewal.
Whoever deploys less often than once in 30 days has the last day in the certificate itself, and may bring a Secret of
cert-manager's instead.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pulumi
import pulumi_tls as tls
from pulumi_kubernetes import core

from penstock.names import MANAGED_BY

_YEAR_HOURS = 8760
AUTHORITY_HOURS = 10 * _YEAR_HOURS
"""How long an authority's own certificate lasts. It is renewed a year early with the same key, so that what it has
signed before stays valid while one after the other takes the new one."""
SERVER_HOURS = _YEAR_HOURS
"""How long a server's certificate lasts."""
RENEWAL_HOURS = 30 * 24
"""How long before its end a server's certificate is renewed."""
_DIGITS = 16


class ServerCertificate(NamedTuple):
    """Where the certificate of a store's servers is."""

    secret: pulumi.Output[str]
    """The name of the Secret with `ca.crt`, `tls.crt` and `tls.key` (PKCS#8). It is known before the Secret is made:
    depend on `resource`, too."""
    ca_pem: pulumi.Output[str] | None
    """The certificate of the authority, for clients; None where the Secret is the user's own."""
    fingerprint: pulumi.Output[str]
    """Another one for each certificate: on pods it makes them start anew with a renewed one. Empty where the Secret
    is the user's own, which nobody here knows."""
    resource: pulumi.Resource | None
    """The Secret; None where it is the user's own. What reads it has to depend on it by `depends_on`."""


def server_certificate(
    name: str,
    *,
    namespace: pulumi.Input[str],
    dns_names: Sequence[pulumi.Input[str]],
    parent: pulumi.Resource,
    labels: Mapping[str, str] | None = None,
    tls_secret: pulumi.Input[str] | None = None,
) -> ServerCertificate:
    """A certificate for the servers of the store `name` under `dns_names`, `localhost` and `127.0.0.1`.

    Servers may use it among themselves as clients, too. With `tls_secret`, a Secret of the namespace that the user
    keeps, nothing is made.
    """
    if tls_secret is not None:
        return ServerCertificate(pulumi.Output.from_input(tls_secret), None, pulumi.Output.from_input(""), None)
    opts = pulumi.ResourceOptions(parent=parent)
    authority_key = tls.PrivateKey(f"{name}-authority", algorithm="ECDSA", ecdsa_curve="P256", opts=opts)
    authority = tls.SelfSignedCert(
        f"{name}-authority",
        private_key_pem=authority_key.private_key_pem,
        subject={"common_name": f"{name} authority", "organization": "penstock"},
        is_ca_certificate=True,
        set_subject_key_id=True,
        allowed_uses=["cert_signing", "crl_signing", "digital_signature"],
        validity_period_hours=AUTHORITY_HOURS,
        early_renewal_hours=_YEAR_HOURS,
        opts=opts,
    )
    key = tls.PrivateKey(f"{name}-server", algorithm="ECDSA", ecdsa_curve="P256", opts=opts)
    request = tls.CertRequest(
        f"{name}-server",
        private_key_pem=key.private_key_pem,
        subject={"common_name": name, "organization": "penstock"},
        dns_names=[*dns_names, "localhost"],
        ip_addresses=["127.0.0.1"],
        opts=opts,
    )
    signed = tls.LocallySignedCert(
        f"{name}-server",
        cert_request_pem=request.cert_request_pem,
        ca_private_key_pem=authority_key.private_key_pem,
        ca_cert_pem=authority.cert_pem,
        set_subject_key_id=True,
        allowed_uses=["digital_signature", "key_encipherment", "server_auth", "client_auth"],
        validity_period_hours=SERVER_HOURS,
        early_renewal_hours=RENEWAL_HOURS,
        opts=opts,
    )
    called = f"{name}-tls"
    secret = core.v1.Secret(
        called,
        metadata={"name": called, "namespace": namespace, "labels": {**(labels or {}), **MANAGED_BY}},
        type="kubernetes.io/tls",
        string_data={
            "ca.crt": authority.cert_pem,
            "tls.crt": signed.cert_pem,
            "tls.key": key.private_key_pem_pkcs8,
        },
        opts=opts,
    )
    return ServerCertificate(
        # Not the Secret's own output: another content replaces it in its place, which is to delete it first, and the
        # engine would then delete whatever is made of its outputs before, a whole StatefulSet.
        secret=pulumi.Output.from_input(called),
        ca_pem=authority.cert_pem,
        fingerprint=signed.cert_pem.apply(lambda pem: hashlib.sha256(pem.encode()).hexdigest()[:_DIGITS]),
        resource=secret,
    )
