"""The platform as `Pulumi.<stack>.yaml` describes it, under `penstock:` keys."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar

from pydantic import Field, ValidationError, create_model

from penstock.autoscaling.spec import ClusterAutoscalerSpec
from penstock.clouds import cluster_spec, known_cloud, pool_ref, pool_spec
from penstock.clusters.spec import ClusterSpec
from penstock.controllers import needs_autoscaler
from penstock.names import name_problems
from penstock.nodes.mix_spec import MixSpec, mix_name_problems
from penstock.nodes.spec import NodePoolSpec
from penstock.observability.args import MetricsMode
from penstock.observability.spec import MetricsStackSpec
from penstock.problems import InvalidSpec, Problem
from penstock.refs import Cloud, PoolRef, Purchase, TaintEffect
from penstock.spec import Spec, check, rule
from services import ServiceSettings, metrics_inputs, metrics_problems
from stores import Asked, Stores, StoreSettings, cache_problems, monitor_problems, store_problems
from tenants import tenant_problems

_NAMESPACE = "penstock:"
# https://www.pulumi.com/registry/packages/gcp/installation-configuration/
_PROJECT_VARIABLES = ("GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT")


class Settings(Spec):
    """A platform: a cluster, its node pools, capacity that is split over several ways to buy it, its autoscaler, the
    services that run there with what measures and scales them, the stores of their data, and the tenants.

    `of` gives the settings of a platform in one cloud, whose rules its parts obey.
    """

    hints: ClassVar[dict[str, str]] = {"node_pools": "Write pools.", "nodePools": "Write pools."}

    cluster: ClusterSpec = Field(description="the cluster: cloud, location and zones")
    pools: dict[str, NodePoolSpec] = Field(description="the node pools by their names")
    mixes: dict[str, MixSpec] = {}
    autoscaler: dict[str, Any] | None = None
    metrics: dict[str, Any] | None = None
    services: dict[str, ServiceSettings] = {}
    # What these hold is judged by rules, so that one that is wrong keeps nothing quiet of all others.
    redis: dict[str, Any] = {}
    qdrant: dict[str, Any] = {}
    postgres: dict[str, Any] = {}
    cache: dict[str, Any] | None = None
    tenants: dict[str, Any] = {}
    tenant_overcommit: float = Field(default=1, gt=0, allow_inf_nan=False)

    @classmethod
    def of(cls, cloud: Cloud) -> type[Settings]:
        """The settings of a platform there."""
        fields: dict[str, Any] = {
            "cluster": (cluster_spec(cloud), cls.model_fields["cluster"]),
            "pools": (dict[str, pool_spec(cloud)], cls.model_fields["pools"]),  # type: ignore[misc]
        }
        return create_model("Settings", __base__=cls, **fields)

    @rule
    def names(self) -> Iterator[Problem]:
        for name in self.pools:
            yield from (Problem(f"pools.{name}", problem.reason) for problem in name_problems(name))
        for name in self.mixes:
            yield from (Problem(f"mixes.{name}", problem.reason) for problem in mix_name_problems(name))

    @rule
    def mixes_are_where_the_cluster_is(self) -> Iterator[Problem]:
        for name, mix in self.mixes.items():
            if mix.cloud is not self.cluster.cloud:
                yield Problem(f"mixes.{name}.cloud", "A mix is where its cluster is. Drop this.")

    @rule
    def distinct_names(self) -> Iterator[Problem]:
        for name, mix in self.mixes.items():
            for pool in mix.pools(name):
                if pool in self.pools:
                    yield Problem(f"pools.{pool}", f"The mix '{name}' makes a pool of this name. Choose another.")

    @rule
    def the_autoscaler_can_be_deployed(self) -> Iterator[Problem]:
        cloud, refs = self.cluster.cloud, list(self.pool_refs)
        if self.autoscaler is None and not needs_autoscaler(cloud, refs):
            return
        asked = {"version": self.cluster.version, **(self.autoscaler or {}), "cloud": cloud, "pools": refs}
        try:
            check(ClusterAutoscalerSpec, asked)
        except InvalidSpec as error:
            yield from (problem.below("autoscaler") for problem in error.problems)

    @rule
    def the_services_can_be_deployed(self) -> Iterator[Problem]:
        for name, service in self.services.items():
            yield from (problem.below(f"services.{name}") for problem in service.problems(name, self.pools_by_name))

    @rule
    def the_metrics_can_be_deployed(self) -> Iterator[Problem]:
        if self.metrics is None:
            if self.services:
                yield Problem("metrics", "Services are scaled by what is measured. Write metrics: {}, or its settings.")
            return
        try:
            asked = metrics_inputs(self.metrics, self.cluster.cloud, list(self.pool_refs), self.services)
            own = list(metrics_problems(self.metrics, self.services))
        except (InvalidSpec, ValidationError):
            return  # A service cannot be scaled, which its own rule tells.
        yield from (problem.below("metrics") for problem in own)
        try:
            check(MetricsStackSpec, asked)
        except InvalidSpec as error:
            yield from (problem.below("metrics") for problem in error.problems)

    @property
    def asked_stores(self) -> Asked:
        """The stores by kind, by name, as they are written."""
        return {"redis": self.redis, "qdrant": self.qdrant, "postgres": self.postgres}

    @property
    def stores(self) -> Stores:
        """The stores by kind, by name."""
        return {
            kind: {name: check(StoreSettings, asked) for name, asked in named.items()}
            for kind, named in self.asked_stores.items()
        }

    @rule
    def the_stores_can_be_deployed(self) -> Iterator[Problem]:
        yield from store_problems(self.asked_stores, self.pools_by_name)

    @rule
    def the_cache_can_be_deployed(self) -> Iterator[Problem]:
        if self.cache is not None:
            found = cache_problems(self.cache, self.asked_stores, self.pools_by_name)
            yield from (problem.below("cache") for problem in found)

    @rule
    def what_is_monitored_has_a_monitor(self) -> Iterator[Problem]:
        # An adopted cluster may have a Prometheus of its own.
        if self.cluster.adopt or (self.metrics is not None and self.metrics.get("mode") != MetricsMode.LIGHTWEIGHT):
            return
        yield from monitor_problems(self.cache, self.asked_stores)

    @rule
    def the_tenants_can_be_deployed(self) -> Iterator[Problem]:
        yield from tenant_problems(self.tenants, self.tenant_overcommit, self.pools_by_name, self.asked_stores)

    @cached_property
    def pool_refs(self) -> tuple[PoolRef, ...]:
        """What each pool will offer to others, those of mixes included."""
        children = ((mix.cloud, child) for name, mix in self.mixes.items() for child in mix.pools(name).items())
        return (
            *(pool_ref(name, pool) for name, pool in self.pools.items()),
            *(pool_ref(name, check(pool_spec(cloud), asked)) for cloud, (name, asked) in children),
        )

    @cached_property
    def pools_by_name(self) -> dict[str, PoolRef]:
        """The same by their names."""
        return {pool["name"]: pool for pool in self.pool_refs}

    @rule
    def fallbacks_of_spot_pools(self) -> Iterator[Problem]:
        for name, pool in self.pools.items():
            spot = pool.cost.fallback_for if pool.cost else None
            if spot and (spot not in self.pools or self.pools[spot].purchase is not Purchase.SPOT):
                yield Problem(f"pools.{name}.cost.fallback_for", f"'{spot}' is no spot pool here. Write one's name.")

    @rule
    def zones_of_the_cluster(self) -> Iterator[Problem]:
        for path, zones in self._zones():
            for index, zone in enumerate(zones):
                if zone not in (self.cluster.zones or zones):
                    known = ", ".join(self.cluster.zones or ())
                    yield Problem(
                        f"{path}.zones[{index}]",
                        f"'{zone}' is not among the cluster's zones, {known}. Add it there.",
                    )

    def _zones(self) -> Iterator[tuple[str, list[str]]]:
        for name, pool in self.pools.items():
            yield f"pools.{name}", pool.zones or []
        for name, mix in self.mixes.items():
            # What is no list of texts is refused by the pools of the mix.
            yield f"mixes.{name}", mix.zones if isinstance(mix.zones, list) else []

    @rule
    def system_pods_have_a_home(self) -> Iterator[Problem]:
        # What Azure runs has a pool that comes with the cluster; what is adopted has its own.
        if self.cluster.cloud is Cloud.AZURE or self.cluster.adopt:
            return
        if not any(_is_home(pool) for pool in self.pools.values()):
            yield Problem(
                "pools",
                "DNS, metrics and operators have nowhere to run. Add a pool without taints and GPUs, purchase "
                "on_demand or reserved, and min_nodes of at least 1.",
            )


def _is_home(pool: NodePoolSpec) -> bool:
    lasting = pool.purchase in (Purchase.ON_DEMAND, Purchase.RESERVED) and pool.min_nodes > 0
    open_to_all = all(taint.effect is TaintEffect.PREFER_NO_SCHEDULE for taint in pool.taints)
    usual = pool.gpus is None and pool.machine.architecture == "x86_64"  # GKE taints Arm nodes
    return lasting and open_to_all and usual


def read(config: Mapping[str, str], environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in a stack's configuration (`penstock:pools` -> JSON). Raises InvalidSpec with every problem.

    `environment` may name the project too, in the variables that the provider reads; by default it is this process's.
    """
    environment = os.environ if environment is None else environment
    written = {key.removeprefix(_NAMESPACE): _value(text) for key, text in config.items() if key.startswith(_NAMESPACE)}
    problems: list[Problem] = []
    cluster = written.get("cluster")
    cloud = known_cloud(cluster.get("cloud")) if isinstance(cluster, dict) else None
    named = config.get("gcp:project") or any(environment.get(name) for name in _PROJECT_VARIABLES)
    if cloud is Cloud.GCP and not named and not (isinstance(cluster, dict) and cluster.get("project")):
        problems.append(Problem("gcp:project", "This is required. Write the id of your GCP project."))
    if isinstance(mixes := written.get("mixes"), dict):
        written["mixes"] = {name: _with_cloud(mix, cloud) for name, mix in mixes.items()}
    try:
        settings = check(Settings.of(cloud or Cloud.GCP), written)
    except InvalidSpec as error:
        # Without a cloud nothing below its keys can be judged.
        told = (
            error.problems if cloud else [p for p in error.problems if "." not in p.path or p.path == "cluster.cloud"]
        )
        raise InvalidSpec([*problems, *told]) from None
    if problems:
        raise InvalidSpec(problems)
    return settings


def _with_cloud(mix: Any, cloud: Cloud | None) -> Any:
    return {"cloud": cloud, **mix} if isinstance(mix, dict) and cloud else mix


def _value(text: str) -> Any:
    """Pulumi hands maps and lists over as JSON, everything else as it stands."""
    try:
        return json.loads(text) if text[:1] in ("{", "[") else text
    except ValueError:
        return text
