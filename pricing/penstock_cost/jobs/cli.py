"""`penstock cost job`, `tokens`, `units` and `tenants`."""

from __future__ import annotations

import argparse
from typing import Any

from penstock_cost.money import CostError


def add_parser(subparsers: Any) -> None:
    """Gives `penstock cost` its commands for jobs, tokens, units and tenants."""
    _add_job(subparsers)
    _add_tokens(subparsers)
    _add_units(subparsers)
    _add_tenants(subparsers)


def run(args: argparse.Namespace) -> int:
    """Runs one of them; 1 and a text on the standard error where the input is bad."""
    import sys

    try:
        return int(args.run(args))
    except CostError as error:
        print(error, file=sys.stderr)  # noqa: T201 (it is a command)
        return 1


def _add_job(subparsers: Any) -> None:
    job = subparsers.add_parser(
        "job", help="what a job costs", description="What a job costs in GPUs, vCPU and memory, and otherwise run."
    )
    _place(job)
    job.add_argument("--accelerator", metavar="TYPE:COUNT", help="attached to the machine, as nvidia-tesla-t4:1")
    for name, of in (("gpu", "a GPU"), ("cpu", "a vCPU"), ("gib", "a GiB of memory")):
        job.add_argument(f"--usd-per-{name}", type=float, help=f"USD an hour of {of}, in place of a machine's price")
    job.add_argument("--gpus", type=float, help="of one copy (default: as much as it takes of the rest, or all)")
    job.add_argument("--cpus", type=float, help="vCPU of one copy (default: likewise)")
    job.add_argument("--memory-gib", type=float, help="of one copy (default: likewise)")
    job.add_argument("--hours", type=float, required=True, help="how long a copy runs")
    job.add_argument("--copies", type=int, help="how many run (default: 1)")
    job.add_argument("--priority", choices=("normal", "urgent", "background"), help="default: normal")
    job.add_argument(
        "--off-peak", type=float, nargs="?", const=1.0, metavar="SHARE", help="the share off peak, 0 to 1; alone: all"
    )
    job.add_argument("--spot", action="store_true", default=None, help="on spot machines")
    for name in ("urgent", "background", "off-peak"):
        job.add_argument(f"--{name}-change", type=float, help="of the price, as a fraction (the tariff)")
    job.add_argument("--spot-change", type=_number_or_book, help="a fraction, or 'book' for the price book's")
    _shown(job, _job)


def _add_tokens(subparsers: Any) -> None:
    tokens = subparsers.add_parser(
        "tokens", help="what tokens of an LLM API cost", description="What tokens of an LLM API cost a month of 730 h."
    )
    tokens.add_argument("--model", required=True, help="gpt-4o, or with the provider that resells it: azure/o1")
    tokens.add_argument("--tokens-per-day", type=float, help="of both directions")
    tokens.add_argument("--input-share", type=float, help="the part of them that is input (default: a range)")
    tokens.add_argument("--input-tokens-per-day", type=float, help="in place of a total")
    tokens.add_argument("--output-tokens-per-day", type=float, help="in place of a total")
    tokens.add_argument("--quota-tokens-per-day", type=float, help="the most that is let through, for the ceiling")
    tokens.add_argument("--cached-share", type=float, help="the part of the input from the provider's cache")
    tokens.add_argument("--usd-per-1m-input", type=float, help="in place of the price list")
    tokens.add_argument("--usd-per-1m-output", type=float, help="in place of the price list")
    tokens.add_argument("--tenant", help="the tenant that pays")
    tokens.add_argument("--out", metavar="FILE", help="writes there instead of the standard output")
    _shown(tokens, _tokens, "table", "json", "markdown", "html")


def _add_units(subparsers: Any) -> None:
    units = subparsers.add_parser(
        "units",
        help="USD per 1M requests, 1M tokens and GPU-hour",
        description="What units of work cost on machines of one's own, at a stated throughput and utilisation.",
    )
    _place(units)
    units.add_argument("--purchase", choices=("on_demand", "spot"), default="on_demand", help="default: on_demand")
    units.add_argument("--usd-per-hour", type=float, help="of a node, in place of a machine's price")
    units.add_argument("--gpus", type=float, help="of a node (default: the machine's)")
    units.add_argument("--nodes", type=float, help="how many run on average (default: 1)")
    units.add_argument("--per", choices=("replica", "node"), help="what the throughput is of (default: replica)")
    units.add_argument("--replicas-per-node", type=int, help="default: 1")
    units.add_argument("--requests-per-second", type=float, help="at full use")
    units.add_argument("--tokens-per-second", type=float, help="at full use, input and output")
    units.add_argument("--utilisation", type=float, required=True, help="the part of it that is used, 0 to 1")
    units.add_argument("--requested", type=float, help="the part of the nodes that pods request (default: 1)")
    units.add_argument("--api-model", help="compares with this model's price over an API")
    units.add_argument("--input-share", type=float, help="the part of the tokens that is input, for that price")
    units.add_argument("--api-usd-per-1m-tokens", type=float, help="in place of --api-model")
    _shown(units, _units)


