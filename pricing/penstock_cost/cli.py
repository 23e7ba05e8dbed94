"""`penstock cost …`: what machines, pools and stacks cost a month."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from penstock_cost.money import CostError

AREAS = "penstock.areas"
"""The group of entry points by which other packages add an area, such as `tenant`: each is a function like `main`,
which takes the words behind the area's name. Nothing of theirs is loaded before it is asked for."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; 0: it worked, 1: the input is bad and a text on the standard error says what to write."""
    words = list(sys.argv[1:] if argv is None else argv)
    others = {} if words[:1] == ["cost"] else {point.name: point for point in entry_points(group=AREAS)}
    if words and words[0] in others:
        return _run_area(others[words[0]], words[1:])
    parser = argparse.ArgumentParser(prog="penstock", description="Bounds the capacity and the bill of a platform.")
    areas = parser.add_subparsers(dest="area", required=True, metavar="AREA")
    text = "What machines, pools and stacks cost a month of 730 hours, before they are deployed."
    _add_commands(areas.add_parser("cost", help="what it costs", description=text))
    for name in sorted(others):
        areas.add_parser(name, help=f"see `penstock {name} --help`")
    return _run(parser.parse_args(words))


def _run_area(point: EntryPoint, words: Sequence[str]) -> int:
    try:
        run = point.load()
    except (ImportError, AttributeError) as error:
        package = point.dist.name if point.dist else point.module
        print(  # noqa: T201 (it is a command)
            f"`penstock {point.name}` cannot be run: {error}. Install {package} again, with all that it needs.",
            file=sys.stderr,
        )
        return 1
    return int(run(words))


def _add_commands(parser: argparse.ArgumentParser) -> None:
    from penstock_cost.jobs.cli import add_parser as add_jobs
    from penstock_cost.refresh.cli import add_parser as add_refresh
    from penstock_cost.report.cli import add_parser as add_reports

    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_pool(commands)
    for add in (add_reports, add_jobs, add_refresh):
        add(commands)


def _run(args: argparse.Namespace) -> int:
    try:
        return int(args.run(args))
    except CostError as error:
        print(error, file=sys.stderr)  # noqa: T201 (it is a command)
        return 1
    except BrokenPipeError:
        return 1


def _add_pool(commands: Any) -> None:
    pool = commands.add_parser(
        "pool", help="what a pool of machines costs", description="What a pool of machines costs a month of 730 hours."
    )
    pool.add_argument("--cloud", required=True, choices=("aws", "azure", "gcp"))
    pool.add_argument("--region", required=True, help="the cloud's name of it, for example us-east-1")
    pool.add_argument(
        "--machine", required=True, action="append", help="a machine type; repeat it where several may be taken"
    )
    pool.add_argument(
        "--purchase", default="on_demand", choices=("on_demand", "spot", "reserved", "capacity_block", "flex")
    )
    pool.add_argument("--min", type=int, default=0, help="the fewest machines (default: 0)")
    pool.add_argument("--max", type=int, required=True, help="the most machines")
    pool.add_argument("--desired", type=int, help="the size that it starts with (default: the minimum)")
    pool.add_argument(
        "--schedule",
        action="append",
        default=[],
        metavar="'Mon-Fri 08:00-20:00=6'",
        help="a window with its count; repeat it for more",
    )
    pool.add_argument("--otherwise", type=float, help="the count outside of all windows (default: the minimum)")
    pool.add_argument(
        "--profile", type=_numbers, default=(), help="counts by hour: 24 (a day) or 168 (a week), with commas between"
    )
    pool.add_argument("--spot-price", type=float, help="USD an hour (default: the price book's)")
    pool.add_argument("--fallback", type=float, default=0.0, help="share of the time on demand stands in, 0 to 1")
    pool.add_argument("--redo", type=float, default=0.0, help="share of the work done again, 0 to 1")
    pool.add_argument("--term", choices=("1y", "3y"), help="of the commitment of a reserved pool")
    pool.add_argument(
        "--payment",
        choices=("no_upfront", "partial_upfront", "all_upfront"),
        help="of that commitment (default: no_upfront)",
    )
    pool.add_argument("--accelerator", metavar="TYPE:COUNT", help="attached to each machine, as nvidia-tesla-t4:1")
    pool.add_argument("--zones", type=int, default=1, help="how many zones it has (default: 1)")
    pool.add_argument("--per-zone", action="store_true", help="counts are those of one zone")
    pool.add_argument("--tenant", default="", help="the tenant that pays for it")
    pool.add_argument("--name", default="pool", help="how to call it in the report")
    pool.add_argument("--prices", metavar="FOLDER", help="prices from `penstock cost refresh`")
    pool.add_argument("--format", default="table", choices=("table", "json", "markdown", "html"))
    pool.add_argument("--out", metavar="FILE", help="writes there instead of the standard output")
    pool.set_defaults(run=_pool)


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no list of numbers with commas between them") from None


def _pool(args: argparse.Namespace) -> int:
    from penstock_cost.bill import Bill
    from penstock_cost.report.cli import book_of, show
    from penstock_cost.usage.pool import pool_item
    from penstock_cost.usage.question import ask

    question = ask(
        cloud=args.cloud,
        region=args.region,
        machines=tuple(args.machine),
        purchase=args.purchase,
        minimum=args.min,
        maximum=args.max,
        desired=args.desired,
        schedule=tuple(args.schedule),
        otherwise=args.otherwise,
        profile=args.profile,
        spot_price=args.spot_price,
        fallback=args.fallback,
        redo=args.redo,
        term=args.term,
        payment=args.payment or ("no_upfront" if args.purchase == "reserved" else None),
        accelerator=args.accelerator,
        zones=args.zones,
        per_zone=args.per_zone,
        tenant=args.tenant,
        name=args.name,
    )
    book = book_of(args)
    return show(Bill((pool_item(question, book),), ()), book, args)


if __name__ == "__main__":
    sys.exit(main())
