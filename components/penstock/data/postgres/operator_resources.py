"""The resources of the operator of Postgres clusters."""

from functools import partial

import pulumi
import pulumi_tls as tls
from pulumi_kubernetes import core, helm

from penstock.data.certificates import RENEWAL_HOURS, SERVER_HOURS
from penstock.data.postgres import operator_plan
from penstock.data.postgres.operator_spec import PostgresOperatorSpec
from penstock.names import MANAGED_BY

_TIMEOUT_SECONDS = 900


def create(name: str, spec: PostgresOperatorSpec, parent: pulumi.Resource) -> None:
    """Makes all that belongs to it. Child names derive from `name`."""
    opts = pulumi.ResourceOptions(parent=parent)
    registry: pulumi.Output[str | None] = pulumi.Output.from_input(spec.registry)
    space = core.v1.Namespace(f"{name}-namespace", opts=opts, **operator_plan.namespace(spec))
    operator = helm.v3.Release(
        f"{name}-{operator_plan.OPERATOR}",
        name=operator_plan.OPERATOR,
        namespace=spec.namespace,
        values=registry.apply(partial(operator_plan.operator_values, spec)),
        timeout=_TIMEOUT_SECONDS,
        **operator_plan.charts()[operator_plan.OPERATOR].place(spec.chart_repository),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[space])),
    )
    if not spec.backups:
        return
    helm.v3.Release(
        f"{name}-{operator_plan.PLUGIN}",
        name=operator_plan.PLUGIN,
        namespace=spec.namespace,
        values=registry.apply(partial(operator_plan.plugin_values, spec)),
        timeout=_TIMEOUT_SECONDS,
        **operator_plan.charts()[operator_plan.PLUGIN].place(spec.chart_repository),
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(depends_on=[operator, *_certificates(spec, space, parent)])
        ),
    )


def _certificates(spec: PostgresOperatorSpec, space: pulumi.Resource, parent: pulumi.Resource) -> list[pulumi.Resource]:
    """One for the plugin, which the operator trusts, and one the other way round."""
    if spec.cert_manager:
        return []
    return [
        _trusted(operator_plan.SERVER_CERTIFICATE, "server_auth", spec.namespace, space, parent),
        _trusted(operator_plan.CLIENT_CERTIFICATE, "client_auth", spec.namespace, space, parent),
    ]


def _trusted(name: str, use: str, namespace: str, space: pulumi.Resource, parent: pulumi.Resource) -> pulumi.Resource:
    """A certificate that the other side trusts by itself.

    It is signed by its own key and by no authority: the plugin offers the operator the subjects of what it trusts,
    which is the certificate alone, and Go sends one only where its issuer is among them.
    """
    opts = pulumi.ResourceOptions(parent=parent)
    key = tls.PrivateKey(name, algorithm="ECDSA", ecdsa_curve="P256", opts=opts)
    signed = tls.SelfSignedCert(
        name,
        private_key_pem=key.private_key_pem,
        subject={"common_name": operator_plan.PLUGIN_SERVICE, "organization": "penstock"},
        dns_names=[operator_plan.PLUGIN_SERVICE],
        allowed_uses=["digital_signature", "key_encipherment", use],
        validity_period_hours=SERVER_HOURS,
        early_renewal_hours=RENEWAL_HOURS,
        opts=opts,
    )
    private: pulumi.Output[str] = pulumi.Output.secret(key.private_key_pem_pkcs8)
    made: pulumi.Resource = core.v1.Secret(
        f"{name}-tls",
        metadata={"name": f"{name}-tls", "namespace": namespace, "labels": dict(MANAGED_BY)},
        type="kubernetes.io/tls",
        string_data={"tls.crt": signed.cert_pem, "tls.key": private},
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[space]),
    )
    return made
