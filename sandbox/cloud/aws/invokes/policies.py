"""Policy documents, rendered as the provider renders them.

Source: hashicorp/terraform-provider-aws, documentation of the data source aws_iam_policy_document.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from sandbox.cloud.aws.invokes.account import digest
from sandbox.cloud.aws.invokes.asking import Question
from sandbox.cloud.errors import CloudError
from sandbox.cloud.values import Properties

_LISTS: Final = {
    "actions": "Action",
    "notActions": "NotAction",
    "resources": "Resource",
    "notResources": "NotResource",
}
_PRINCIPALS: Final = {"principals": "Principal", "notPrincipals": "NotPrincipal"}
_VERSIONS: Final = ("2008-10-17", "2012-10-17")


def get_policy_document(question: Question) -> Properties:
    """The statements as JSON: merged into the source documents, and overridden by Sid."""
    arguments = question.arguments
    version = arguments.get("version") or "2012-10-17"
    if version not in _VERSIONS:
        raise CloudError(f'expected version to be one of ["2008-10-17" "2012-10-17"], got {version}')
    own = [_statement(given, version) for given in arguments.get("statements") or []]
    sources = [arguments.get("sourceJson"), *(arguments.get("sourcePolicyDocuments") or [])]
    overrides = [arguments.get("overrideJson"), *(arguments.get("overridePolicyDocuments") or [])]
    statements = [*(found for text in sources for found in _statements_in(text)), *own]
    _require_different_sids(statements)
    for statement in (found for text in overrides for found in _statements_in(text)):
        statements = _with(statements, statement)
    document: Properties = {"Version": version}
    if arguments.get("policyId"):
        document["Id"] = arguments["policyId"]
    if statements:
        document["Statement"] = statements
    text, minified = json.dumps(document, indent=2), json.dumps(document, separators=(",", ":"))
    shown = {**arguments, "version": version, "json": text, "minifiedJson": minified}
    return question.answer({**shown, "id": digest(text)})


def _statement(given: Properties, version: str) -> Properties:
    statement: Properties = {}
    if given.get("sid"):
        statement["Sid"] = given["sid"]
    statement["Effect"] = given.get("effect") or "Allow"
    for name, word in _LISTS.items():
        if given.get(name):
            statement[word] = _one_or_many(given[name])
    for name, word in _PRINCIPALS.items():
        if given.get(name):
            statement[word] = _principals(given[name])
    if given.get("conditions"):
        conditions: dict[str, dict[str, Any]] = {}
        for condition in given["conditions"]:
            tests = conditions.setdefault(condition["test"], {})
            tests[condition["variable"]] = _one_or_many(condition["values"], keep_order=True)
        statement["Condition"] = {test: dict(sorted(conditions[test].items())) for test in sorted(conditions)}
    if version == "2008-10-17" and "&{" in json.dumps(statement):
        raise CloudError("found &{ sequence in (2008-10-17) version policy document")
    return json.loads(json.dumps(statement).replace("&{", "${"))  # type: ignore[no-any-return]


def _principals(given: Iterable[Properties]) -> Any:
    by_type: dict[str, list[str]] = {}
    for principal in given:
        by_type.setdefault(principal["type"], []).extend(principal["identifiers"])
    if by_type == {"*": ["*"]}:
        return "*"
    return {type_: _one_or_many(names) for type_, names in sorted(by_type.items())}


def _one_or_many(values: list[Any], *, keep_order: bool = False) -> Any:
    """One value stands alone; several are sorted backwards, as the provider does with sets."""
    if len(values) == 1:
        return values[0]
    return list(values) if keep_order else sorted(set(values), reverse=True)


def _statements_in(text: str | None) -> list[Properties]:
    if not text:
        return []
    try:
        found = json.loads(text).get("Statement") or []
    except (json.JSONDecodeError, AttributeError) as error:
        raise CloudError(f"merging source document: {error}") from None
    return found if isinstance(found, list) else [found]


def _require_different_sids(statements: list[Properties]) -> None:
    sids = [statement["Sid"] for statement in statements if statement.get("Sid")]
    twice = next((sid for sid in sids if sids.count(sid) > 1), None)
    if twice is not None:
        raise CloudError(f'duplicate Sid ("{twice}"). Remove the Sid or ensure the Sid is unique.')


def _with(statements: list[Properties], statement: Properties) -> list[Properties]:
    """The statements with one more, or with one replaced that has the same Sid."""
    sid = statement.get("Sid")
    if sid and any(known.get("Sid") == sid for known in statements):
        return [statement if known.get("Sid") == sid else known for known in statements]
    return [*statements, statement]
