"""What all components share: refusing bad inputs in a way that every Pulumi language shows well."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import pulumi
from pulumi.errors import InputPropertyErrorDetails

from penstock.problems import InvalidSpec, Problem

if TYPE_CHECKING:
    from penstock.spec import Spec

S = TypeVar("S", bound="Spec")


class InvalidInputs(pulumi.RunError, pulumi.InputPropertiesError):
    """A component's inputs cannot be deployed.

    Its message names every problem with its path. A `RunError`, so that a program that does not catch it ends with
    the message alone; an `InputPropertiesError`, so that other Pulumi languages get the paths.
    """

    def __init__(self, component: str, name: str, problems: list[Problem]) -> None:
        self.problems = problems
        self.headline = f"{component} '{name}' cannot be deployed"
        lines = "".join(f"\n  - {problem}" for problem in problems)
        super().__init__(
            f"{self.headline}:{lines}",
            [InputPropertyErrorDetails(property_path=p.path, reason=p.reason) for p in problems],
        )


def checked(
    component: type[pulumi.ComponentResource],
    name: str,
    model: type[S],
    args: Mapping[str, Any],
    also: Iterable[Problem] = (),
) -> S:
    """Validates `args` against `model` and returns the specification.

    `also` are problems that the caller has found itself. Raises InvalidInputs with all of them.
    """
    from penstock.spec import check  # pydantic: not at import, a program may import without deploying

    problems = list(also)
    spec: S | None = None
    try:
        spec = check(model, args)
    except InvalidSpec as error:
        problems += error.problems
    if spec is None or problems:
        raise InvalidInputs(component.__name__, name, problems)
    return spec
