"""`VerticalAutoscaler`: what the pods of a workload request."""

import pulumi

from penstock.autoscaling.pods.vertical_args import VerticalAutoscalerArgs
from penstock.component import checked


class VerticalAutoscaler(pulumi.ComponentResource):
    """A VerticalPodAutoscaler (autoscaling.k8s.io/v1) of one workload.

    Pass the cluster's Kubernetes provider with `opts.provider`, and what installs VerticalPodAutoscaler with
    `opts.depends_on`. It must not resize what another autoscaler scales the replicas on.
    """

    object_name: str
    """The name of the VerticalPodAutoscaler: that of the component."""

    def __init__(self, name: str, args: VerticalAutoscalerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidInputs with every problem of `args`."""
        from penstock.autoscaling.pods.target import object_name_problems
        from penstock.autoscaling.pods.vertical_spec import VerticalSpec

        spec = checked(type(self), name, VerticalSpec, args, object_name_problems(name))
        super().__init__("penstock:index:VerticalAutoscaler", name, {}, opts)
        from penstock.autoscaling.pods import vertical_plan
        from penstock.custom import custom

        custom(name, vertical_plan.autoscaler(name, spec), self)
        self.object_name = name
        self.register_outputs({"object_name": self.object_name})
