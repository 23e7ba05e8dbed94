"""The resources of workloads and their namespace."""

import pulumi
from pulumi_kubernetes import apps, core, policy

from penstock.custom import custom
from penstock.workloads import plan
from penstock.workloads.spec import ServiceNamespaceSpec, WorkloadSpec


def create(name: str, spec: WorkloadSpec, parent: pulumi.Resource) -> None:
    """Makes all that belongs to it."""
    opts = pulumi.ResourceOptions(parent=parent)
    # Pulumi waits for all pods, which one after the other may take longer than one of them.
    patience = pulumi.CustomTimeouts(create=f"{plan.deadline(spec)}s", update=f"{3 * plan.deadline(spec)}s")
    waiting = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(custom_timeouts=patience))
    apps.v1.Deployment(name, opts=waiting, **plan.deployment(name, spec))
    core.v1.Service(name, opts=opts, **plan.service(name, spec))
    policy.v1.PodDisruptionBudget(name, opts=opts, **plan.disruption_budget(name, spec))
    if spec.metrics_path:
        custom(name, plan.pod_monitor(name, spec), parent)


def create_namespace(name: str, spec: ServiceNamespaceSpec, parent: pulumi.Resource) -> pulumi.Output[str]:
    """Makes the namespace, and returns its name."""
    made = core.v1.Namespace(name, opts=pulumi.ResourceOptions(parent=parent), **plan.namespace(name, spec))
    called: pulumi.Output[str] = made.metadata.apply(lambda metadata: metadata.name)
    return called
