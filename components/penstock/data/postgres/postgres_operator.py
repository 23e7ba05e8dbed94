"""`PostgresOperator`: what keeps Postgres clusters, CloudNativePG, and its plugin for backups."""

import pulumi

from penstock.component import checked
from penstock.data.postgres.operator_args import PostgresOperatorArgs


class PostgresOperator(pulumi.ComponentResource):
    """The operator of PostgreSQL clusters, once in a Kubernetes cluster: CloudNativePG and its Barman Cloud plugin.

    Pass the cluster's Kubernetes provider with `opts.provider`; let every `PostgresCluster` depend on this. Charts are
    installed by Helm releases and are waited for. The plugin's certificates are made here, so that no cert-manager is
    needed.
    """

    charts: dict[str, str]
    """The charts that are installed, with their versions."""
    namespace: str
    """Their namespace, which a `PostgresCluster` has to know if it is not `cnpg-system`."""

    def __init__(self, name: str, args: PostgresOperatorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidInputs with every problem of `args`."""
        from penstock.autoscaling.pods.target import object_name_problems
        from penstock.data.postgres.operator_spec import PostgresOperatorSpec

        spec = checked(type(self), name, PostgresOperatorSpec, args, object_name_problems(name))
        super().__init__("penstock:index:PostgresOperator", name, {}, opts)
        from penstock.data.postgres import operator_plan, operator_resources

        operator_resources.create(name, spec, self)
        wanted = [operator_plan.OPERATOR, *([operator_plan.PLUGIN] if spec.backups else [])]
        self.charts = {chart: operator_plan.charts()[chart].version for chart in wanted}
        self.namespace = spec.namespace
        self.register_outputs({"charts": self.charts, "namespace": self.namespace})
