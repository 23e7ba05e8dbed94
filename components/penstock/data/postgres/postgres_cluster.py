"""`PostgresCluster`: a primary and replicas that survive the loss of any one machine, by CloudNativePG."""

import pulumi

from penstock.component import checked
from penstock.data.postgres.args import PostgresClusterArgs
from penstock.data.refs import PostgresRef

TYPE = "penstock:index:PostgresCluster"


class PostgresCluster(pulumi.ComponentResource):
    """A PostgreSQL cluster with pgvector: servers on machines of their own, commits on two of them, poolers for writers
    and readers, backups, alerts.

    It needs a `PostgresOperator` (pass it with `opts.depends_on`) and the cluster's Kubernetes provider with
    `opts.provider`. Names of Kubernetes objects derive from the component's. Its volumes can grow, never shrink: a
    smaller size is refused by the preview.
    """

    ref: PostgresRef
    """What tenants and services have to know of it."""
    told: list[str]
    """What should be known of it, each in a sentence: what it does not survive."""
    backup_days: int
    """For how many days a backup may still hold what was erased; 0 without backups."""

    def __init__(self, name: str, args: PostgresClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidInputs with every problem of `args`."""
        from penstock.data.kept import kept, shrinking
        from penstock.data.postgres.spec import PostgresSpec
        from penstock.names import name_problems

        spec = checked(type(self), name, PostgresSpec, args, name_problems(name, "Postgres cluster"))
        volumes = {"volume_gib": spec.volume_gib, "wal_volume_gib": spec.wal_volume_gib}
        super().__init__(TYPE, name, *kept(type(self), TYPE, name, volumes, opts, shrinking(*volumes)))
        from penstock.data.postgres import offered, resources

        self.ref = offered.reference(name, spec)
        resources.create(name, spec, self.ref, self)
        self.told = offered.told(name, spec)
        self.backup_days = spec.backups.held_days if spec.backups else 0
        for sentence in self.told:
            pulumi.warn(sentence, self)
        self.register_outputs({"ref": self.ref, "told": self.told, "backup_days": self.backup_days})
