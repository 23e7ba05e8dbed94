"""The resources of tenants, and of what holds for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_kubernetes import admissionregistration, core, networking, rbac

from penstock.tenancy import plan, policies_plan
from penstock.tenancy.network_plan import network_policy
from penstock.tenancy.spec import TenantPoliciesSpec, TenantSpec


def create_policies(name: str, spec: TenantPoliciesSpec, parent: pulumi.Resource) -> list[str]:
    """Makes the roles and the policies, and returns the names of the policies."""
    opts = pulumi.ResourceOptions(parent=parent)
    for role, manifest in policies_plan.cluster_roles(spec.labels):
        rbac.v1.ClusterRole(f"{name}-{role}", opts=opts, **manifest)
    v1 = admissionregistration.v1
    made = []
    for about, policy, binding in policies_plan.policies(spec.labels):
        stands = v1.ValidatingAdmissionPolicy(f"{name}-{about}", opts=opts, **policy)
        after = pulumi.ResourceOptions(parent=parent, depends_on=[stands])
        v1.ValidatingAdmissionPolicyBinding(f"{name}-{about}", opts=after, **binding)
        made.append(policy["metadata"]["name"])
    return made


def create_space(name: str, spec: TenantSpec, parent: pulumi.Resource) -> pulumi.Resource:
    """Makes the namespace with what holds in it, and returns it."""
    # With the namespace go volumes and Secrets. Whoever drops a tenant without a preview must not open it either: each
    # protected resource is refused by itself. What comes and goes while a tenant is there is not protected.
    kept = protection(spec, parent)
    space = core.v1.Namespace(name, opts=kept, **plan.namespace(name, spec))
    opts = pulumi.ResourceOptions(parent=parent, depends_on=[space])
    within = merged(kept, [space])
    networking.v1.NetworkPolicy(name, opts=within, **network_policy(name, spec))
    core.v1.ResourceQuota(name, opts=within, **plan.quota(name, spec))
    for priority in spec.priority_classes:
        if priority.pods is not None:
            manifest = plan.priority_quota(name, spec, priority.name, priority.pods)
            # With a dot, which no tenant's name has: the tenant `a-high` may stand beside `a` with its priority `high`.
            core.v1.ResourceQuota(f"{name}.{priority.name}", opts=opts, **manifest)
    core.v1.LimitRange(name, opts=within, **plan.limit_range(name, spec))
    _run_as(name, spec, within)
    for role in plan.ROLES:
        if binding := plan.role_binding(name, spec, role):
            rbac.v1.RoleBinding(f"{name}-{role}", opts=opts, **_snake(binding))
    made: pulumi.Resource = space
    return made


def protection(spec: TenantSpec, parent: pulumi.Resource) -> pulumi.ResourceOptions:
    """The options of what is not deleted before the tenant's removal is confirmed."""
    return pulumi.ResourceOptions(parent=parent, protect=spec.removal is None)


def _run_as(name: str, spec: TenantSpec, opts: pulumi.ResourceOptions) -> None:
    own = plan.service_account(name, spec, "workload")
    core.v1.ServiceAccount(f"{name}-workload", opts=opts, **_snake(own))
    # Kubernetes makes `default` by itself, maybe later than this.
    given = plan.service_account(name, spec, "default")
    given["metadata"]["annotations"] = {"pulumi.com/patchForce": "true"}
    core.v1.ServiceAccountPatch(f"{name}-default", opts=opts, **_snake(given))


_NAMES = {"roleRef": "role_ref", "automountServiceAccountToken": "automount_service_account_token"}


def _snake(manifest: dict[str, Any]) -> dict[str, Any]:
    """A manifest as arguments of the SDK, which spells the first level its own way."""
    return {_NAMES.get(key, key): value for key, value in manifest.items()}


def secret(
    name: str, spec: TenantSpec, called: str, entries: pulumi.Input[dict[str, str]], opts: pulumi.ResourceOptions
) -> None:
    """Makes the Secret `called` of a tenant. The SDK marks its entries as secret."""
    core.v1.Secret(
        f"{name}-{called}",
        metadata=plan.metadata(name, spec, called),
        string_data=entries,
        opts=opts,
    )


def merged(first: pulumi.ResourceOptions, depends_on: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
    """The options, after more resources."""
    return pulumi.ResourceOptions.merge(first, pulumi.ResourceOptions(depends_on=list(depends_on)))
