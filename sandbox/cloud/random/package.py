"""The random provider has no cloud: what it made lives in Pulumi's state alone, here as in reality."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.cloud.catalogue import CataloguePackage
from sandbox.cloud.package import Call, Reading
from sandbox.cloud.random.generators import GENERATORS
from sandbox.cloud.schema import Failure, ResourceType
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import UNKNOWN, Properties

_TEXTS = ("random:index/randomPassword:RandomPassword", "random:index/randomString:RandomString")


class RandomPackage(CataloguePackage):
    """Random strings, numbers, names. Creations and deletions are logged, nothing is stored."""

    def rules(self, call: Call, resource: ResourceType, inputs: Properties) -> Iterator[Failure]:
        yield from super().rules(call, resource, inputs)
        if call.type in _TEXTS:
            yield from _text_rules(inputs)

    def create(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        typed = self.visible(call, inputs)
        made = GENERATORS[call.type].make(typed)
        self.store.record("create", CloudResource(call.type, made.id, call.urn, {}, {}))
        return made.id, {**typed, **made.outputs}

    def read(self, call: Call, id_: str, inputs: Properties, outputs: Properties) -> Reading | None:
        if outputs:
            return Reading(id_, inputs, outputs)
        inputs, made = GENERATORS[call.type].adopt(id_)
        for path, value in self.facts(call, self.type_of(call)).defaults.items():
            inputs.setdefault(str(path[0]), value)
        return Reading(made.id, inputs, {**inputs, **made.outputs})

    def update(self, call: Call, id_: str, prior: Properties, inputs: Properties) -> Properties:
        self.store.record("update", CloudResource(call.type, id_, call.urn, {}, {}))
        return {**prior, **self.visible(call, inputs)}

    def delete(self, call: Call, id_: str, prior: Properties) -> None:
        self.store.record("delete", CloudResource(call.type, id_, call.urn, {}, {}))


def _text_rules(inputs: Properties) -> Iterator[Failure]:
    numeric = inputs.get("numeric", inputs.get("number", True))
    if not any((inputs.get("lower"), inputs.get("upper"), inputs.get("special"), numeric)):
        yield Failure(("lower",), 'At least one of "lower", "upper", "numeric" and "special" must be true.')
    numbers = [inputs.get(name, 0) for name in ("length", "minLower", "minUpper", "minNumeric", "minSpecial")]
    if UNKNOWN not in numbers and all(isinstance(number, int) for number in numbers) and numbers[0] < sum(numbers[1:]):
        yield Failure(("length",), f"The length {numbers[0]} is less than the sum of the minima, {sum(numbers[1:])}.")
