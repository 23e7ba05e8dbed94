"""The resources of a `WarmHeadroom`."""

import pulumi

from penstock.autoscaling.pods import headroom_plan, objects
from penstock.autoscaling.pods.headroom_spec import WarmHeadroomSpec
from penstock.custom import custom


def create_buffer(name: str, spec: WarmHeadroomSpec, parent: pulumi.Resource) -> None:
    """Makes the CapacityBuffer, after the template of its pods."""
    template = headroom_plan.pod_template(name, spec)
    shape = objects.pod_template(f"{name}-shape", template, parent) if template else None
    custom(name, headroom_plan.buffer(name, spec), parent, depends_on=[shape] if shape else [])


def create_placeholders(name: str, spec: WarmHeadroomSpec, parent: pulumi.Resource) -> None:
    """Makes the placeholders, after the class of their priority."""
    image: pulumi.Output[str] = pulumi.Output.from_input(spec.registry).apply(headroom_plan.image)
    priority = objects.priority_class(f"{name}-priority", headroom_plan.priority_class(name, spec), parent)
    manifest = headroom_plan.placeholders(name, spec, image)
    objects.deployment(f"{name}-placeholders", manifest, parent, depends_on=[priority])
