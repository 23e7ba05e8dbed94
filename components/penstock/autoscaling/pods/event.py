"""`EventAutoscaler`: replicas by queries, queues and schedules, down to none."""

import pulumi

from penstock.autoscaling.pods.event_args import EventAutoscalerArgs
from penstock.component import checked


class EventAutoscaler(pulumi.ComponentResource):
    """A ScaledObject of KEDA (keda.sh/v1alpha1) for one workload.

    Pass the cluster's Kubernetes provider with `opts.provider`, and what installs KEDA with `opts.depends_on`. KEDA
    makes the HorizontalPodAutoscaler itself, so there must be no other one. The workload must not state
    `spec.replicas`. While a query has no answer the replicas stay as they are, also at none.
    """

    object_name: str
    """The name of the ScaledObject: that of the component."""
    horizontal_name: str
    """The name of the HorizontalPodAutoscaler that KEDA makes."""

    def __init__(self, name: str, args: EventAutoscalerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidInputs with every problem of `args`."""
        from penstock.autoscaling.pods.event_spec import LONGEST_NAME, EventSpec
        from penstock.autoscaling.pods.target import object_name_problems

        spec = checked(type(self), name, EventSpec, args, object_name_problems(name, LONGEST_NAME))
        super().__init__("penstock:index:EventAutoscaler", name, {}, opts)
        from penstock.autoscaling.pods import event_plan
        from penstock.custom import custom

        custom(name, event_plan.scaled_object(name, spec), self)
        self.object_name = name
        self.horizontal_name = f"keda-hpa-{name}"
        self.register_outputs({"object_name": self.object_name, "horizontal_name": self.horizontal_name})
