"""`TenantPolicies`: what holds for all tenants of a cluster."""

import pulumi

from penstock.component import checked
from penstock.tenancy.args import TenantPoliciesArgs


class TenantPolicies(pulumi.ComponentResource):
    """The roles that tenants' people have, and what the API server refuses in tenants' namespaces.

    One for each cluster, before its tenants: three ClusterRoles, and ValidatingAdmissionPolicies (Kubernetes 1.30 or
    later) that read what a tenant may have from the annotations of its namespace. Pass the cluster's Kubernetes
    provider with `opts.provider`.
    """

    policies: list[str]
    """The names of its policies."""

    def __init__(self, name: str, args: TenantPoliciesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidInputs with every problem of `args`."""
        from penstock.autoscaling.pods.target import object_name_problems
        from penstock.tenancy.spec import TenantPoliciesSpec

        spec = checked(type(self), name, TenantPoliciesSpec, args, object_name_problems(name))
        super().__init__("penstock:index:TenantPolicies", name, {}, opts)
        from penstock.tenancy import resources

        self.policies = resources.create_policies(name, spec, self)
        self.register_outputs({"policies": self.policies})
