"""The inputs of `Tenant` and `TenantPolicies`."""

from typing import NotRequired, TypedDict

from penstock.data.refs import PostgresRef, QdrantRef, RedisRef
from penstock.refs import PoolRef


class TenantQuota(TypedDict):
    """How much of the cluster a tenant may have in all, and is promised."""

    cpu: str
    """CPU that its pods may ask for together, for example `20`."""
    memory: str
    """Memory that its pods may ask for together, for example `64Gi`. It is their limit, too."""
    gpus: NotRequired[int]
    """GPUs (or their shares or partitions) of each kind that its pools have. Default: 0."""
    storage_gib: NotRequired[int]
    """GiB of volumes, in all its claims together. Default: 0."""
    ephemeral_storage_gib: NotRequired[int]
    """GiB of nodes' own disks that its pods may ask for together, and their limit. Default: 2 for each pod."""
    pods: NotRequired[int]
    """Pods. Default: 100."""
    cpu_limit_ratio: NotRequired[int]
    """How many times its request a container may use of CPU, 1 to 100; containers have to state both then. Default: no
    limit: what is idle may be used, and under load everybody gets a share as large as its requests."""
    objects: NotRequired[dict[str, int]]
    """How many objects of a kind, where it differs from the default, by the quota's name of it, for example
    `{"count/jobs.batch": 500}`."""


class TenantContainers(TypedDict):
    """What containers get that say nothing, and the most that one may have."""

    default_cpu: NotRequired[str]
    """CPU request of one that states none. Default: `100m`, or the most that it may have."""
    default_memory: NotRequired[str]
    """Memory request and limit of one that states none. Default: `256Mi`, or the most that it may have."""
    max_cpu: NotRequired[str]
    """The most CPU of a container. Default: what the largest node of its pools has, or its quota if that is less."""
    max_memory: NotRequired[str]
    """The most memory of a container. Default: likewise."""


class TenantGroups(TypedDict):
    """Who may do what in its namespace: groups of people as the API server sees them, with the prefix of its OIDC
    settings, for example `oidc:acme-developers`."""

    admin: NotRequired[list[str]]
    """They may do what developers may, list and watch Secrets, and delete volumes. Default: none."""
    developer: NotRequired[list[str]]
    """They run workloads, and look into them. Default: none."""
    viewer: NotRequired[list[str]]
    """They see everything but Secrets. Default: none."""


class TenantImages(TypedDict):
    """Which images its pods may run, those of init and ephemeral containers and of volumes included."""

    registries: list[str]
    """Registries, or repositories in them, for example `europe-docker.pkg.dev/acme/apps`."""
    digest: NotRequired[bool]
    """Whether an image has to be named by its digest. Default: true."""
    always_pull: NotRequired[bool]
    """Whether containers have to write `imagePullPolicy: Always`, so that nobody runs a private image from the disk of
    a node on which somebody else has pulled it. Default: true."""


class TenantPriority(TypedDict):
    """A PriorityClass that its pods may have."""

    name: str
    """Its name. It has to exist."""
    pods: NotRequired[int]
    """How many pods may have it. Default: as many as the tenant may have."""


class TenantScaling(TypedDict):
    """What its autoscalers may ask for."""

    max_replicas: NotRequired[int]
    """The most replicas of a ScaledObject, ScaledJob or HorizontalPodAutoscaler, which have to state theirs. Default:
    as many as it may have pods."""
    triggers: NotRequired[list[str]]
    """The KEDA triggers that it may use, by their types. KEDA asks with its own network access, so a trigger reaches
    what pods of the tenant do not. Default: `cpu`, `memory` and `cron`."""
    prometheus_address: NotRequired[str]
    """The address that its Prometheus triggers have to ask: one that answers with this tenant's series alone. Default:
    none, so that `prometheus` cannot be among the triggers."""


