"""A Redis cluster only grows: a node that is taken away takes the slots along that it has, with all their keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from penstock.component import InvalidInputs
from penstock.data.volumes import shrinking
from penstock.problems import Problem


def kept(
    component: type[pulumi.ComponentResource],
    type_: str,
    name: str,
    sizes: Mapping[str, int],
    opts: pulumi.ResourceOptions | None,
) -> tuple[dict[str, Any], pulumi.ResourceOptions]:
    """The inputs and options with which the component registers itself, as `data.volumes.kept_volumes` gives them.

    `sizes` are `replicas` and `volume_gib`. A later preview or update that makes one smaller ends with InvalidInputs,
    which tells all of them.
    """

    def refuse(seen: pulumi.ResourceHookArgs) -> None:
        if problems := list(smaller(seen.old_inputs or {}, seen.new_inputs or {})):
            raise InvalidInputs(component.__name__, name, problems)

    parent = f"{opts.parent.pulumi_resource_type}$" if opts and opts.parent else ""
    hook = pulumi.ResourceHook(f"growth:{parent}{type_}::{name}", refuse, pulumi.ResourceHookOptions(on_dry_run=True))
    hooks = pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(before_update=[hook]))
    return dict(sizes), pulumi.ResourceOptions.merge(opts, hooks)


def smaller(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the sizes that are asked for, where there are others."""
    had, asked = old.get("replicas", 0), new.get("replicas", 0)
    if asked < had:
        yield Problem(
            "replicas",
            f"It has {had:g} nodes, each with slots or the only copy of some: taking nodes away would lose their keys. "
            f"Write at least {had:g}; for less, move the data into a new RedisCluster under another name.",
        )
    volumes = ("volume_gib",)
    yield from shrinking({key: old[key] for key in volumes if key in old}, new)
