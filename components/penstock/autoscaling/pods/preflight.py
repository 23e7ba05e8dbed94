"""Contradictions that can be seen before anything is deployed, as pure functions from plain values.

Each component refuses what it can see of itself and its target. What needs two components at once is refused by the
policy pack `capacity`, which sees every object of a stack: two scalers on one target, a vertical and a horizontal
autoscaler on one metric, `spec.replicas` beside a scaler, budgets that allow no disruption.

Here: cold start and cool-down, grace and drain, GPUs of the maximum and of the pools, a block on free GPU memory that
never ends, triggers that cannot wake from zero, and what the vertical part of a service may do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from penstock.problems import Problem

if TYPE_CHECKING:
    from penstock.autoscaling.pools import Pool

EXTERNAL_METRICS = (
    "A cluster has one server of external.metrics.k8s.io, and here it is KEDA's: a second one would take its place "
    "for every ScaledObject. Use EventAutoscaler for this target, with a trigger for this metric."
)


def grace_problems(grace: int | None, pre_stop: int, drain: int) -> Iterator[Problem]:
    """A pod that is killed before it has ended what it does."""
    if grace is not None and grace < pre_stop + drain:
        yield Problem(
            "termination_grace_seconds",
            f"Pods are killed after {grace} s, while their preStop hook ({pre_stop} s) and their longest request "
            f"({drain} s) need {pre_stop + drain} s: each scale-down would cut requests off. Write at least "
            f"{pre_stop + drain}, here and in the pods' terminationGracePeriodSeconds.",
        )


def pool_gpu_problems(gpus: int, pools: Sequence[Pool]) -> Iterator[Problem]:
    """Pods that fit on no node of their pools."""
    for index, pool in enumerate(pools):
        if gpus > pool.capacity.accelerators:
            yield Problem(
                f"pools[{index}]",
                f"Each pod asks for {gpus} GPUs, and a node of '{pool.name}' has {pool.capacity.accelerators}: no pod "
                "would ever be placed there. Name another pool, or ask for fewer.",
            )


def room_problems(path: str, most: int, gpus: int, pools: Sequence[Pool]) -> Iterator[Problem]:
    """More replicas than the largest size of the pools has GPUs for; `path` is that of the maximum."""
    if not gpus or not pools or any(gpus > pool.capacity.accelerators for pool in pools):
        return
    room = sum(pool.max_nodes * (pool.capacity.accelerators // gpus) for pool in pools)
    if most > room:
        names = ", ".join(f"'{pool.name}'" for pool in pools)
        yield Problem(
            path,
            f"{most} replicas of {gpus} GPUs do not fit on {names}, which hold at most {room} of them: the rest would "
            f"wait for nodes that never come. Write at most {room}, or raise max_nodes of the pools.",
        )


def cooldown_problems(path: str, cooldown: int, cold_start: int | None, least: int) -> Iterator[Problem]:
    """A pod that is taken away while it starts: KEDA counts the cool-down from the last moment of activity."""
    if least == 0 and cold_start is not None and cooldown <= cold_start:
        yield Problem(
            path,
            f"A pod needs {cold_start} s to start, and would be taken away {cooldown} s after the last request, "
            f"before it has served any: it would start again and again. Write more than {cold_start}.",
        )


def waking_problems(path: str, least: int, kinds: Iterable[str]) -> Iterator[Problem]:
    """Scale-to-zero with nothing that could tell when to come back."""
    if least == 0 and set(kinds) <= {"cpu", "memory"}:
        yield Problem(
            path,
            "With no pod there is no CPU and no memory to measure, so these triggers never wake the target from 0. "
            "Add a trigger on a queue, on requests or on a schedule, or write a min_replicas of at least 1.",
        )


def memory_block_problems(path: str, free_percent: float, utilization: float | None) -> Iterator[Problem]:
    """A block on free GPU memory that a server's own reservation keeps up for ever."""
    most = round(1 - free_percent / 100, 4)
    if utilization is not None and utilization > most:
        yield Problem(
            path,
            f"The server takes {utilization:.0%} of each GPU's memory at its start and gives none back, so less than "
            f"{free_percent:g} % is always free and scale-up is always blocked. Write at most {most:.2f}, here and in "
            "its --gpu-memory-utilization.",
        )


def one_metric_problems(path: str, resized: Iterable[str], scaled_on: Iterable[str]) -> Iterator[Problem]:
    """A vertical autoscaler that resizes what a horizontal one measures."""
    for metric in sorted(set(resized) & set(scaled_on)):
        yield Problem(
            path,
            f"Replicas of the target are scaled on its {metric}, and resizing its {metric} changes what that measures: "
            "the two would chase one another. Write the mode Off, which recommends and changes nothing, or take "
            f"{metric} out of the controlled resources.",
        )