class TenantEgress(TypedDict):
    """What its pods may reach outside of the cluster."""

    cidrs: list[str]
    """Networks, for example `0.0.0.0/0` and `::/0`. What is internal is left out of them."""
    ports: NotRequired[list[int]]
    """TCP ports. Default: 443."""
    internal_cidrs: NotRequired[list[str]]
    """Networks that stay closed: those of nodes, pods and services and what they can reach. Default: all private
    ranges. Metadata addresses of clouds are closed in any case."""


class TenantRoutes(TypedDict):
    """How requests from outside reach it, by HTTPRoute (Gateway API)."""

    gateways: list[str]
    """The Gateways to which it may attach routes, as `namespace/name`."""
    hostnames: list[str]
    """Its host names; `*.acme.example.com` are all below one. Its routes have to state them."""


class TenantRemoval(TypedDict):
    """The wish to remove it."""

    confirm: str
    """Its name. Whoever writes it says that its data may go. After the next `up` it can be dropped."""


class TenantArgs(TypedDict):
    """A tenant."""

    pools: list[PoolRef]
    """The pools that its pods may use: the `ref` of each."""
    quota: TenantQuota
    """How much of them."""
    images: TenantImages
    """Which images its pods may run."""
    cluster_pools: NotRequired[list[PoolRef]]
    """All pools of the cluster, so that its pods may also be placed by other labels of its pools that no other pool
    has, as pods are that run on several of them. Default: pods have to name a pool."""
    namespace: NotRequired[str]
    """Its namespace. Default: `tenant-` and its name."""
    groups: NotRequired[TenantGroups]
    """Who may do what there. Default: nobody but those who may do everything in the cluster."""
    containers: NotRequired[TenantContainers]
    """What containers get that say nothing, and the most that one may have."""
    priority_classes: NotRequired[list[TenantPriority]]
    """The PriorityClasses that its pods may have. Default: none, so that its pods have the priority 0."""
    scaling: NotRequired[TenantScaling]
    """What its autoscalers may ask for."""
    redis: NotRequired[RedisRef]
    """The Redis that it may use: the `ref` of the cluster. Its keys begin with its name and a colon."""
    postgres: NotRequired[PostgresRef]
    """The Postgres that it may use: the `ref` of the cluster."""
    postgres_database: NotRequired[bool]
    """Whether it has a database of its own there, not only a schema. Default: false."""
    qdrant: NotRequired[QdrantRef]
    """The Qdrant that it may use: the `ref` of the cluster."""
    qdrant_collection: NotRequired[bool]
    """Whether it has a collection of its own there, which its pods reach. Default: false: its partition of the shared
    collection is reached by the platform's services only, since no token of Qdrant's confines its bearer to one."""
    egress: NotRequired[TenantEgress]
    """What its pods may reach outside of the cluster. Default: nothing."""
    routes: NotRequired[TenantRoutes]
    """How requests from outside reach it. Default: not at all."""
    gateway_namespace: NotRequired[str]
    """Whose pods may reach its own, on any port. Default: `gateway`."""
    monitoring_namespace: NotRequired[str]
    """Whose pods may reach its own to measure them. Default: `monitoring`."""
    pod_security_version: NotRequired[str]
    """The version of the Pod Security standard (restricted) that holds, so that an upgrade of the cluster refuses no
    pod that ran before. Default: `v1.34`."""
    cost_center: NotRequired[str]
    """Who pays: the label `penstock.dev/cost-center`. Default: its name."""
    labels: NotRequired[dict[str, str]]
    """More labels of its namespace."""
    rotation: NotRequired[int]
    """Raise it by one to get new passwords and keys; those before stay valid beside them. Default: 1."""
    retire_previous: NotRequired[bool]
    """Whether passwords and keys of the rotation before end. Default: false."""
    removal: NotRequired[TenantRemoval]
    """Write it before you drop the tenant, which is refused without. Default: none."""


class TenantPoliciesArgs(TypedDict):
    """What holds for all tenants of a cluster."""

    labels: NotRequired[dict[str, str]]
    """Labels of the objects, besides their own."""
