"""Quantities as Kubernetes writes them."""

from decimal import Decimal

import pytest

from penstock_cost.quantities import quantity


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("100m", "0.1"),
        ("1.5Gi", "1610612736"),
        ("2", "2"),
        ("1e3", "1000"),
        (".5", "0.5"),
        ("1k", "1000"),
        ("-1", "-1"),
    ],
)
def test_quantities_are_numbers(text: str, number: str) -> None:
    assert quantity(text) == Decimal(number)


@pytest.mark.parametrize("text", ["", "one", "1 Gi", "1gi", "1.2.3", "Gi"])
def test_what_is_no_quantity(text: str) -> None:
    assert quantity(text) is None
