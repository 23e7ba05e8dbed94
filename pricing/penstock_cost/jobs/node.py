"""Looks up what the question about units needs: the price of a node, and of an API to compare with."""

from __future__ import annotations

from typing import Any

from penstock_cost.money import CostError, Rate


def node(
    cloud: str | None, region: str | None, machine: str | None, purchase: str, stated: float | None, prices: str | None
) -> tuple[dict[str, Any], tuple[Rate, ...]]:
    """`usd_per_hour` and `gpus` of a machine, with where the price is from; nothing where a price is stated.

    Raises CostError, and UnknownPrice where the book lacks the price.
    """
    asked = {"--cloud": cloud, "--region": region, "--machine": machine}
    if stated is not None:
        if given := [name for name, value in asked.items() if value]:
            raise CostError(f"--usd-per-hour: {' and '.join(given)} would give a price too. Write one of the two.")
        return {}, ()
    if missing := [name for name, value in asked.items() if not value]:
        raise CostError(f"{', '.join(missing)}: Needed to look the price of a node up. Or write --usd-per-hour.")
    from penstock_cost.book import PriceBook
    from penstock_cost.catalogue import machine as shape_of
    from penstock_cost.model import UnknownMachineType

    price = PriceBook.load(prices).machine(str(cloud), str(region), str(machine))
    found = price.spot_hourly if purchase == "spot" else price.hourly
    try:
        built_in = shape_of(str(cloud), str(machine)).accelerator
    except UnknownMachineType as error:
        raise CostError(str(error)) from None
    rate = Rate(found.usd, "hour", found.source, found.as_of, found.confidence)
    return {"usd_per_hour": found.usd, "gpus": float(built_in.count if built_in else 0)}, (rate,)


def api_price(
    model: str | None, input_share: float | None, stated: float | None
) -> tuple[dict[str, Any], tuple[Rate, ...]]:
    """`api_usd_per_1m_tokens` of a model at a share of input, with where it is from; nothing where no model is named.

    Raises CostError, and UnknownPrice where the model has no price.
    """
    if model is None:
        if input_share is not None:
            raise CostError("--input-share: It goes with --api-model. Write that, or drop this.")
        return {}, ()
    if stated is not None:
        raise CostError("--api-usd-per-1m-tokens: --api-model has a price too. Write one of the two.")
    from penstock_cost.jobs.asked import ask
    from penstock_cost.jobs.tokens import TokenQuestion, per_million

    if input_share is None:
        raise CostError("--input-share: Input and output differ in price. Write the part that is input, such as 0.8.")
    question = ask(TokenQuestion, {"model": model, "tokens_per_day": 0, "input_share": input_share})
    price = per_million(question)
    return {"api_usd_per_1m_tokens": price.at(input_share)}, price.rates
