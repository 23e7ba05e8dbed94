"""The identity of the cluster autoscaler on EKS: a role, and its association with a service account."""

import pulumi
import pulumi_aws as aws

from penstock.autoscaling import identity
from penstock.refs import ClusterRef, member


def create(
    name: str, namespace: str, cluster: pulumi.Input[ClusterRef], opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Makes the identity; what is returned has to exist before the first pod starts, which else gets no token."""
    known = member(cluster, "name")
    role = aws.iam.Role(
        f"{name}-role",
        description=known.apply(lambda known: f"The cluster autoscaler of {known}"),
        assume_role_policy=known.apply(lambda known: identity.aws_trust(known, namespace)),
        tags=member(cluster, "labels"),
        opts=opts,
    )
    policy = aws.iam.RolePolicy(
        f"{name}-policy", role=role.name, policy=known.apply(lambda known: identity.aws_policy(known)), opts=opts
    )
    association = aws.eks.PodIdentityAssociation(
        f"{name}-identity",
        cluster_name=known,
        namespace=namespace,
        service_account=identity.NAME,
        role_arn=role.arn,
        region=member(cluster, "location"),
        tags=member(cluster, "labels"),
        opts=opts,
    )
    return [policy, association]
