"""The configuration of rules: what the engine is told of it, and what only the rules can check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

if TYPE_CHECKING:
    from pulumi_policy import PolicyConfigSchema

    from penstock_cost.crossguard.rules import Config, Rule


def schema_of(config: type[Config]) -> PolicyConfigSchema | None:
    """The JSON schema of a configuration, without references: the engine checks each property by itself."""
    from pulumi_policy import PolicyConfigSchema

    schema = config.model_json_schema()
    definitions = schema.get("$defs", {})
    properties = {name: _inlined(one, definitions) for name, one in schema.get("properties", {}).items()}
    if not properties:
        return None
    return PolicyConfigSchema(properties=properties, required=schema.get("required"))


def read_configs(rules: Iterable[Rule], given: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, Config], list[str]]:
    """The configuration of each rule, and every problem of them as a sentence with its path."""
    rules = list(rules)
    configs: dict[str, Config] = {}
    problems = list(_strangers([rule.name for rule in rules], given))
    for rule in rules:
        try:
            configs[rule.name] = rule.config.model_validate(given.get(rule.name, {}))
        except ValidationError as error:
            problems += [_sentence(rule, one) for one in error.errors()]
    return configs, problems


def _strangers(names: list[str], given: Iterable[str]) -> Iterable[str]:
    """The engine passes over what has the name of no policy; a limit with a slip in its name would limit nothing."""
    for name in given:
        if name not in names and name != "all":
            near = get_close_matches(name, names, 1)
            hint = f"Did you mean {near[0]}?" if near else f"It has {', '.join(names)}."
            yield f"{name}: This pack has no such policy. {hint}"


def _sentence(rule: Rule, error: Any) -> str:
    path = ".".join(str(part) for part in (rule.name, *error["loc"]))
    if error["type"] == "extra_forbidden":
        return f"{path}: There is no such property. It has {', '.join(rule.config.model_fields) or 'none'}."
    message = error["msg"].removeprefix("Value error, ").rstrip(".")
    value = error.get("input")
    shown = "" if isinstance(value, dict | list) or error["type"] == "missing" else f" It is {value!r}."
    return f"{path}: {message}.{shown}"


def _inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(one, definitions) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        schema = {**definitions[schema["$ref"].rpartition("/")[2]], **schema}
    return {
        key: {name: _inlined(one, definitions) for name, one in value.items()}
        if key == "properties"
        else _inlined(value, definitions)
        for key, value in schema.items()
        if key not in ("$ref", "title") and not (key == "default" and value is None)
    }
