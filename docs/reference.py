"""Writes the pages that are made from the code, so that they cannot go stale: `make docs`.

docs/components/*.md come from the component package's own schema, docs/clouds.md from the clouds' tables of options.
"""

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pulumi.provider.experimental.util import camel_case

from docs import comparison

DOCS = Path(__file__).parent
COMPONENTS = DOCS.parent / "components"
TYPE = "#/types/penstock:index:"

Schema = dict[str, Any]


def schema() -> Schema:
    """The schema that other Pulumi languages see."""
    location = importlib.util.spec_from_file_location("penstock_host", COMPONENTS / "__main__.py")
    assert location is not None
    assert location.loader is not None
    host = importlib.util.module_from_spec(location)
    location.loader.exec_module(host)
    return dict(json.loads(host.Host(host.components(), "penstock", version=host.VERSION).schema))


def pages(schema: Schema) -> dict[str, str]:
    """The text of each page by its file name."""
    names = {token.rpartition(":")[2]: resource for token, resource in schema["resources"].items()}
    return {f"{name}.md": "\n".join(_page(name, resource, schema)) for name, resource in sorted(names.items())}


def _page(name: str, resource: Schema, schema: Schema) -> Iterator[str]:
    yield f"# {name}\n"
    yield f"{_text(resource['description'], paragraphs=True)}\n"
    yield "In settings and in Python names are as written here; other languages write them in camel case.\n"
    yield "## Inputs\n"
    yield from _table(resource["inputProperties"], resource.get("requiredInputs", []))
    yield "## Outputs\n"
    yield from _table(resource["properties"], resource.get("required", []))
    for token in _types(resource, schema):
        type_ = schema["types"][token]
        yield f"## {token.rpartition(':')[2]}\n"
        yield f"{_text(type_['description'], paragraphs=True)}\n"
        if "enum" in type_:
            yield "| value | meaning |\n|---|---|"
            yield from (f"| `{value['value']}` | {_text(value['description'])} |" for value in type_["enum"])
            yield ""
        else:
            yield from _table(type_["properties"], type_.get("required", []))


def _table(properties: Schema, required: list[str]) -> Iterator[str]:
    yield "| name | type | | meaning |\n|---|---|---|---|"
    for name, definition in properties.items():
        need = "required" if name in required else ""
        yield f"| `{_snake(name)}` | {_type(definition)} | {need} | {_text(definition['description'])} |"
    yield ""


def _type(definition: Schema) -> str:
    if definition.get("type") == "array":
        return f"list of {_type(definition['items'])}"
    if "additionalProperties" in definition:
        return f"map to {_type(definition['additionalProperties'])}"
    if "$ref" in definition:
        name = definition["$ref"].rpartition(":")[2]
        return f"[{name}](#{name.lower()})"
    return str(definition["type"])


def _types(resource: Schema, schema: Schema) -> list[str]:
    """The types that a component's page explains: all that its inputs and outputs lead to, in that order."""
    found: list[str] = []
    waiting = [resource["inputProperties"], resource["properties"]]
    while waiting:
        for reference in _references(waiting.pop(0)):
            token = reference.removeprefix("#/types/")
            if token in schema["types"] and token not in found:
                found.append(token)
                waiting.append(schema["types"][token].get("properties", {}))
    return found


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if str(node.get("$ref", "")).startswith(TYPE):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)


def _snake(name: str) -> str:
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    assert camel_case(snake) == name, f"{name} does not come back from {snake}"
    return snake


def _text(description: str, *, paragraphs: bool = False) -> str:
    blocks = [" ".join(block.split()) for block in description.strip().split("\n\n")]
    return "\n\n".join(blocks) if paragraphs else " ".join(blocks).replace("|", "\\|")


def main() -> None:
    components = {f"components/{name}": text for name, text in pages(schema()).items()}
    for name, text in {**components, comparison.PAGE: comparison.page()}.items():
        (DOCS / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"docs/{name}\n")


if __name__ == "__main__":
    main()
