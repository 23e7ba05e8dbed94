"""The resources of the cache's tiers."""

import pulumi
from pulumi_kubernetes import batch, core

from penstock.custom import custom
from penstock.data.cache import plan, watching
from penstock.data.cache.spec import CacheTiersSpec


def create(name: str, spec: CacheTiersSpec, parent: pulumi.Resource) -> None:
    """Makes all that belongs to them. Child names derive from `name`."""
    opts = pulumi.ResourceOptions(parent=parent)
    core.v1.ConfigMap(name, opts=opts, **plan.settings_map(name, spec))
    if spec.views:
        ref = plan.postgres(spec)
        scripts = core.v1.ConfigMap(plan.scripts_name(name), opts=opts, **plan.scripts_map(name, ref))
        after = pulumi.ResourceOptions(parent=parent, depends_on=[scripts])
        made = batch.v1.Job(f"{name}-views", opts=after, **plan.views_job(name, ref, spec.views))
        later = pulumi.ResourceOptions(parent=parent, depends_on=[made])
        batch.v1.CronJob(plan.refresh_name(name), opts=later, **plan.refresh_job(name, ref, spec.views))
    if spec.monitoring:
        core.v1.ConfigMap(f"{name}-dashboard", opts=opts, **watching.dashboard_map(name, spec))
        custom(f"{name}-alerts", watching.prometheus_rule(name, spec), parent)
