"""`ServiceAutoscaler`: how the platform's own services are scaled, from a table."""

import pulumi

from penstock.autoscaling.pods.service_args import ReplicaScaler, ServiceAutoscalerArgs
from penstock.component import checked


class ServiceAutoscaler(pulumi.ComponentResource):
    """What scales one service of a table: a HorizontalPodAutoscaler or a ScaledObject, a VerticalPodAutoscaler where
    there are bounds for its pods, and a PrometheusRule where something has to hold for a while.

    Pass the cluster's Kubernetes provider with `opts.provider`, and what installs KEDA, Prometheus and
    VerticalPodAutoscaler with `opts.depends_on`. The workload must not state `spec.replicas`. While a metric is missing
    the replicas stay as they are.
    """

    object_name: str
    """The name of the HorizontalPodAutoscaler or ScaledObject: that of the component."""
    scaler: str
    """What scales the replicas, a value of `ReplicaScaler`."""
    needs_adapter: bool
    """Whether prometheus-adapter has to serve its metrics."""

    def __init__(self, name: str, args: ServiceAutoscalerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidInputs with every problem of `args`."""
        from penstock.autoscaling.pods.event_spec import LONGEST_NAME
        from penstock.autoscaling.pods.service_spec import ServiceSpec
        from penstock.autoscaling.pods.target import object_name_problems

        spec = checked(type(self), name, ServiceSpec, args, object_name_problems(name, LONGEST_NAME))
        super().__init__("penstock:index:ServiceAutoscaler", name, {}, opts)
        from penstock.autoscaling.pods import service_resources

        self.needs_adapter = service_resources.create(name, spec, self)
        self.object_name = name
        self.scaler = ReplicaScaler(spec.chosen_scaler).value
        outputs = {"object_name": self.object_name, "scaler": self.scaler, "needs_adapter": self.needs_adapter}
        self.register_outputs(outputs)
