"""The two sorts of things that the kubernetes provider manages: objects, and Helm releases."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.cloud.facts import Facts, load
from sandbox.cloud.naming import Autonaming
from sandbox.cloud.paths import Path, first
from sandbox.cloud.schema import Failure
from sandbox.cloud.values import Properties


class Sort(ABC):
    """What a thing is called, what may be wrong with it, and what becomes of it; `token` is its type."""

    name: Path
    namespace: Path

    def __init__(self, token: str) -> None:
        self.facts = load("kubernetes").get(token, Facts(source="none"))

    def id_of(self, inputs: Properties) -> str:
        """`namespace/name`, or the name alone."""
        namespace, name = first(inputs, self.namespace), first(inputs, self.name)
        return f"{namespace}/{name}" if namespace else str(name)

    @abstractmethod
    def fill(self, program_name: str, namespace: str, old: Properties, inputs: Properties, naming: Autonaming) -> None:
        """Adds in place what the provider itself adds: a name, which a thing named by it keeps, and the namespace."""

    @abstractmethod
    def rules(self, inputs: Properties) -> Iterator[Failure]:
        """What the API server would refuse."""

    def fixed(self, inputs: Properties, settings: Mapping[str, Any]) -> Sequence[Path]:
        """What cannot change in place."""
        return (self.name, self.namespace, *self.facts.replace_on)

    def keeps_place(self, old: Properties, new: Properties) -> bool:
        """Whether the program itself demands the same name as before, so that two cannot exist at once."""
        return False

    @abstractmethod
    def foreseen(self, inputs: Properties, prior: Properties | None) -> Properties:
        """The outputs as far as they are known before a creation (no `prior`) or an update."""

    @abstractmethod
    def created(self, inputs: Properties) -> Properties:
        """The outputs of a new thing."""

    @abstractmethod
    def updated(self, inputs: Properties, prior: Properties) -> Properties:
        """The outputs of a changed thing, of which `prior` was stored."""
