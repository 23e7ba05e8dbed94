"""The resources of a Qdrant cluster."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pulumi
import pulumi_random as random
from pulumi_kubernetes import apps, batch, core, networking, policy

from penstock.custom import custom
from penstock.data.certificates import ServerCertificate, server_certificate
from penstock.data.placement import on_pools
from penstock.data.qdrant import jobs, plan, pods, policies, texts
from penstock.data.qdrant.spec import QdrantSpec

_KEY_LENGTH = 40
_MARGIN_SECONDS = 300
"""What a pod takes beside loading: a machine that starts, an image that is pulled."""


class Made(NamedTuple):
    """What others need of it."""

    api_key: pulumi.Output[str]
    """The present key of the administrator, known when all nodes know it."""
    certificate: ServerCertificate | None


def create(name: str, spec: QdrantSpec, host: pulumi.Output[str], parent: pulumi.Resource) -> Made:
    """Makes all that belongs to it."""
    opts = pulumi.ResourceOptions(parent=parent)
    certificate = _certificate(name, spec, parent) if spec.tls else None
    key, keys = _keys(name, spec, opts)
    # What pods read has to be there, and as it is now, before the first of them starts: all is known by its name alone.
    before: list[pulumi.Resource] = [keys, *_maps(name, spec, host, opts)]
    if certificate and certificate.resource:
        before.append(certificate.resource)
    for service in plan.services(name, spec):
        before.append(core.v1.Service(service["metadata"]["name"], opts=opts, **service))
    for rules in (policies.servers(name, spec), policies.admins(name, spec)):
        before.append(networking.v1.NetworkPolicy(rules["metadata"]["name"], opts=opts, **rules))
    policy.v1.PodDisruptionBudget(name, opts=opts, **plan.disruption_budget(name, spec))
    nodes = _nodes(name, spec, certificate, parent, before)
    if spec.monitoring:
        secret = certificate.secret if certificate else None
        custom(name, plan.pod_monitor(name, spec, tls_secret=secret, host=host), parent)
    _jobs(name, spec, host, certificate, parent, [nodes, *before])
    # Only when all nodes know a new key is it given to others.
    told: pulumi.Output[str] = pulumi.Output.all(key, nodes.id).apply(lambda both: str(both[0]))
    return Made(pulumi.Output.secret(told), certificate)


def collections_job(
    name: str,
    cluster: str,
    *,
    namespace: pulumi.Input[str],
    wanted: Mapping[str, Any],
    pod: Mapping[str, Any],
    parent: pulumi.Resource,
    depends_on: Sequence[pulumi.Resource] = (),
) -> pulumi.Resource:
    """A ConfigMap with collections that are `wanted` of a cluster, and the Job that makes them."""
    opts = pulumi.ResourceOptions(parent=parent)
    content = {"collections.json": json.dumps(wanted, sort_keys=True)}
    made = core.v1.ConfigMap(
        name,
        metadata={"name": name, "namespace": namespace, "labels": pods.admin_labels(cluster)},
        data=content,
        opts=opts,
    )
    manifest = jobs.collections_job(
        name,
        cluster,
        namespace=namespace,
        wanted=name,
        digest=texts.digest(content, texts.admin()),
        pod=pod,
    )
    after = pulumi.ResourceOptions(parent=parent, depends_on=[made, *depends_on])
    job: pulumi.Resource = batch.v1.Job(name, opts=after, **manifest)
    return job


def _certificate(name: str, spec: QdrantSpec, parent: pulumi.Resource) -> ServerCertificate:
    space = pulumi.Output.from_input(spec.namespace)
    inside = "svc.cluster.local"
    names = [
        space.apply(lambda known: f"{name}.{known}.{inside}"),
        space.apply(lambda known: f"{name}.{known}.svc"),
        space.apply(lambda known: f"{name}.{known}"),
        # A node's own name, by which the others know it.
        space.apply(lambda known: f"*.{pods.headless(name)}.{known}.{inside}"),
    ]
    return server_certificate(
        name,
        namespace=spec.namespace,
        dns_names=names,
        parent=parent,
        labels=pods.labels(name),
        tls_secret=spec.tls_secret,
    )


def _maps(
    name: str, spec: QdrantSpec, host: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> Iterator[pulumi.Resource]:
    """What its pods and its clients read."""
    for called, content in (
        (name, texts.server(spec)),
        (pods.admin_map(name), texts.admin()),
        (f"{name}-collections", {"collections.json": json.dumps(texts.wanted(spec), sort_keys=True)}),
        (f"qdrant-{name}-settings", host.apply(lambda known: texts.settings(known, spec))),
    ):
        yield core.v1.ConfigMap(called, metadata=plan.metadata(called, name, spec), data=content, opts=opts)


def _keys(name: str, spec: QdrantSpec, opts: pulumi.ResourceOptions) -> tuple[pulumi.Output[str], pulumi.Resource]:
    """Its present key, and the Secret with all of them."""
    present = _key(name, "api", spec.rotation, opts)
    content: dict[str, pulumi.Input[str]] = {
        "api-key": present,
        "read-only-api-key": _key(name, "read-only", spec.rotation, opts),
    }
    if spec.rotation > 1:
        content["previous-api-key"] = _key(name, "api", spec.rotation - 1, opts)
    called = pods.keys_secret(name)
    made = core.v1.Secret(called, metadata=plan.metadata(called, name, spec), string_data=content, opts=opts)
    return present, made


def _key(name: str, kind: str, rotation: int, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    made = random.RandomPassword(f"{name}-{kind}-key-{rotation}", length=_KEY_LENGTH, special=False, opts=opts)
    result: pulumi.Output[str] = made.result
    return result


def _nodes(
    name: str,
    spec: QdrantSpec,
    certificate: ServerCertificate | None,
    parent: pulumi.Resource,
    before: Sequence[pulumi.Resource],
) -> apps.v1.StatefulSet:
    notes: dict[str, pulumi.Input[str]] = {
        "penstock.dev/content": texts.digest(texts.server(spec), texts.admin()),
        "penstock.dev/rotation": str(spec.rotation),
    }
    if certificate:
        notes["penstock.dev/certificate"] = certificate.fingerprint
    manifest = plan.stateful_set(name, spec, tls_secret=certificate.secret if certificate else None, annotations=notes)
    # One after the other may have to load all that it has.
    seconds = spec.nodes * (spec.startup_seconds + _MARGIN_SECONDS)
    opts = pulumi.ResourceOptions(
        parent=parent,
        depends_on=list(before),
        custom_timeouts=pulumi.CustomTimeouts(create=f"{seconds}s", update=f"{seconds}s"),
        # They cannot be changed there, and replacing the whole would change no volume: see below.
        ignore_changes=["spec.volumeClaimTemplates"],
    )
    made = apps.v1.StatefulSet(name, opts=opts, **manifest)
    for claim in plan.claims(name, spec):
        core.v1.PersistentVolumeClaimPatch(
            claim["metadata"]["name"],
            # Taking a size back, as an ordinary deletion would, is what no API server lets do.
            opts=pulumi.ResourceOptions(parent=parent, depends_on=[made], retain_on_delete=True),
            **claim,
        )
    return made


def _jobs(
    name: str,
    spec: QdrantSpec,
    host: pulumi.Output[str],
    certificate: ServerCertificate | None,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
) -> None:
    pod = jobs.pod(
        name,
        image=spec.client_image,
        url=host.apply(lambda known: texts.settings(known, spec)["QDRANT_URL"]),
        tls_secret=certificate.secret if certificate else None,
        placed=on_pools(spec.pools),
    )
    opts = pulumi.ResourceOptions(parent=parent, depends_on=list(after))
    wanted = texts.wanted(spec)
    manifest = jobs.collections_job(
        f"{name}-collections",
        name,
        namespace=spec.namespace,
        wanted=f"{name}-collections",
        digest=texts.digest(wanted, texts.admin()),
        pod=pod,
    )
    batch.v1.Job(f"{name}-collections", opts=opts, **manifest)
    batch.v1.CronJob(f"{name}-repair", opts=opts, **jobs.repair(name, namespace=spec.namespace, pod=pod))
