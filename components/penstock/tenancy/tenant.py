"""`Tenant`: somebody who shares the cluster, with what is theirs and what keeps them apart from others."""

import pulumi

from penstock.component import checked
from penstock.tenancy.args import TenantArgs


class Tenant(pulumi.ComponentResource):
    """A namespace with quota, limits, roles and a closed network, and the tenant's part of Redis, Postgres and Qdrant.

    It is named as the component. Make `TenantPolicies` before it: without them pods run on any pool and from any
    registry, and its people may do nothing. Pass the cluster's Kubernetes provider with `opts.provider`. The namespace
    is protected: dropping the tenant is refused until `removal` confirms it.
    """

    namespace: str
    """Its namespace."""
    service_account: str
    """The ServiceAccount for its pods."""
    api_key_hashes: pulumi.Output[list[str]]
    """By which a gateway knows its API keys: the SHA-256 (hexadecimal) of the present one, and of the one before where
    that is still valid."""

    def __init__(self, name: str, args: TenantArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidInputs with every problem of `args`."""
        from penstock.tenancy.spec import TenantSpec, namespace_of, tenant_problems

        spec = checked(type(self), name, TenantSpec, args, tenant_problems(name, args))
        super().__init__("penstock:index:Tenant", name, {"cost": {"tenant": name}}, opts)
        from penstock.tenancy import resources, store_resources

        space = resources.create_space(name, spec, self)
        self.namespace = namespace_of(name, spec)
        self.service_account = "workload"
        self.api_key_hashes = store_resources.create_access(name, spec, space, self)
        self.register_outputs(
            {
                "namespace": self.namespace,
                "service_account": self.service_account,
                "api_key_hashes": self.api_key_hashes,
            }
        )
