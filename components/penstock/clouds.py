"""Which code serves which cloud. Nothing of a cloud is imported before it is asked for: its SDK takes seconds."""

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pulumi

from penstock.options import Option, options
from penstock.problems import Problem
from penstock.refs import Cloud, ClusterRef, PoolRef

if TYPE_CHECKING:
    from penstock.clusters.made import Made
    from penstock.clusters.spec import ClusterSpec
    from penstock.nodes.spec import NodePoolSpec

_FOLDERS = {Cloud.GCP: "gke", Cloud.AWS: "eks", Cloud.AZURE: "aks", Cloud.EXISTING: "existing"}


def known_cloud(value: Any) -> Cloud | None:
    """The cloud that `value` names, if it names one."""
    return Cloud(value) if value in list(Cloud) else None


def cloud_problems(value: Any) -> Iterator[Problem]:
    """What is wrong with `value` as a cloud."""
    if known_cloud(value) is None:
        known = ", ".join(Cloud)
        yield Problem("cloud", f"Write one of {known}, not {value!r}." if value else f"Write one of {known}.")


def cluster_spec(cloud: Cloud) -> type["ClusterSpec"]:
    """What may be asked of a cluster there."""
    spec: type[ClusterSpec] = _of(cloud, "clusters", "spec", f"{_FOLDERS[cloud].title()}ClusterSpec")
    return spec


def make_cluster(name: str, spec: "ClusterSpec", parent: pulumi.Resource) -> "Made":
    """Makes the cluster, or adopts it where `spec` says so. Child names derive from `name`."""
    if spec.adopt:
        made: Made = _of(spec.cloud, "clusters", "cluster", "adopt")(spec, spec.adopt, parent)
    else:
        made = _of(spec.cloud, "clusters", "cluster", "create")(name, spec, parent)
    return made


def pool_spec(cloud: Cloud) -> type["NodePoolSpec"]:
    """What may be asked of a node pool there."""
    spec: type[NodePoolSpec] = _of(cloud, "nodes", "spec", f"{_FOLDERS[cloud].title()}PoolSpec")
    return spec


def pool_ref(name: str, spec: "NodePoolSpec") -> PoolRef:
    """What workloads need to know of a pool, before it exists."""
    ref: PoolRef = _of(spec.cloud, "nodes", "plan", "pool_ref")(name, spec)
    return ref


def make_pool(name: str, spec: "NodePoolSpec", cluster: pulumi.Input[ClusterRef], parent: pulumi.Resource) -> None:
    """Makes the pool `name` in `cluster`. Child names derive from `name`."""
    _of(spec.cloud, "nodes", "pool", "create")(name, spec, cluster, parent)


def options_of(cloud: Cloud, area: str) -> list[Option]:
    """What a cloud makes of each option of `area`: `clusters` or `nodes`."""
    return options(f"penstock.{area}.{_FOLDERS[cloud]}")


def _of(cloud: Cloud, area: str, module: str, name: str) -> Any:
    return getattr(import_module(f"penstock.{area}.{_FOLDERS[cloud]}.{module}"), name)
