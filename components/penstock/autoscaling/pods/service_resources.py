"""The resources of a `ServiceAutoscaler`."""

import pulumi

from penstock.autoscaling.pods import event_plan, horizontal_plan, objects, service_plan, vertical_plan
from penstock.autoscaling.pods.service_args import ReplicaScaler
from penstock.autoscaling.pods.service_spec import ServiceSpec
from penstock.custom import custom


def create(name: str, spec: ServiceSpec, parent: pulumi.Resource) -> bool:
    """Makes all that scales the service; returns whether prometheus-adapter has to serve its metrics."""
    rule = service_plan.prometheus_rule(name, spec)
    rules = [custom(f"{name}-rules", rule, parent)] if rule else []
    if sized := spec.vertical:
        custom(f"{name}-vertical", vertical_plan.autoscaler(name, sized), parent)
    if spec.chosen_scaler is ReplicaScaler.HORIZONTAL:
        horizontal = service_plan.horizontal_spec(spec)
        objects.horizontal(f"{name}-horizontal", horizontal_plan.autoscaler(name, horizontal), parent)
        return horizontal.needs_adapter
    # Series come first: without them there is nothing to scale by.
    scaled = event_plan.scaled_object(name, service_plan.event_spec(spec))
    custom(f"{name}-scaled", scaled, parent, depends_on=rules)
    return False
