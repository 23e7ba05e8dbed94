"""Who may do what: the roles of the control plane, of nodes and of add-ons, and who administers the cluster."""

from collections.abc import Iterable

import pulumi
import pulumi_aws as aws

from penstock.clusters.eks import plan
from penstock.clusters.eks.spec import EksClusterSpec
from penstock.names import short_hash


def role(
    name: str, spec: EksClusterSpec, trust: str, policies: Iterable[str], what: str, parent: pulumi.Resource
) -> pulumi.Output[str]:
    """Makes a role with these AWS managed policies. Its ARN carries a dependency on them: a role without is no use."""
    opts = pulumi.ResourceOptions(parent=parent)
    made = aws.iam.Role(name, assume_role_policy=trust, description=what, tags=spec.labels, opts=opts)
    attached = [
        aws.iam.RolePolicyAttachment(
            f"{name}-{policy}",
            role=made.name,
            policy_arn=plan.managed_policy(spec.location or "", policy),
            opts=opts,
        )
        for policy in policies
    ]
    return after(made.arn, attached)


def admins(
    name: str, spec: EksClusterSpec, cluster: pulumi.Output[str], parent: pulumi.Resource
) -> list[pulumi.Resource]:
    """Lets the administrators in. Returns what their access ends with."""
    opts = pulumi.ResourceOptions(parent=parent)
    granted: list[pulumi.Resource] = []
    for index, principal in enumerate(spec.admins):
        # Named after the principal where it is known, so that dropping one moves no other.
        label = f"{name}-admin-{short_hash(principal, 8) if isinstance(principal, str) else index}"
        entry = aws.eks.AccessEntry(
            label, region=spec.location, cluster_name=cluster, principal_arn=principal, tags=spec.labels, opts=opts
        )
        granted.append(
            aws.eks.AccessPolicyAssociation(
                label,
                region=spec.location,
                cluster_name=cluster,
                principal_arn=entry.principal_arn,
                policy_arn=plan.access_policy(spec.location or "", plan.ADMIN_POLICY),
                access_scope={"type": "cluster"},
                opts=opts,
            )
        )
    return granted


def after(value: pulumi.Input[str], resources: Iterable[pulumi.Resource]) -> pulumi.Output[str]:
    """`value`, for which whoever uses it waits until `resources` are there, and which is used no more when they go.

    A value that is known in a preview stays known.
    """
    known: pulumi.Output[str] = pulumi.Output.all(value, *(resource.urn for resource in resources)).apply(
        lambda values: values[0]
    )
    return known
