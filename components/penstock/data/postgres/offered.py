"""What a Postgres cluster offers to others, and what has to be said of it."""

from penstock.data.placement import on_pools, room_told
from penstock.data.postgres import plan
from penstock.data.postgres.spec import PostgresSpec
from penstock.data.refs import PostgresRef


def reference(name: str, spec: PostgresSpec) -> PostgresRef:
    """What tenants and services have to know of it. Without replicas reads go where writes go."""
    pools = {kind: pooler for pooler, (kind, _) in plan.poolers(name, spec).items()}
    return PostgresRef(
        name=name,
        namespace=spec.namespace,
        host=plan.host(pools["rw"], spec.namespace),
        read_host=plan.host(pools.get("ro", pools["rw"]), spec.namespace),
        direct_host=plan.host(f"{name}-rw", spec.namespace),
        port=plan.PORT,
        database=spec.database,
        image=spec.image,
        admin_secret=plan.admin_secret(name),
        ca_secret=f"{name}-ca",
        labels=plan.server_labels(name),
        pooler_labels=plan.pooler_labels(name),
        scheduling=on_pools(spec.pools),
    )


def told(name: str, spec: PostgresSpec) -> list[str]:
    """What has to be said of a cluster, each in a sentence."""
    said = [] if spec.backups else [f"The Postgres cluster '{name}' has no backups: what is deleted there is gone."]
    if not spec.has_replicas:
        said.append(f"The Postgres cluster '{name}' has one instance: the loss of its machine stops it.")
    if room := room_told(spec.instances, spec.pools):
        said.append(f"The Postgres cluster '{name}': {room}")
    return said
