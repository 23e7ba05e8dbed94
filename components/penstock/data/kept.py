"""What a store keeps for good, such as the sizes of volumes: refused in a preview already.

How large a volume is that exists, nobody knows here but Pulumi's state. So a component registers such facts as its own
inputs, and lets the engine call a hook before it changes one: with those of the state and those asked for. The hook
runs in a preview too, before any child of the component is registered, so that nothing has changed when it refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pulumi

from penstock.component import InvalidInputs
from penstock.problems import Problem

Facts = Mapping[str, Any]
"""What is registered, by the paths of arguments."""
Rule = Callable[[Facts, Facts], Iterable[Problem]]
"""What is wrong with new facts, given the old ones."""


def kept(
    component: type[pulumi.ComponentResource],
    type_: str,
    name: str,
    facts: Facts,
    opts: pulumi.ResourceOptions | None,
    *rules: Rule,
) -> tuple[dict[str, Any], pulumi.ResourceOptions]:
    """The inputs and the options with which the component `name` of `type_` registers itself.

    A later preview or update that breaks a rule ends with InvalidInputs, which tells all that is wrong.
    """

    def refuse(seen: pulumi.ResourceHookArgs) -> None:
        old, new = seen.old_inputs or {}, seen.new_inputs or {}
        if problems := [problem for rule in rules for problem in rule(old, new)]:
            raise InvalidInputs(component.__name__, name, problems)

    # Names of hooks must differ in a program; as in URNs, what tells two components of one name apart is their parent.
    parent = f"{opts.parent.pulumi_resource_type}$" if opts and opts.parent else ""
    hook = pulumi.ResourceHook(f"kept:{parent}{type_}::{name}", refuse, pulumi.ResourceHookOptions(on_dry_run=True))
    hooks = pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(before_update=[hook]))
    return dict(facts), pulumi.ResourceOptions.merge(opts, hooks)


def shrinking(*paths: str) -> Rule:
    """A rule of volumes, whose facts are sizes in GiB; what is no volume any more has none.

    A cloud can only grow a volume. Kubernetes (claims) and CloudNativePG (its webhook) refuse it as well, only later.
    """

    def rule(old: Facts, new: Facts) -> Iterator[Problem]:
        for path in paths:
            had, asked = old.get(path, 0), new.get(path, 0)
            if asked < had:
                yield Problem(
                    path,
                    f"The volumes have {had:g} GiB, and none can be made smaller than it is: {asked:g} GiB would lose "
                    f"data. Write at least {had:g}; for less, move the data into a new store under another name.",
                )

    return rule
