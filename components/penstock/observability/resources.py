"""The resources of a metrics stack."""

from functools import partial

import pulumi
from pulumi_kubernetes import core, helm

from penstock.autoscaling.around import mirror
from penstock.observability import plan
from penstock.observability.spec import MetricsStackSpec
from penstock.refs import ClusterRef

# An empty cluster has to pull every image first.
_TIMEOUT_SECONDS = 900


def create(
    name: str, spec: MetricsStackSpec, cluster: pulumi.Input[ClusterRef], parent: pulumi.Resource
) -> list[pulumi.Resource]:
    """Makes all that belongs to it. Child names derive from `name`."""
    registry = mirror(spec.registry, cluster)
    opts = pulumi.ResourceOptions(parent=parent)
    spaces = {
        space: core.v1.Namespace(f"{name}-{space}", metadata={"name": space, "labels": labels}, opts=opts)
        for space, labels in plan.namespaces(spec).items()
    }
    made: dict[str, pulumi.Resource] = {}
    for release in plan.releases(spec):
        chart = release.chart.chart
        needed = [made[other] for other in release.after]
        if release.namespace in spaces:
            needed.append(spaces[release.namespace])
        # Not as a Chart resource, which would leave out hooks: those make certificates of admission webhooks.
        made[chart] = helm.v3.Release(
            f"{name}-{chart}",
            name=chart,
            namespace=release.namespace,
            values=registry.apply(partial(release.values, spec)),
            timeout=_TIMEOUT_SECONDS,
            **release.chart.place(spec.chart_repository),
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=needed)),
        )
    return [*spaces.values(), *made.values()]
