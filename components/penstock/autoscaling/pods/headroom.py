"""`WarmHeadroom`: room on nodes that is there before the load is."""

import pulumi

from penstock.autoscaling.pods.headroom_args import WarmHeadroomArgs
from penstock.component import checked


class WarmHeadroom(pulumi.ComponentResource):
    """Room that is kept free on nodes, so that a spike does not wait for machines. It costs what its nodes cost.

    Pass the cluster's Kubernetes provider with `opts.provider`. A CapacityBuffer needs a node autoscaler that knows
    it; placeholders work with any.
    """

    object_name: str
    """The name of the CapacityBuffer or of the Deployment of placeholders: that of the component."""

    def __init__(self, name: str, args: WarmHeadroomArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidInputs with every problem of `args`."""
        from penstock.autoscaling.pods.headroom_args import HeadroomKind
        from penstock.autoscaling.pods.headroom_spec import WarmHeadroomSpec
        from penstock.autoscaling.pods.target import object_name_problems

        spec = checked(type(self), name, WarmHeadroomSpec, args, object_name_problems(name))
        super().__init__("penstock:index:WarmHeadroom", name, {}, opts)
        from penstock.autoscaling.pods import headroom_resources

        if spec.kind is HeadroomKind.CAPACITY_BUFFER:
            headroom_resources.create_buffer(name, spec, self)
        else:
            headroom_resources.create_placeholders(name, spec, self)
        self.object_name = name
        self.register_outputs({"object_name": self.object_name})
