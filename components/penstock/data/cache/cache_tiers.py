"""`CacheTiers`: in which tiers answers are kept, for how long, and whether that pays."""

import pulumi

from penstock.component import checked
from penstock.data.cache.args import CacheTiersArgs


class CacheTiers(pulumi.ComponentResource):
    """The tiers of the cache: L1 in the processes, L2 in Redis, L3 as materialised views in PostgreSQL.

    What is deployed are their settings, a ConfigMap of this name that services read; the views, with a CronJob that
    refreshes them; a dashboard and alerts. Let it depend on the `RedisCluster` and the `PostgresCluster`, and pass the
    cluster's Kubernetes provider with `opts.provider`.
    """

    config_map: str
    """The name of the ConfigMap with the settings: `cache.json`, and each value by itself."""
    shared_mib: int
    """How much of the Redis the shared tier may fill, in MiB."""

    def __init__(self, name: str, args: CacheTiersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidInputs with every problem of `args`."""
        from penstock.data.cache.spec import CacheTiersSpec
        from penstock.names import name_problems

        spec = checked(type(self), name, CacheTiersSpec, args, name_problems(name, "cache"))
        super().__init__("penstock:index:CacheTiers", name, {}, opts)
        from penstock.data.cache import resources

        resources.create(name, spec, self)
        self.config_map = name
        self.shared_mib = spec.shared_mib
        self.register_outputs({"config_map": self.config_map, "shared_mib": self.shared_mib})
