"""What may be asked of `ClusterAutoscaler`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from penstock.autoscaling.args import Expander, MachineProvider
from penstock.autoscaling.images import cluster_autoscaler_image
from penstock.autoscaling.pools import Pool, home_problems, homes, pool_problems
from penstock.autoscaling.self_managed import SelfManagedSpec
from penstock.problems import Problem
from penstock.refs import Cloud, Purchase
from penstock.spec import Spec, WholeNumber, rule

# A label of DNS, as Kubernetes wants it of namespaces.
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


class ScaleDownSpec(Spec):
    utilization_percent: WholeNumber = Field(default=50, ge=0, le=100)
    unneeded_minutes: WholeNumber = Field(default=5, ge=1, le=240)
    delay_after_add_minutes: WholeNumber = Field(default=5, ge=0, le=240)


class ClusterAutoscalerSpec(Spec):
    """The cluster autoscaler; see `ClusterAutoscalerArgs` for what each field means."""

    hints: ClassVar[dict[str, str]] = {
        "nodes": "The bounds of a pool are the pool's own. Write pools.",
        "min_nodes": "The bounds of a pool are the pool's own. Write pools.",
        "role": "The component makes the role and lets nobody else have it. Drop this.",
        "image": "The image follows from the version of Kubernetes. Write version, and registry for a mirror.",
    }

    cloud: Cloud = Field(description="aws or existing")
    pools: list[Pool] = Field(min_length=1, description="the refs of the cluster's pools")
    self_managed: SelfManagedSpec | None = None
    placed_on: list[str] | None = Field(default=None, min_length=1)
    expander: Expander | None = None
    scale_down: ScaleDownSpec = ScaleDownSpec()
    node_provision_minutes: WholeNumber | None = Field(default=None, ge=2, le=60)
    max_nodes: WholeNumber | None = Field(default=None, ge=1)
    replicas: WholeNumber = Field(default=2, ge=1, le=3)
    version: str | None = None
    registry: Any = None
    """A text, or a Pulumi output of one."""
    namespace: str = "kube-system"

    @property
    def provider(self) -> MachineProvider:
        """Who makes the machines."""
        return self.self_managed.provider if self.self_managed else MachineProvider.AWS

    @property
    def chosen_expander(self) -> Expander:
        """How it chooses among pools."""
        scaling = {pool.purchase for pool in self.pools if pool.scales}
        falls_back = {Purchase.SPOT, Purchase.ON_DEMAND} <= scaling
        return self.expander or (Expander.PRIORITY if falls_back else Expander.LEAST_WASTE)

    @property
    def hosts(self) -> list[Pool]:
        """The pools on whose nodes it runs; empty where it runs on nodes of no pool."""
        return homes(self.pools, self.placed_on)

    @rule
    def the_cloud_has_none_of_its_own(self) -> Iterator[Problem]:
        if self.cloud is Cloud.GCP:
            yield Problem(
                "cloud",
                "GKE scales its pools itself, and a second autoscaler would undo what the first does. Drop "
                "ClusterAutoscaler: the Cluster is already set to pack nodes tightly (OPTIMIZE_UTILIZATION).",
            )
        if self.cloud is Cloud.AZURE:
            yield Problem(
                "cloud",
                "AKS scales its pools itself, and a second autoscaler would undo what the first does. Drop "
                "ClusterAutoscaler: the Cluster sets the profile of the one that AKS runs.",
            )

    @rule
    def machines_come_from_somewhere(self) -> Iterator[Problem]:
        if self.cloud is Cloud.EXISTING and self.self_managed is None:
            yield Problem(
                "self_managed",
                "Nothing makes machines for kind or for bare metal. Drop ClusterAutoscaler there; if the machines are "
                "a cloud's, write self_managed with its provider (aws, gce or azure). For Cluster API, or machinery of "
                "your own, deploy the cluster autoscaler's chart with the provider clusterapi or externalgrpc.",
            )
        if self.cloud is not Cloud.EXISTING and self.self_managed is not None:
            yield Problem("self_managed", "This is for existing clusters; here the groups are known. Drop this.")

    @rule
    def pools_are_of_the_cluster(self) -> Iterator[Problem]:
        yield from pool_problems(self.cloud, self.pools)

    @rule
    def it_runs_where_it_stays(self) -> Iterator[Problem]:
        yield from home_problems(
            self.pools,
            self.placed_on,
            of="the autoscaler",
            loss="an autoscaler without a node cannot ask for one",
            required=self.cloud is Cloud.AWS,
        )

    @rule
    def priorities_know_their_groups(self) -> Iterator[Problem]:
        if self.chosen_expander is not Expander.PRIORITY:
            return
        for index, pool in enumerate(self.pools):
            if self.self_managed and pool.name not in self.self_managed.groups:
                yield Problem(
                    f"self_managed.groups.{pool.name}",
                    "Priorities go by the names of scaling groups. Write what those of this pool begin with, or "
                    "expander: least_waste.",
                )
            if self.self_managed is None and pool.group_pattern is None:
                yield Problem(
                    f"pools[{index}].group_pattern",
                    f"Nothing is known of the names of '{pool.name}'s scaling groups. Write expander: least_waste.",
                )

    @rule
    def groups_are_of_pools(self) -> Iterator[Problem]:
        machines = self.self_managed
        if machines is None:
            return
        pools = {pool.name: pool for pool in self.pools}
        for name in machines.groups.keys() - pools.keys():
            yield Problem(f"self_managed.groups.{name}", f"'{name}' is none of the pools: {', '.join(sorted(pools))}.")
        if machines.provider is not MachineProvider.GCE:
            return
        for name, pool in pools.items():
            groups = machines.groups.get(name, [])
            if not groups and self.chosen_expander is not Expander.PRIORITY:
                yield Problem(
                    f"self_managed.groups.{name}",
                    "On Compute Engine groups are found by their names. Write what those of this pool begin with.",
                )
            if len(groups) > pool.max_nodes:
                yield Problem(
                    f"self_managed.groups.{name}",
                    f"The pool has at most {pool.max_nodes} nodes, too few to give each of {len(groups)} groups one. "
                    "Name fewer groups.",
                )

    @rule
    def whole_cluster_has_room_for_the_pools(self) -> Iterator[Problem]:
        least = sum(pool.min_nodes for pool in self.pools)
        if self.max_nodes is not None and self.max_nodes < least:
            yield Problem("max_nodes", f"Write at least {least}, the pools' min_nodes together; not {self.max_nodes}.")

    @rule
    def version_is_known(self) -> Iterator[Problem]:
        try:
            cluster_autoscaler_image(self.version)
        except ValueError as error:
            yield Problem("version", str(error))

    @rule
    def namespace_syntax(self) -> Iterator[Problem]:
        if not _NAMESPACE.fullmatch(self.namespace):
            yield Problem(
                "namespace",
                f"'{self.namespace}' is no namespace. Write lower-case letters, digits or '-', such as kube-system.",
            )