def _add_tenants(subparsers: Any) -> None:
    tenants = subparsers.add_parser(
        "tenants",
        help="whose part of a bill is whose",
        description="Divides a bill among tenants, idle shared or apart.",
    )
    tenants.add_argument(
        "report", metavar="REPORT", help="what `penstock cost preview --format json` wrote; - reads it"
    )
    tenants.add_argument("--sharing", metavar="FILE", help="tenants, by, allocated and idle as JSON")
    tenants.add_argument("--allocated", type=float, help="the part of the shared machines that workloads reserve")
    tenants.add_argument("--idle", choices=("shared", "apart"), help="default: shared")
    tenants.add_argument("--worst-case", metavar="TENANT", action="append", default=[], help="a tenant at its quota")
    _shown(tenants, _tenants)


def _place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cloud", choices=("aws", "azure", "gcp"))
    parser.add_argument("--region", help="the cloud's name of it, for example us-east-1")
    parser.add_argument("--machine", help="a machine type")
    parser.add_argument("--prices", metavar="FOLDER", help="prices from `penstock cost refresh`")


def _shown(parser: argparse.ArgumentParser, command: Any, *formats: str) -> None:
    parser.add_argument("--format", default="table", choices=formats or ("table", "json"))
    parser.set_defaults(run=command)


def _number_or_book(text: str) -> float | str:
    if text == "book":
        return text
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is neither a number nor 'book'") from None


def _given(args: argparse.Namespace, *names: str) -> dict[str, Any]:
    """Those arguments that were given."""
    return {name: value for name in names if (value := getattr(args, name)) is not None}


def _job(args: argparse.Namespace) -> int:
    from penstock_cost.book import PriceBook
    from penstock_cost.jobs import shown
    from penstock_cost.jobs.adjust import Adjustments
    from penstock_cost.jobs.asked import ask
    from penstock_cost.jobs.job import job_cost
    from penstock_cost.jobs.job_question import JobQuestion

    fields = ("cloud", "region", "machine", "accelerator", "gpus", "cpus", "memory_gib", "hours", "copies", "priority")
    given = _given(args, *fields, "off_peak", "spot")
    rates = {name: usd for name in ("gpu", "cpu", "gib") if (usd := getattr(args, f"usd_per_{name}")) is not None}
    if rates:
        given["rates"] = rates
    changes = {name.removesuffix("_change"): value for name, value in vars(args).items() if name.endswith("_change")}
    tariff = ask(Adjustments, {name: value for name, value in changes.items() if value is not None})
    return shown.job(job_cost(ask(JobQuestion, given), PriceBook.load(args.prices), tariff), args.format)


def _tokens(args: argparse.Namespace) -> int:
    from penstock_cost.bill import Bill
    from penstock_cost.jobs import shown
    from penstock_cost.jobs.asked import ask
    from penstock_cost.jobs.tokens import TokenQuestion, token_item

    directions = ("tokens_per_day", "input_tokens_per_day", "output_tokens_per_day", "quota_tokens_per_day")
    prices = ("usd_per_1m_input", "usd_per_1m_output")
    given = _given(args, "model", *directions, "input_share", "cached_share", *prices, "tenant")
    item = token_item(ask(TokenQuestion, given))
    if args.format == "table" and args.out is None:
        return shown.tokens(item)  # it tells more of one line than the table of a bill
    from penstock_cost.book import PriceBook
    from penstock_cost.report.cli import show

    return show(Bill((item,), ()), PriceBook.bundled(), args)


def _units(args: argparse.Namespace) -> int:
    from penstock_cost.jobs import shown
    from penstock_cost.jobs.asked import ask
    from penstock_cost.jobs.node import api_price, node
    from penstock_cost.jobs.units import UnitsQuestion, unit_costs

    fields = ("usd_per_hour", "gpus", "nodes", "per", "replicas_per_node", "utilisation", "requested")
    given = _given(args, *fields, "requests_per_second", "tokens_per_second", "api_usd_per_1m_tokens")
    priced, rates = node(args.cloud, args.region, args.machine, args.purchase, args.usd_per_hour, args.prices)
    price, more = api_price(args.api_model, args.input_share, args.api_usd_per_1m_tokens)
    question = ask(UnitsQuestion, {**priced, **price, **given})
    return shown.units(unit_costs(question), (*rates, *more), args.format)


def _tenants(args: argparse.Namespace) -> int:
    from penstock_cost.jobs import shown_tenants
    from penstock_cost.jobs.asked import ask
    from penstock_cost.jobs.noisy import noisy
    from penstock_cost.jobs.tenants import Sharing, tenant_shares
    from penstock_cost.report.document import restored

    bill = restored(_object(args.report, "a report that --format json wrote")).bill()
    stated = _object(args.sharing, "the tenants and how they share") if args.sharing else {}
    sharing = ask(Sharing, {**stated, **_given(args, "allocated", "idle")})
    worst = [noisy(bill, sharing, tenant) for tenant in args.worst_case]
    return shown_tenants.tenants(bill, tenant_shares(bill, sharing), worst, args.format)


def _object(path: str, what: str) -> dict[str, Any]:
    """The JSON object in a file; `-` is the standard input. Raises CostError."""
    import json
    import sys
    from pathlib import Path

    try:
        read = json.loads(sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise CostError(f"{path} cannot be read: {error.strerror}. Give a file with {what}, as JSON.") from None
    except (ValueError, RecursionError) as error:
        raise CostError(f"{path} is no JSON ({error}). Give a file with {what}.") from None
    if not isinstance(read, dict):
        raise CostError(f"{path} holds no JSON object. Give a file with {what}.")
    return read
