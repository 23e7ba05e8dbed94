"""`penstock cost preview|state|diff`: what a stack costs a month, and what a change does to it."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock_cost.money import CostError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from penstock_cost.bill import Bill
    from penstock_cost.book import PriceBook
    from penstock_cost.report.changes import Difference
    from penstock_cost.report.document import Report
    from penstock_cost.report.read import Snapshot
    from penstock_cost.resources import Options, Stack

FORMATS = ("table", "json", "markdown", "html")
DIFF_FORMATS = ("table", "json", "markdown")
HAS_HOLES = 3
"""The exit code of `--fail-on-holes` where something has no price and nobody allowed it; 2 is a wrong command line."""


def add_parser(commands: Any) -> None:
    """Adds the commands `preview`, `state` and `diff`."""
    preview = commands.add_parser(
        "preview",
        help="what a stack will cost after `pulumi up`",
        description="What a stack will cost a month after `pulumi up`.",
    )
    preview.add_argument(
        "file", metavar="FILE", help="what `pulumi preview --json --show-sames` wrote; - reads the standard input"
    )
    preview.set_defaults(run=_preview)
    state = commands.add_parser(
        "state", help="what a stack costs as it stands", description="What a stack costs a month as it stands."
    )
    state.add_argument("file", metavar="FILE", help="what `pulumi stack export` wrote; - reads the standard input")
    state.set_defaults(run=_state)
    diff = commands.add_parser(
        "diff",
        help="what a change costs, and why",
        description="What a change costs a month, by resource and by cause.",
    )
    diff.add_argument(
        "before",
        metavar="BEFORE",
        help="a preview, a stack export, or a report that `--format json` wrote. A preview alone is compared with "
        "the stack as it stands",
    )
    diff.add_argument("after", metavar="AFTER", nargs="?", help="the same, of what comes after")
    diff.set_defaults(run=_diff)
    for parser in (preview, state, diff):
        parser.add_argument(
            "--config", metavar="FILE", help="options as JSON: annotations, rates, usage, allowed_holes"
        )
        parser.add_argument("--prices", metavar="FOLDER", help="prices from `penstock cost refresh`")
        parser.add_argument("--format", default="table", choices=DIFF_FORMATS if parser is diff else FORMATS)
        parser.add_argument("--out", metavar="FILE", help="writes there instead of the standard output")
        parser.add_argument(
            "--fail-on-holes",
            action="store_true",
            help=f"exit with {HAS_HOLES} where something has no price and --config does not allow that",
        )


def book_of(args: argparse.Namespace) -> PriceBook:
    """The bundled prices, below those of `--prices FOLDER` or of the folder that PENSTOCK_PRICES names."""
    from penstock_cost.book import PriceBook

    return PriceBook.load(getattr(args, "prices", None))


def show(bill: Bill, book: PriceBook, args: argparse.Namespace, stack: str = "") -> int:
    """Writes a bill in the format that `args` asks for. Returns the exit code."""
    from penstock_cost.report.document import report

    made = report(bill, book=book, stack=stack, generated=datetime.now(UTC))
    _write(_rendered(made, args.format), args.out)
    if getattr(args, "fail_on_holes", False) and any(not hole.allowed for hole in bill.holes):
        return HAS_HOLES
    return 0


def _preview(args: argparse.Namespace) -> int:
    return _show_file(args, "preview", "`pulumi preview --json --show-sames`")


def _state(args: argparse.Namespace) -> int:
    return _show_file(args, "state", "`pulumi stack export`")


def _show_file(args: argparse.Namespace, kind: str, writer: str) -> int:
    from penstock_cost.report.read import read_snapshot
    from penstock_cost.resources import bill_of

    snapshot = read_snapshot(args.file)
    if snapshot.kind != kind:
        raise CostError(f"{args.file}: This is a {snapshot.kind}. Give what {writer} writes.")
    book = book_of(args)
    return show(bill_of(snapshot.after, book, _options(args.config)), book, args, snapshot.name)


def _diff(args: argparse.Namespace) -> int:
    from penstock_cost.report.differences import difference
    from penstock_cost.report.read import read_snapshot

    if args.before == "-" and args.after == "-":
        raise CostError("Only one of the two can come from the standard input. Write a file for the other.")
    first = read_snapshot(args.before)
    if args.after is None:
        if first.before is None:
            raise CostError(
                f"{args.before}: This is a {first.kind}, which does not say what comes after. Give a second file, "
                "or what `pulumi preview --json --show-sames` writes."
            )
        made = difference(_report(first, args, first.before), _report(first, args))
    else:
        made = difference(_report(first, args), _report(read_snapshot(args.after), args))
    _write(_rendered_difference(made, args.format), args.out)
    return HAS_HOLES if args.fail_on_holes and any(not hole.allowed for hole in made.new_holes) else 0


def _report(snapshot: Snapshot, args: argparse.Namespace, stack: Stack | None = None) -> Report:
    """Of the stack as it will be, or of another one of the snapshot."""
    from penstock_cost.report.document import report, restored
    from penstock_cost.resources import bill_of

    if snapshot.report is not None:
        return restored(snapshot.report)
    book = book_of(args)
    bill = bill_of(stack or snapshot.after, book, _options(args.config))
    return report(bill, book=book, stack=snapshot.name, generated=datetime.now(UTC))


def _options(path: str | None) -> Options:
    from penstock_cost.report.text import load
    from penstock_cost.resources import Options
    from penstock_cost.validate import checked

    if path is None:
        return Options()
    try:
        content = json.loads(load(path))
    except ValueError as error:
        raise CostError(f"{path} is no JSON: {error}.") from None
    try:
        return checked(Options, content)
    except CostError as error:
        raise CostError(f"{path} holds no options:\n{error}") from None


def _rendered(made: Report, style: str) -> str:
    if style == "json":
        return _json(made)
    if style == "markdown":
        from penstock_cost.report.markdown import markdown

        return markdown(made)
    if style == "html":
        from penstock_cost.report.html import html

        return html(made)
    from penstock_cost.report.table import table

    return table(made)


def _rendered_difference(made: Difference, style: str) -> str:
    if style == "json":
        return _json(made)
    if style == "markdown":
        from penstock_cost.report.markdown import markdown_difference

        return markdown_difference(made)
    from penstock_cost.report.table import difference_table

    return difference_table(made)


def _json(made: BaseModel) -> str:
    """With halves of characters, which names may hold, kept: pydantic's own writer stops at them."""
    return json.dumps(made.model_dump(mode="json"), indent=2, ensure_ascii=False)


def _write(content: str, path: str | None) -> None:
    data = (content.rstrip("\n") + "\n").encode("utf-8", "backslashreplace")
    if path is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        Path(path).write_bytes(data)
    except OSError as error:
        raise CostError(f"{path} cannot be written: {error.strerror}. Write another path after --out.") from None
