"""`penstock cost refresh`: fresh list prices."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

CLOUDS = ("aws", "azure", "gcp")


def add_parser(subparsers: Any) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "refresh",
        help="download fresh list prices of a cloud",
        description="Downloads list prices of machines from a cloud's public price list into a folder. Other commands "
        "take them from there with --prices FOLDER or PENSTOCK_PRICES=FOLDER; what is not in it stays as bundled.",
    )
    parser.add_argument("--cloud", required=True, choices=CLOUDS)
    parser.add_argument(
        "--region", action="append", help="repeat it for several (default: those that the bundled price book has)"
    )
    parser.add_argument("--out", type=Path, help="the folder (default: penstock/prices in the user's cache)")
    parser.add_argument("--url", help="another address of the price list, such as a mirror")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Raises CostError; then the folder holds what it held."""
    from datetime import date

    from penstock_cost.book import PriceBook
    from penstock_cost.money import CostError
    from penstock_cost.refresh import aws, azure, gcp, store
    from penstock_cost.refresh.http import Client

    source = {"aws": aws, "azure": azure, "gcp": gcp}[args.cloud]
    regions = sorted(set(args.region or PriceBook.bundled().regions(args.cloud)))
    prices = list(source.prices(Client(args.url or source.ADDRESS), regions, date.today()))
    empty = [region for region in regions if not any(price.region == region for price in prices)]
    if empty:
        raise CostError(
            f"The price list of {args.cloud} has no machine in {', '.join(empty)}. Nothing was changed. Write --region "
            f"as the cloud does, for example {PriceBook.bundled().regions(args.cloud)[0]}."
        )
    out = args.out or store.folder()
    path = store.write(out, args.cloud, prices)
    machines = len({(price.region, price.name) for price in prices})
    print(  # noqa: T201 (it is a command)
        f"Wrote {len(prices)} prices of {machines} machines in {', '.join(regions)} to {path}.\n"
        f"Use them with --prices {out} or PENSTOCK_PRICES={out}."
    )
    return 0
