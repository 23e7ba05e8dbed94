"""Finds out what a file is (a preview, a stack's state, a saved report) and reads it. Every refusal is a sentence."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from penstock_cost.money import CostError
from penstock_cost.report import engine, text
from penstock_cost.resources.model import Resource, Stack

REPORT_FORMAT = "penstock-cost/1"
_WANTED = "Give what `pulumi preview --json --show-sames` or `pulumi stack export` writes."


class Snapshot(NamedTuple):
    """What a file holds."""

    kind: Literal["preview", "state", "report"]
    name: str
    """The stack's; empty where it has no resource."""
    after: Stack
    """The stack as it will be after the preview's deployment, or as it stands."""
    before: Stack | None = None
    """A preview: the stack as it stands."""
    report: Mapping[str, Any] | None = None
    """A saved report: its JSON."""


def read(source: str) -> Stack:
    """The stack of a preview or of a state: the text itself, the path of a file, or `-`. Raises CostError."""
    snapshot = read_snapshot(source)
    if snapshot.report is not None:
        raise CostError(f"This is a report already. {_WANTED}")
    return snapshot.after


def read_snapshot(source: str) -> Snapshot:
    """What a text, a file or the standard input (`-`) holds. Raises CostError, which names the file."""
    if "{" in source:
        return parse(source)
    content = text.load(source)
    try:
        return parse(content)
    except CostError as error:
        name = "the standard input" if source == "-" else source
        raise CostError(f"{name}: {error}") from None


def parse(content: str) -> Snapshot:
    """What a text holds. Raises CostError."""
    try:
        documents = text.documents(content)
        recognised = [one for one in documents if _kind(one)]
        if len(recognised) > 1:
            raise CostError(f"This holds {len(recognised)} documents. Give one at a time.")
        return _READERS[_kind(recognised[0])](recognised[0]) if recognised else _refuse(documents)
    except RecursionError:
        raise CostError(f"This is nested too deeply for anything that Pulumi writes. {_WANTED}") from None


def _kind(document: Any) -> str:
    if document.get("format") == REPORT_FORMAT:
        return "report"
    if "resourcePlans" in document or "sequence" in document:
        return ""
    if "deployment" in document:
        return "state"
    if isinstance(document.get("checkpoint"), dict) and "latest" in document["checkpoint"]:
        return "checkpoint"
    if "steps" in document or "changeSummary" in document or "diagnostics" in document:
        return "preview"
    return ""


def _preview(document: dict[str, Any]) -> Snapshot:
    if problems := list(_errors(document.get("diagnostics"))):
        raise CostError(
            f"The preview failed, so that it does not hold the whole stack. Mend this first: {' '.join(problems)}"
        )
    if not document.get("steps"):
        raise CostError(f"The preview holds no step, not even of the stack itself: it was interrupted. {_WANTED}")
    resources = engine.of_steps(document["steps"])
    _refuse_hidden(document)
    config = document.get("config") or {}
    if not isinstance(config, dict):
        raise CostError("config: This is no object. Give Pulumi's JSON as it wrote it.")
    known = engine.known(config)
    name = _stack_name([*resources.after, *resources.before])
    return Snapshot("preview", name, _stack(resources.after, known), _stack(resources.before, known))


def _errors(diagnostics: Any) -> Iterable[str]:
    """What the engine said went wrong, each as one line."""
    for one in diagnostics if isinstance(diagnostics, list) else []:
        if isinstance(one, dict) and one.get("severity") == "error":
            yield " ".join(str(one.get("message")).split())


def _refuse_hidden(document: Mapping[str, Any]) -> None:
    """Without --show-sames the engine leaves out what does not change, and would make the stack look cheap."""
    summary = document.get("changeSummary")
    told = summary.get("same", 0) if isinstance(summary, dict) else 0
    shown = sum(step.get("op") == "same" for step in document["steps"])
    if isinstance(told, int) and told > shown:
        raise CostError(
            f"The preview leaves out {told - shown} resources that do not change, and they cost money too. "
            "Write it with `pulumi preview --json --show-sames`."
        )


def _state(document: dict[str, Any]) -> Snapshot:
    resources = engine.of_state(document["deployment"] or {})
    return Snapshot("state", _stack_name(resources), _stack(resources))


def _checkpoint(document: dict[str, Any]) -> Snapshot:
    """A state as the engine's own file backends keep it."""
    resources = engine.of_state(document["checkpoint"]["latest"] or {}, "checkpoint.latest")
    return Snapshot("state", _stack_name(resources), _stack(resources))


def _report(document: dict[str, Any]) -> Snapshot:
    return Snapshot("report", str(document.get("stack") or ""), Stack(()), report=document)


_READERS = {"preview": _preview, "state": _state, "checkpoint": _checkpoint, "report": _report}


def _stack(resources: Mapping[str, Resource], config: Mapping[str, Any] | None = None) -> Stack:
    return Stack(tuple(resources.values()), config or {})


def _stack_name(urns: Iterable[str]) -> str:
    """`dev` of `urn:pulumi:dev::platform::…`."""
    return next((urn.split("::")[0].removeprefix("urn:pulumi:") for urn in urns), "")


def _refuse(documents: list[Any]) -> Snapshot:
    first = documents[0]
    for row in _foreign():
        if all(key in first for key in row["keys"].split()):
            raise CostError(f"{row['what']} {row['instead']}")
    keys = ", ".join(str(key)[:40] for key in list(first)[:5]) or "none"
    raise CostError(f"This JSON is neither a preview nor a state of Pulumi (its keys: {keys}). {_WANTED}")


@cache
def _foreign() -> list[dict[str, str]]:
    """What people take for a preview, by keys that it has."""
    with (Path(__file__).parent / "foreign.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
