"""The bill at the end of a preview: the cost pack watches the run, may stop it, and leaves a report that is printed."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sandbox.errors import SandboxError

PACK = Path(__file__).parents[1] / "policies" / "cost"
REPORT = "PENSTOCK_COST_REPORT"
"""Names the file into which the pack writes the bill, as a document of `penstock_cost.report`."""


class Priced(NamedTuple):
    """What a run needs so that its bill is known."""

    args: tuple[str, ...]
    """Options of pulumi."""
    environment: Mapping[str, str]
    report: Path


@contextmanager
def priced(ceiling: float | None, config: Path | None) -> Iterator[Priced]:
    """A run that the cost pack watches.

    `config` is a file of the pack's configuration; `ceiling` is the most that the stack may cost a month, in USD, at
    its maxima. Raises SandboxError for a file that cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="penstock-cost-") as folder:
        report, limits = Path(folder) / "report.json", Path(folder) / "limits.json"
        limits.write_text(json.dumps(_limits(ceiling, config)), encoding="utf-8")
        pack = ("--policy-pack", os.fspath(PACK), "--policy-pack-config", os.fspath(limits))
        yield Priced(pack, {REPORT: os.fspath(report)}, report)


def table(report: Path) -> str:
    """The bill as a table."""
    from penstock_cost.report.table import table as of_document

    return of_document(json.loads(report.read_text(encoding="utf-8")))


def _limits(ceiling: float | None, config: Path | None) -> dict[str, Any]:
    limits = _read(config) if config else {}
    if ceiling is None:
        return limits
    said = limits.get("stack-ceiling", {})
    level = {"enforcementLevel": said} if isinstance(said, str) else said
    if not isinstance(level, dict):
        raise SandboxError(f'stack-ceiling in {config} is {said!r}. Write a map such as {{"usd": 20000}}.')
    return {**limits, "stack-ceiling": {**level, "usd": ceiling}}


def _read(config: Path) -> dict[str, Any]:
    try:
        limits = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SandboxError(f"The configuration of the cost pack, {config}, cannot be read: {error}") from error
    if not isinstance(limits, dict):
        raise SandboxError(f"The configuration of the cost pack, {config}, is no map of policies to settings.")
    return limits
