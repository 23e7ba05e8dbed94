"""What the data stores offer to others: plain values, by which a tenant or a service reaches them."""

from typing import Any, NotRequired, TypedDict

import pulumi


class RedisRef(TypedDict):
    """What others need to know of a Redis cluster."""

    name: str
    """Its name: of its StatefulSet and of the Service that reaches every node."""
    namespace: pulumi.Input[str]
    """The namespace in which it runs."""
    host: pulumi.Input[str]
    """The name under which any of its nodes is reached: `NAME.NAMESPACE.svc.cluster.local`."""
    port: int
    """Its port, with TLS."""
    use: str
    """What it is for, a value of `RedisUse`."""
    replicas: int
    """How many nodes it has, primaries and replicas together."""
    memory_mib: int
    """The memory for data of all its primaries together."""
    image: pulumi.Input[str]
    """The image with `redis-cli`."""
    admin_secret: pulumi.Input[str]
    """The Secret of its namespace whose key `admin-password` is that of the user `admin`."""
    tls_secret: pulumi.Input[str]
    """The Secret of its namespace with `ca.crt`, `tls.crt` and `tls.key`."""
    ca_pem: NotRequired[pulumi.Input[str]]
    """The certificate of its authority, in PEM; absent where the Secret is the user's own."""
    labels: dict[str, str]
    """The labels of its pods."""
    scheduling: NotRequired[dict[str, Any]]
    """The parts of a pod's spec, `nodeSelector` and `tolerations`, with which Jobs for it run where it does; absent:
    wherever nothing has to be tolerated."""
    placement: NotRequired[str]
    """How its nodes are spread, in a sentence, where that is less than asked for."""


class QdrantRef(TypedDict):
    """What others need to know of a Qdrant cluster."""

    name: str
    """Its name: of its StatefulSet and of its Service."""
    namespace: pulumi.Input[str]
    """The namespace in which it runs."""
    host: pulumi.Input[str]
    """The name under which it is reached."""
    port: int
    """Its HTTP port."""
    grpc_port: int
    """Its gRPC port."""
    collection: str
    """The collection that all tenants share, each in its partition."""
    vector_size: int
    """The size of the vectors in it."""
    api_key: pulumi.Input[str]
    """The key of its administrator, a secret: tokens of tenants are signed with it."""
    admin_secret: pulumi.Input[str]
    """The Secret of its namespace whose key `api-key` is the administrator's."""
    tls: bool
    """Whether it speaks TLS on both client ports."""
    tls_secret: NotRequired[pulumi.Input[str]]
    """The Secret of its namespace with `ca.crt`; absent without TLS."""
    ca_pem: NotRequired[pulumi.Input[str]]
    """The certificate of its authority, in PEM; absent where the Secret is the user's own or there is no TLS."""
    client_image: pulumi.Input[str]
    """The image with Python in which its Jobs run."""
    scripts: pulumi.Input[str]
    """The ConfigMap of its namespace with what its Jobs run."""
    replicas: int
    """How many copies of a point it keeps."""
    nodes: int
    """How many nodes it has."""
    labels: dict[str, str]
    """The labels of its pods."""
    scheduling: NotRequired[dict[str, Any]]
    """The parts of a pod's spec, `nodeSelector` and `tolerations`, with which Jobs for it run where it does; absent:
    wherever nothing has to be tolerated."""


class PostgresRef(TypedDict):
    """What others need to know of a Postgres cluster."""

    name: str
    """Its name: of the CloudNativePG Cluster, and the first part of its Services' names."""
    namespace: pulumi.Input[str]
    """The namespace in which it runs."""
    host: pulumi.Input[str]
    """The name of the pooler that leads to the primary."""
    read_host: pulumi.Input[str]
    """The name of the pooler that leads to the replicas."""
    direct_host: pulumi.Input[str]
    """The name of the primary's Service, past the pooler: for migrations."""
    port: int
    """The port of all three."""
    database: str
    """The database in which tenants have schemas."""
    image: pulumi.Input[str]
    """The image with `psql`."""
    admin_secret: pulumi.Input[str]
    """The Secret of its namespace with `username` and `password` of a role that may make roles and schemas."""
    ca_secret: pulumi.Input[str]
    """The Secret of its namespace with the `ca.crt` of its certificates."""
    ca_pem: NotRequired[pulumi.Input[str]]
    """That certificate, in PEM; absent where the operator makes it."""
    labels: dict[str, str]
    """The labels of its pods."""
    pooler_labels: dict[str, str]
    """The labels of its poolers' pods."""
    scheduling: NotRequired[dict[str, Any]]
    """The parts of a pod's spec, `nodeSelector` and `tolerations`, with which Jobs for it run where it does; absent:
    wherever nothing has to be tolerated."""
    backup_days: NotRequired[int]
    """For how many days a physical backup may still hold what was erased; absent without backups."""
