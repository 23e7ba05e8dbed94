"""The inputs of `PostgresCluster`, as users and other Pulumi languages see them."""

from enum import StrEnum
from typing import NotRequired, TypedDict

import pulumi

from penstock.refs import PoolRef


class Durability(StrEnum):
    """What a commit waits for when no replica is there to take it."""

    REQUIRED = "required"
    """It waits: what was acknowledged is never lost with one machine. Without any replica, writes stand still."""
    PREFERRED = "preferred"
    """It goes on without one: what was acknowledged meanwhile is lost if the primary is."""


class PoolMode(StrEnum):
    """For how long a client has a server's connection to itself, in PgBouncer's spelling."""

    TRANSACTION = "transaction"
    """For a transaction: few connections serve many clients. Prepared statements of the protocol work; LISTEN, session
    locks and SET without LOCAL do not."""
    SESSION = "session"
    """Until it disconnects: all of PostgreSQL works, for as many clients as there are connections."""


class ObjectStoreKind(StrEnum):
    """Whose object store it is."""

    S3 = "s3"
    """Amazon S3, or one that is like it."""
    GCS = "gcs"
    """Google Cloud Storage."""
    AZURE = "azure"
    """Azure Blob Storage."""


class PostgresPooler(TypedDict):
    """A pooler of connections: PgBouncer, in pods of its own."""

    pods: NotRequired[int]
    """How many pods it has, each on a machine of its own, 1 to 9. Default: 2."""
    pool_size: NotRequired[int]
    """How many connections each pod keeps for each user. Default: 10, for readers 5."""
    overflow: NotRequired[int]
    """How many more it opens for a user whose clients have waited for 5 s. Default: 20, for readers 10."""
    max_connections: NotRequired[int]
    """How many connections each pod opens to the database for all users together: idle ones of others make room.
    Default: 50."""
    max_clients: NotRequired[int]
    """How many clients each pod takes. Default: 1000."""


class ObjectStoreKeys(TypedDict):
    """The keys of an object store, in a Secret of the cluster's namespace that you keep."""

    secret: pulumi.Input[str]
    """The name of the Secret. Of S3 it has the keys `ACCESS_KEY_ID` and `ACCESS_SECRET_KEY`; of Google the key
    `gcsCredentials`, the JSON of a service account; of Azure the key `AZURE_CONNECTION_STRING`."""


class PostgresBackups(TypedDict):
    """Backups in an object store, by the Barman Cloud plugin: base backups, and each log as it is filled."""

    kind: ObjectStoreKind
    """Whose object store it is."""
    destination: pulumi.Input[str]
    """Where they go: `s3://bucket/path`, `gs://bucket/path` or `https://ACCOUNT.blob.core.windows.net/container/path`.
    One cluster to a path."""
    keys: NotRequired[ObjectStoreKeys]
    """The keys of the store. Default: the pods' own identity in the cloud, by `service_account_annotations`."""
    endpoint: NotRequired[str]
    """Of a store that is like S3, its URL, for example `https://minio.example.com`. Default: the cloud's."""
    schedule: NotRequired[str]
    """When a base backup is made, in UTC: minute, hour, day of the month, month, day of the week. Default:
    `0 2 * * *`, every night."""
    retention_days: NotRequired[int]
    """To any moment of how many days it can be recovered, 1 to 3650. Default: 30."""
    alert_hours: NotRequired[int]
    """After how many hours without a new base backup an alert is raised. Default: 26, or twice the longest time between
    two if that is more than a day."""


class RecoveryDrill(TypedDict):
    """A recovery that is tried out: a cluster of one instance is made from the newest backup, asked whether it holds
    what it should, and deleted."""

    schedule: NotRequired[str]
    """When, in UTC: minute, hour, day of the month, month, day of the week. Default: `0 4 * * 0`, on Sundays."""
    timeout_minutes: NotRequired[int]
    """How long the recovery may take, 10 to 1440. Default: 120."""
    check: NotRequired[str]
    """More that is asked of the recovered database: SQL that fails where it is not as it should be. Default: only
    ours, which wants what was written five minutes before the recovery, the extension `vector`, the schemas of tenants
    with their owners, and every table readable."""
    image: NotRequired[pulumi.Input[str]]
    """An image with `kubectl` as its entry point. Default: `registry.k8s.io/kubectl:v1.36.3`."""


