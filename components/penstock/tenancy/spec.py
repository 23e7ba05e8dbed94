"""What may be asked of `Tenant` and `TenantPolicies`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import Field

from penstock.autoscaling.pods.quantities import amount
from penstock.autoscaling.pods.target import name_problems
from penstock.data.refs import PostgresRef, QdrantRef, RedisRef
from penstock.data.texts import label_problems
from penstock.names import name_problems as short_name_problems
from penstock.nodes.plan import POOL_LABEL
from penstock.problems import InvalidSpec, Problem
from penstock.spec import Spec, WholeNumber, check, rule
from penstock.tenancy.access_spec import EgressSpec, GroupsSpec, ImagesSpec, PrioritySpec, RoutesSpec, ScalingSpec
from penstock.tenancy.quota_spec import MIB, ContainersSpec, LabelledPool, QuotaSpec, RoomyPool, room_problems, shown

RESERVED_NAMESPACES = (
    "default",
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "services",
    "data",
    "monitoring",
    "keda",
    "gateway",
    "cnpg-system",
)
"""What others of the platform have."""
RESERVED_NAMES = ("default", "admin", "replica", "exporter", "probe", "users-are-whole")
"""Users that each Redis has for itself; a tenant's user has its name."""
OWN_PREFIXES = ("penstock.dev/", "pod-security.kubernetes.io/", "kubernetes.io/", "app.kubernetes.io/managed-by")
REFS: Mapping[str, Any] = {"redis": RedisRef, "postgres": PostgresRef, "qdrant": QdrantRef}
"""What a tenant may use, and what has to be known of it."""
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


class RemovalSpec(Spec):
    """See `TenantRemoval`."""

    confirm: str = Field(description="the name of the tenant")


class TenantSpec(Spec):
    """See `TenantArgs` for what each field means."""

    hints: ClassVar[dict[str, str]] = {
        "registries": "Write images: {registries: [...]}.",
        "protect": "A tenant is protected until removal: {confirm: NAME} is written.",
        "limits": "Write quota and containers.",
    }

    pools: list[RoomyPool] = Field(min_length=1, description="the refs of the pools that its pods may use")
    quota: QuotaSpec = Field(description="how much of them it may have: cpu and memory")
    images: ImagesSpec = Field(description="which images its pods may run: registries")
    cluster_pools: list[LabelledPool] = []
    namespace: str | None = None
    groups: GroupsSpec = GroupsSpec()
    containers: ContainersSpec = ContainersSpec()
    priority_classes: list[PrioritySpec] = []
    scaling: ScalingSpec = ScalingSpec()
    redis: dict[str, Any] | None = None
    postgres: dict[str, Any] | None = None
    postgres_database: bool = False
    qdrant: dict[str, Any] | None = None
    qdrant_collection: bool = False
    egress: EgressSpec | None = None
    routes: RoutesSpec | None = None
    gateway_namespace: str = "gateway"
    monitoring_namespace: str = "monitoring"
    pod_security_version: str = "v1.34"
    cost_center: str | None = None
    labels: dict[str, str] = {}
    rotation: WholeNumber = Field(default=1, ge=1)
    retire_previous: bool = False
    removal: RemovalSpec | None = None

    @property
    def accelerators(self) -> list[str]:
        """The kinds of accelerators that its pools have."""
        kinds = (pool.capacity.accelerator_resource for pool in self.pools if pool.has_gpus)
        return sorted({kind for kind in kinds if kind})

    @rule
    def names(self) -> Iterator[Problem]:
        if self.namespace is not None:
            yield from name_problems("namespace", self.namespace)
            if self.namespace in RESERVED_NAMESPACES or self.namespace.startswith("kube-"):
                yield Problem("namespace", f"'{self.namespace}' is not a tenant's. Write another, or drop this.")
        for field in ("gateway_namespace", "monitoring_namespace"):
            yield from name_problems(field, getattr(self, field))
        if not re.fullmatch(r"v1\.\d{1,3}", self.pod_security_version):
            yield Problem(
                "pod_security_version", f"'{self.pod_security_version}' is no version. Write one such as v1.34."
            )

    @rule
    def labels_are_free(self) -> Iterator[Problem]:
        for key in self.labels:
            if key.startswith(OWN_PREFIXES):
                yield Problem(f"labels.{key}", "This label is the platform's, and tells what holds there. Drop it.")
        yield from label_problems("labels", self.labels)
        if self.cost_center is not None and not (self.cost_center and _LABEL_VALUE.fullmatch(self.cost_center)):
            yield Problem(
                "cost_center",
                f"'{self.cost_center}' cannot be the value of a label. Write up to 63 letters, digits, '-', '_' or "
                "'.', beginning and ending with a letter or digit.",
            )

    @rule
    def pools_are_told_apart(self) -> Iterator[Problem]:
        for name, times in Counter(pool.name for pool in self.pools).items():
            if times > 1:
                yield Problem("pools", f"'{name}' stands there {times} times. Write it once.")
        for index, pool in enumerate(self.pools):
            if pool.labels.get(POOL_LABEL) != pool.name:
                yield Problem(
                    f"pools[{index}]",
                    f"Nodes of '{pool.name}' have no label {POOL_LABEL}={pool.name}, which keeps a tenant's pods "
                    "to its pools. Give them that label.",
                )

    @rule
    def gpus_are_not_shared_with_others(self) -> Iterator[Problem]:
        for index, pool in enumerate(self.pools):
            if self.quota.gpus and pool.has_gpus and pool.capacity.accelerator_shared:
                yield Problem(
                    f"pools[{index}]",
                    f"GPUs of '{pool.name}' are shared by several pods at a time, whose tenants see one another's "
                    "load and could take one another's memory. Use a pool of whole GPUs or of partitions (MIG).",
                )

    @rule
    def the_quota_fits_its_pools(self) -> Iterator[Problem]:
        for problem in room_problems(self.quota, self.pools):
            yield Problem(f"quota.{problem.path}", problem.reason)

    @rule
    def containers_fit_nodes_and_quota(self) -> Iterator[Problem]:
        cpu, memory = largest(self)
        for field, most, resource in (("cpu", cpu, "cpu"), ("memory", memory, "memory")):
            for which in ("max", "default"):
                text = getattr(self.containers, f"{which}_{field}")
                if text is not None and (amount(text) or 0) > most:
                    yield Problem(
                        f"containers.{which}_{field}",
                        f"{text} is more than a node of its pools or its quota has, {shown(resource, most)}: no such "
                        "container would ever run. Write at most that.",
                    )

    @rule
    def priorities_are_told_apart(self) -> Iterator[Problem]:
        for name, times in Counter(each.name for each in self.priority_classes).items():
            if times > 1:
                yield Problem("priority_classes", f"'{name}' stands there {times} times. Write it once.")

    @rule
    def stores_are_known(self) -> Iterator[Problem]:
        for store, ref in REFS.items():
            given = getattr(self, store)
            if given is not None and not (ref.__required_keys__ <= given.keys() and _labelled(given)):
                yield Problem(store, "This is no ref of a store. Write that of the cluster, for example cluster.ref.")

    @rule
    def stores_are_there(self) -> Iterator[Problem]:
        for option, store in (("postgres_database", "postgres"), ("qdrant_collection", "qdrant")):
            if getattr(self, option) and getattr(self, store) is None:
                yield Problem(option, f"It uses no {store.title()}. Write {store}, or drop this.")


