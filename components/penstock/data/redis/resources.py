"""The resources of a Redis cluster."""

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_random as random
from pulumi_kubernetes import apps, batch, core, networking, policy

from penstock.custom import custom
from penstock.data.certificates import server_certificate
from penstock.data.placement import on_pools
from penstock.data.redis import jobs, plan, pods, tenants
from penstock.data.redis.spec import RedisClusterSpec
from penstock.data.refs import RedisRef

_PASSWORD_LENGTH = 40
_FORM_TIMEOUT = "60m"


def create(name: str, spec: RedisClusterSpec, parent: pulumi.Resource) -> tuple[RedisRef, pulumi.Output[str] | None]:
    """Makes all that belongs to it; what others need of it, and the certificate of its authority."""
    if told := spec.placement_told:
        pulumi.log.warn(f"RedisCluster '{name}': {told}", resource=parent)
    opts = pulumi.ResourceOptions(parent=parent)
    namespace = pulumi.Output.from_input(spec.namespace)
    certificate = server_certificate(
        name,
        namespace=namespace,
        dns_names=[pulumi.Output.format(pattern, namespace) for pattern in plan.dns_names(name, "{0}")],
        parent=parent,
        labels={**spec.labels, **plan.labels(name)},
        tls_secret=spec.tls_secret,
    )
    before: list[pulumi.Resource] = [
        core.v1.ConfigMap(plan.config_name(name), opts=opts, **plan.config_map(name, spec)),
        _users(name, spec, opts),
        core.v1.Service(name, opts=opts, **plan.service(name, spec)),
        core.v1.Service(plan.nodes_name(name), opts=opts, **plan.nodes_service(name, spec)),
        policy.v1.PodDisruptionBudget(name, opts=opts, **plan.disruption_budget(name, spec)),
    ]
    before += [
        networking.v1.NetworkPolicy(called, opts=opts, **body)
        for called, body in plan.network_policies(name, spec).items()
    ]
    if certificate.resource:
        before.append(certificate.resource)
    if spec.monitored:
        custom(name, plan.pod_monitor(name, spec), parent)
    _nodes(name, spec, certificate.secret, parent, before)
    ref = RedisRef(
        name=name,
        namespace=spec.namespace,
        host=namespace.apply(lambda given: plan.host(name, given)),
        port=plan.PORT,
        use=spec.use.value,
        replicas=spec.replicas,
        memory_mib=spec.maxmemory_mib * spec.primaries,
        image=spec.image,
        admin_secret=plan.users_name(name),
        tls_secret=certificate.secret,
        labels=plan.labels(name),
        scheduling=on_pools(spec.pools),
    )
    if told:
        ref["placement"] = told
    return ref, certificate.ca_pem


def _users(name: str, spec: RedisClusterSpec, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    passwords: dict[tuple[str, int], Any] = {}
    for rotation in plan.rotations(spec):
        for user in plan.OWN_USERS:
            made = random.RandomPassword(f"{name}-{user}-{rotation}", length=_PASSWORD_LENGTH, special=False, opts=opts)
            passwords[user, rotation] = made.result
    called = plan.users_name(name)
    secret: pulumi.Resource = core.v1.Secret(
        called, metadata=plan.metadata(called, name, spec), string_data=plan.users(spec, passwords), opts=opts
    )
    return secret


def _nodes(
    name: str,
    spec: RedisClusterSpec,
    tls_secret: pulumi.Output[str],
    parent: pulumi.Resource,
    before: Sequence[pulumi.Resource],
) -> None:
    """The nodes, the Job that forms them, and the size of their volumes."""
    nodes = apps.v1.StatefulSet(
        name,
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=list(before),
            # They cannot be changed, and replacing the whole would change no volume: the claims below do.
            ignore_changes=["spec.volumeClaimTemplates"],
        ),
        **pods.stateful_set(name, spec, tls_secret),
    )
    job = jobs.form_job(name, spec, tls_secret)
    formed: pulumi.Resource = batch.v1.Job(
        f"{name}-form",
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=[nodes],
            custom_timeouts=pulumi.CustomTimeouts(create=_FORM_TIMEOUT, update=_FORM_TIMEOUT),
        ),
        **job,
    )
    for claim in pods.claims(name, spec):
        core.v1.PersistentVolumeClaimPatch(
            claim["metadata"]["name"],
            opts=pulumi.ResourceOptions(parent=parent, depends_on=[formed], retain_on_delete=True),
            **claim,
        )


def tenant_user_resource(
    name: str,
    tenant: str,
    ref: RedisRef,
    hashes: Sequence[pulumi.Input[str]],
    *,
    rotation: int,
    parent: pulumi.Resource,
    depends_on: Sequence[pulumi.Resource] = (),
    scripting: bool = False,
) -> pulumi.Resource:
    """Makes the Job, as the resource `name`, that gives every node the user `tenant`: see `tenants.tenant_user_job`."""
    job = tenants.tenant_user_job(tenant, ref, hashes, rotation=rotation, scripting=scripting)
    made: pulumi.Resource = batch.v1.Job(
        name, opts=pulumi.ResourceOptions(parent=parent, depends_on=list(depends_on)), **job
    )
    return made