class Pgpool(TypedDict):
    """Pgpool-II in front of the cluster, which sends reads to replicas and writes to the primary by itself."""

    pods: NotRequired[int]
    """How many pods it has, 1 to 9. Default: 2."""
    image: NotRequired[pulumi.Input[str]]
    """Its image, of its publisher. Default: `docker.io/pgpool/pgpool:4.4.3`."""
    clients: NotRequired[int]
    """How many clients each pod takes at once; each may hold a connection to the primary and one to a replica, past the
    poolers. Default: 24."""


class PostgresClusterArgs(TypedDict):
    """A PostgreSQL cluster with a primary, replicas, poolers, backups and alerts."""

    namespace: pulumi.Input[str]
    """Its namespace, which has to exist, for example that of a `ServiceNamespace`."""
    pools: list[PoolRef]
    """The pools on whose nodes it runs: the `ref` of each. They need a machine for each instance."""
    instances: NotRequired[int]
    """How many servers: a primary and replicas, 3 to 9, or 1 for a stack that may lose its data. Default: 3."""
    image: NotRequired[pulumi.Input[str]]
    """The image of its servers, whose tag begins with the major version and which carries pgvector. Default:
    `ghcr.io/cloudnative-pg/postgresql:18-standard-trixie`."""
    database: NotRequired[str]
    """The database in which tenants have schemas. Default: `app`."""
    cpu_request: NotRequired[str]
    """The CPU that each server requests. Default: `1`."""
    cpu_limit: NotRequired[str]
    """The CPU that it may use. Default: `2`."""
    memory_request: NotRequired[str]
    """The memory that each server requests, a quarter of which caches pages. Default: `2Gi`."""
    memory_limit: NotRequired[str]
    """The memory that it may use. Default: `4Gi`."""
    volume_gib: NotRequired[int]
    """The size of each server's volume of data. It can grow, never shrink. Default: 50."""
    wal_volume_gib: NotRequired[int]
    """The size of each server's volume of logs, at least 5. It can grow, never shrink. Default: 10."""
    storage_class: NotRequired[str]
    """The storage class of both. Default: the cluster's own."""
    max_connections: NotRequired[int]
    """How many connections a server takes. Default: 200."""
    max_wal_senders: NotRequired[int]
    """How many replicas and copies may read the log at once. Default: 10."""
    wal_keep_mib: NotRequired[int]
    """How much of the log stays for replicas that were away. Default: 1024."""
    parameters: NotRequired[dict[str, str]]
    """More settings of the servers, in PostgreSQL's spelling."""
    durability: NotRequired[Durability]
    """What a commit waits for when no replica is there. One replica has always to have it on disk. Default:
    `required`."""
    max_lag_mib: NotRequired[int]
    """How far behind the log a replica may be, in MiB, and still be read from: one that is further gets no reads until
    it has caught up. Default: 64."""
    lag_alert_seconds: NotRequired[int]
    """How far behind a replica may be for five minutes before an alert is raised. Default: 30."""
    pool_mode: NotRequired[PoolMode]
    """For how long a client of a pooler has a connection to itself. Default: `transaction`."""
    writers: NotRequired[PostgresPooler]
    """The pooler that leads to the primary."""
    readers: NotRequired[PostgresPooler]
    """The pooler that leads to the replicas. With one instance there is none."""
    backups: NotRequired[PostgresBackups]
    """Backups. They need the Barman Cloud plugin, which `PostgresOperator` installs. Default: none, which is said."""
    recovery_drill: NotRequired[RecoveryDrill]
    """A recovery that is tried out on a schedule. Default: none."""
    pgpool: NotRequired[Pgpool]
    """Pgpool-II, for programs that cannot tell reads from writes. Default: none."""
    service_account_annotations: NotRequired[dict[str, pulumi.Input[str]]]
    """Annotations of its service account, by which a cloud gives its pods an identity."""
    client_namespaces: NotRequired[list[str]]
    """The namespaces, besides those of tenants, whose pods reach its poolers. Default: `services`."""
    direct_namespaces: NotRequired[list[str]]
    """The namespaces whose pods reach its servers past the poolers, as migrations may have to. Default: `services`."""
    operator_namespace: NotRequired[str]
    """The namespace of the operator. Default: `cnpg-system`."""
    monitoring: NotRequired[bool]
    """Whether it has monitors and alerts for the Prometheus operator. Default: true."""
    rule_labels: NotRequired[dict[str, str]]
    """Labels by which Prometheus takes the alerts. Default: none."""
    rotation: NotRequired[int]
    """Another number makes another password of the administrator. Default: 1."""
