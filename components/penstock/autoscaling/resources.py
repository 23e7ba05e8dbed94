"""The resources of the cluster autoscaler."""

from typing import Any

import pulumi
from pulumi_kubernetes import apps, core, policy, rbac

from penstock.autoscaling import manifests, plan
from penstock.autoscaling.args import Expander
from penstock.autoscaling.around import mirror
from penstock.autoscaling.images import cluster_autoscaler_image
from penstock.autoscaling.spec import ClusterAutoscalerSpec
from penstock.refs import Cloud, ClusterRef, member


def create(
    name: str, spec: ClusterAutoscalerSpec, cluster: pulumi.Input[ClusterRef], parent: pulumi.Resource
) -> pulumi.Output[str]:
    """Makes all that belongs to it, and returns its image. Child names derive from `name`."""
    opts = pulumi.ResourceOptions(parent=parent)
    needed = _permissions(name, spec, opts)
    if spec.cloud is Cloud.AWS:
        from penstock.autoscaling import eks_identity

        needed += eks_identity.create(name, spec.namespace, cluster, opts)
    if spec.chosen_expander is Expander.PRIORITY:
        needed.append(core.v1.ConfigMap(f"{name}-priorities", **_given(manifests.priorities(spec)), opts=opts))
    policy.v1.PodDisruptionBudget(f"{name}-budget", **_given(manifests.disruption_budget(spec)), opts=opts)
    image = _image(spec, cluster)
    apps.v1.Deployment(
        f"{name}-deployment",
        **_given(
            manifests.deployment(
                spec,
                image=image,
                flags=_flags(spec, cluster),
                environment=plan.environment(spec, member(cluster, "location")),
            )
        ),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=needed)),
    )
    return image


def _permissions(name: str, spec: ClusterAutoscalerSpec, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    return [
        core.v1.ServiceAccount(f"{name}-account", **_given(manifests.service_account(spec)), opts=opts),
        rbac.v1.ClusterRole(f"{name}-cluster-role", **_given(manifests.cluster_role()), opts=opts),
        rbac.v1.ClusterRoleBinding(f"{name}-cluster-grant", **_given(manifests.cluster_role_binding(spec)), opts=opts),
        rbac.v1.Role(f"{name}-namespace-role", **_given(manifests.role(spec)), opts=opts),
        rbac.v1.RoleBinding(f"{name}-namespace-grant", **_given(manifests.role_binding(spec)), opts=opts),
    ]


def _image(spec: ClusterAutoscalerSpec, cluster: pulumi.Input[ClusterRef]) -> pulumi.Output[str]:
    version = member(cluster, "version") if spec.version is None else pulumi.Output.from_input(spec.version)
    return pulumi.Output.all(version, mirror(spec.registry, cluster)).apply(
        lambda known: cluster_autoscaler_image(known[0]).reference(known[1])
    )


def _flags(spec: ClusterAutoscalerSpec, cluster: pulumi.Input[ClusterRef]) -> pulumi.Output[list[str]]:
    return pulumi.Output.all(member(cluster, "name"), member(cluster, "isolated")).apply(
        lambda known: plan.flags(spec, plan.Whereabouts(cluster=known[0], isolated=bool(known[1])))
    )


def _given(manifest: dict[str, Any]) -> dict[str, Any]:
    """A manifest as the arguments of its resource, which knows its kind itself."""
    return {_ARGUMENTS.get(key, key): value for key, value in manifest.items() if key not in ("apiVersion", "kind")}


_ARGUMENTS = {"roleRef": "role_ref"}
