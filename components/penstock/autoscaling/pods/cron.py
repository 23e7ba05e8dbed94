"""`CronScaleToZero`: replicas in a window of time, and none outside of it."""

import pulumi

from penstock.autoscaling.pods.cron_args import CronScaleToZeroArgs
from penstock.component import checked


class CronScaleToZero(pulumi.ComponentResource):
    """A window of time in which a workload has replicas; outside of it it has none, and its nodes can go.

    A ScaledObject of KEDA. Other triggers may wake the workload outside of the window, unless `hard_off` is set. Pass
    the cluster's Kubernetes provider with `opts.provider`, and what installs KEDA with `opts.depends_on`.
    """

    object_name: str
    """The name of the ScaledObject: that of the component."""

    def __init__(self, name: str, args: CronScaleToZeroArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidInputs with every problem of `args`."""
        from penstock.autoscaling.pods.cron_spec import CronScaleToZeroSpec
        from penstock.autoscaling.pods.event_spec import LONGEST_NAME
        from penstock.autoscaling.pods.target import object_name_problems

        spec = checked(type(self), name, CronScaleToZeroSpec, args, object_name_problems(name, LONGEST_NAME))
        super().__init__("penstock:index:CronScaleToZero", name, {}, opts)
        from penstock.autoscaling.pods import cron_plan
        from penstock.custom import custom

        custom(name, cron_plan.scaled_object_of(name, spec), self)
        self.object_name = name
        self.register_outputs({"object_name": self.object_name})
