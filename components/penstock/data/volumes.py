"""Volumes that hold data are never made smaller: a cloud can only grow one, and a smaller one would lose what is there.

How large a volume is that exists, nobody knows here but Pulumi's state. So a component that has volumes registers their
sizes as its own inputs, and lets the engine call a hook before it changes one: with the sizes of the state and those
asked for. The hook runs in a preview too, before any child of the component is registered, so that a smaller size is
refused before anything changes. Kubernetes (claims) and CloudNativePG (its webhook) refuse it as well, only later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from penstock.component import InvalidInputs
from penstock.problems import Problem


def kept_volumes(
    component: type[pulumi.ComponentResource],
    type_: str,
    name: str,
    sizes: Mapping[str, int],
    opts: pulumi.ResourceOptions | None,
) -> tuple[dict[str, Any], pulumi.ResourceOptions]:
    """The inputs and the options with which the component `name` of `type_` registers itself.

    `sizes` are its volumes in GiB by their paths in the arguments (`volume_gib`); what is no volume any more is 0.
    A later preview or update that makes one smaller ends with InvalidInputs, which says the path and both sizes.
    """

    def refuse(seen: pulumi.ResourceHookArgs) -> None:
        if problems := list(shrinking(seen.old_inputs or {}, seen.new_inputs or {})):
            raise InvalidInputs(component.__name__, name, problems)

    # Names of hooks must differ in a program; as in URNs, what tells two components of one name apart is their parent.
    parent = f"{opts.parent.pulumi_resource_type}$" if opts and opts.parent else ""
    hook = pulumi.ResourceHook(f"volumes:{parent}{type_}::{name}", refuse, pulumi.ResourceHookOptions(on_dry_run=True))
    hooks = pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(before_update=[hook]))
    return dict(sizes), pulumi.ResourceOptions.merge(opts, hooks)


def shrinking(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Problem]:
    """Which volumes of the `old` sizes are smaller in the `new` ones, or gone; both in GiB by their paths."""
    for path, size in old.items():
        asked = new.get(path, 0)
        if asked < size:
            yield Problem(
                path,
                f"The volumes have {size:g} GiB, and none can be made smaller than it is: {asked:g} GiB would lose "
                f"data. Write at least {size:g}; for less, move the data into a new store under another name.",
            )
