"""`ServiceNamespace`: where the platform's own services run."""

import pulumi

from penstock.component import checked
from penstock.workloads.args import ServiceNamespaceArgs


class ServiceNamespace(pulumi.ComponentResource):
    """A namespace that only admits pods that need no privileges (Pod Security: restricted), named as the component.

    Pass the cluster's Kubernetes provider with `opts.provider`.
    """

    namespace: pulumi.Output[str]
    """Its name."""

    def __init__(self, name: str, args: ServiceNamespaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidInputs with every problem of `args`."""
        from penstock.autoscaling.pods.target import object_name_problems
        from penstock.workloads.spec import ServiceNamespaceSpec

        spec = checked(type(self), name, ServiceNamespaceSpec, args, object_name_problems(name))
        super().__init__("penstock:index:ServiceNamespace", name, {}, opts)
        from penstock.workloads import resources

        self.namespace = resources.create_namespace(name, spec, self)
        self.register_outputs({"namespace": self.namespace})
