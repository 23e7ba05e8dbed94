"""Autoscalers that work against one another, or against the program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from objects import HPA, SCALED, SCALED_OBJECT, VPA, Target, kind_of, of_kinds, same, target_of

from penstock_cost.crossguard import Finding, NotKnown, Seen, items, read, text
from penstock_cost.crossguard.rules import not_known
from penstock_cost.crossguard.values import known_texts, strings
from penstock_cost.resources.model import Resource
from penstock_cost.resources.tokens import plain

METRICS = ("cpu", "memory")
STORES = ("postgresql", "qdrant", "redis", "valkey")
"""The values of the label `app.kubernetes.io/name` by which stores are known."""
STORE_KINDS = ("Cluster", "RedisCluster", "ValkeyCluster", "QdrantCluster")
"""The kinds of their operators."""
_NAME = "app.kubernetes.io/name"


def one_scaler(stack: Seen, _config: object, _configs: object) -> Iterator[Finding]:
    """Two scalers of replicas on one target: each undoes what the other did."""
    problems: list[Finding] = []
    for target, scalers in _scaled(stack, problems).items():
        if len(scalers) > 1:
            listed = " and ".join(f"{kind_of(one)} '{one.name}'" for one in scalers)
            yield Finding(
                f"{target.kind} '{_shown(stack, target)}' is scaled by {listed}. They undo one another's changes. "
                "Keep one: a ScaledObject can hold all their triggers.",
                scalers[-1].urn,
            )
    yield from problems


def stores_not_scaled(stack: Seen, _config: object, _configs: object) -> Iterator[Finding]:
    """An autoscaler of a store's nodes: its data does not move with them."""
    for target, scalers in _scaled(stack, []).items():
        workload = next((one for one in of_kinds(stack, *SCALED) if same(target, one)), None)
        name = known_texts(workload.properties, "metadata.labels").get(_NAME) if workload else None
        if name in STORES or target.kind in STORE_KINDS:
            for scaler in scalers:
                yield Finding(
                    f"{kind_of(scaler)} '{scaler.name}' scales {target.kind} '{_shown(stack, target)}', a store: its "
                    "data does not move with its nodes, and those that go take some with them. Change its size in the "
                    "program, and drop this.",
                    scaler.urn,
                )


def one_metric(stack: Seen, _config: object, _configs: object) -> Iterator[Finding]:
    """An autoscaler of replicas and a vertical one on the same metric of one target."""
    scaled = _scaled(stack, [])
    for vertical in stack.by_type.get(VPA, ()):
        try:
            target = target_of(stack, vertical)
            resized = _resized(vertical)
            for scaler in scaled.get(target, ()):
                for metric in sorted(resized & _metrics(scaler)):
                    yield Finding(
                        f"{kind_of(scaler)} '{scaler.name}' and VerticalPodAutoscaler '{vertical.name}' both act on "
                        f"{metric} of {target.kind} '{_shown(stack, target)}': larger requests lower the utilisation, "
                        f"and replicas go with them. Scale replicas on another metric, or take {metric} out of the "
                        "VPA's resourcePolicy.containerPolicies[].controlledResources.",
                        vertical.urn,
                    )
        except NotKnown as unknown:
            yield not_known(vertical, unknown)


def replicas_left_to_scaler(stack: Seen, _config: object, _configs: object) -> Iterator[Finding]:
    """`spec.replicas` beside an autoscaler: every deployment sets back what it scaled."""
    scaled = _scaled(stack, [])
    for workload in of_kinds(stack, *SCALED):
        scalers = [one for target, some in scaled.items() if same(target, workload) for one in some]
        if not scalers or _ignores_replicas(stack.ignored.get(workload.urn, ())):
            continue
        try:
            stated = read(workload.properties, "spec.replicas") is not None
        except NotKnown:
            stated = True
        if stated:
            yield Finding(
                f"{kind_of(workload)} '{workload.name}' states spec.replicas, and {kind_of(scalers[0])} "
                f"'{scalers[0].name}' scales it: each deployment would set it back. Leave spec.replicas out, or "
                "ignore its changes with ignore_changes=['spec.replicas'].",
                workload.urn,
            )


def _scaled(stack: Seen, problems: list[Finding]) -> dict[Target, list[Resource]]:
    """The scalers of replicas by what they scale; those of which that is not known become problems."""
    scaled: dict[Target, list[Resource]] = {}
    for kind in (HPA, SCALED_OBJECT):
        for scaler in stack.by_type.get(kind, ()):
            try:
                scaled.setdefault(target_of(stack, scaler), []).append(scaler)
            except NotKnown as unknown:
                problems.append(not_known(scaler, unknown))
    return scaled


def _metrics(scaler: Resource) -> set[str]:
    """On which of cpu and memory it acts. Raises NotKnown."""
    spec = scaler.properties
    found: set[str] = set()
    if plain(scaler.type) == SCALED_OBJECT:
        found = {text(one, "type") for _, one in items(spec, "spec.triggers")}
    else:
        for _, metric in items(spec, "spec.metrics"):
            found |= {text(metric, f"{kind}.name") for kind in ("resource", "containerResource")}
        # autoscaling/v1 knows no other metric; and where none is stated, it is cpu.
        if read(spec, "spec.targetCPUUtilizationPercentage") is not None or read(spec, "spec.metrics") is None:
            found.add("cpu")
    return found & set(METRICS)


def _resized(vertical: Resource) -> set[str]:
    """Which of cpu and memory it resizes. Raises NotKnown."""
    spec = vertical.properties
    if text(spec, "spec.updatePolicy.updateMode") == "Off":
        return set()
    policies = list(items(spec, "spec.resourcePolicy.containerPolicies"))
    if not policies:
        return set(METRICS)
    resized: set[str] = set()
    for _, policy in policies:
        if text(policy, "mode") != "Off":
            resized |= set(strings(policy, "controlledResources") or METRICS)
    every = any(text(policy, "containerName") == "*" for _, policy in policies)
    # Containers without a policy of their own have the default, unless one is for all of them.
    return resized if every else resized | set(METRICS)


def _ignores_replicas(ignored: Iterable[str]) -> bool:
    return any(path in ("*", "spec", "spec.replicas", 'spec["replicas"]', "spec.*") for path in ignored)


def _shown(stack: Seen, target: Target) -> str:
    workload = stack.by_urn.get(target.name)
    return workload.name if workload else target.name
