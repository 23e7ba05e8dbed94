"""What a row of a facts table says, and what the SDK says of it."""

from collections.abc import Iterator

from sandbox.cloud.facts import Facts
from sandbox.cloud.paths import EVERY, Path
from sandbox.cloud.schema.shapes import ListOf, MapOf, Object, OneOf, Shape


def shape_at(shape: Shape, path: Path) -> Shape | None:
    """The shape that the SDK gives to the property at the path, `None` where it has no such property."""
    if not path:
        return shape
    step, rest = path[0], path[1:]
    match shape:
        case Object() if isinstance(step, str) and step in shape.properties:
            return shape_at(shape.properties[step], rest)
        case ListOf() | MapOf() if step == EVERY:
            return shape_at(shape.item, rest)
        case OneOf():
            return next((found for option in shape.options if (found := shape_at(option, path))), None)
        case _:
            return None


def input_paths(facts: Facts) -> Iterator[tuple[str, Path]]:
    """Every path of a row that names an input, with the key it stands under."""
    for key in ("replace_on", "computed", "sets", "enums", "patterns", "ranges", "parents", "defaults"):
        yield from ((key, path) for path in getattr(facts, key))
    for key in ("conflicts", "exactly_one_of", "at_least_one_of", "required_with"):
        yield from ((key, path) for group in getattr(facts, key) for path in group)
    if facts.name is not None:
        yield "name", facts.name.property