def _labelled(ref: Mapping[str, Any]) -> bool:
    """Whether the labels in a store's ref are some: they say whom its pods may reach. Texts of a store that is yet to
    be checked have none."""
    return all(isinstance(ref[key], Mapping) or ref[key] == "" for key in ("labels", "pooler_labels") if key in ref)


def largest(spec: TenantSpec) -> tuple[Any, Any]:
    """The most CPU (cores) and memory (bytes) that a container of it could ever have."""
    cpu, memory = spec.quota.amounts
    nodes = [pool.capacity for pool in spec.pools]
    return (
        min(cpu, max(amount(f"{node.cpu_millicores}m") or cpu for node in nodes)),
        min(memory, max(node.memory_mib for node in nodes) * MIB),
    )


def tenant_problems(name: str, args: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with a tenant's name, and with how its removal is confirmed."""
    yield from short_name_problems(name, "tenant")
    if name in RESERVED_NAMES:
        yield Problem("", f"'{name}' is the name of a user of Redis itself. Choose another.")
    removal = args.get("removal") if isinstance(args, Mapping) else None
    if isinstance(removal, Mapping) and isinstance(removal.get("confirm"), str) and removal["confirm"] != name:
        yield Problem(
            "removal.confirm",
            f"Whoever wants this tenant removed writes its name, {name!r}, not {removal['confirm']!r}.",
        )


def namespace_of(name: str, args: Mapping[str, Any] | TenantSpec) -> Any:
    """The namespace of the tenant `name`."""
    stated = args.namespace if isinstance(args, TenantSpec) else args.get("namespace")
    return stated or f"tenant-{name}"


def valid(args: Mapping[str, Any]) -> TenantSpec | None:
    """The specification of a tenant; None where there is something wrong with it."""
    try:
        return check(TenantSpec, args)
    except InvalidSpec:
        return None


class TenantPoliciesSpec(Spec):
    """See `TenantPoliciesArgs`."""

    labels: dict[str, str] = {}

    @rule
    def labels_are_ones(self) -> Iterator[Problem]:
        yield from label_problems("labels", self.labels)
