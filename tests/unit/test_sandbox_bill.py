"""What the sandbox tells the cost pack."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.__main__ import parse_usd
from sandbox.bill import priced
from sandbox.errors import SandboxError


def limits(config: Path | None, ceiling: float | None) -> Any:
    with priced(ceiling, config) as bill:
        return json.loads(Path(bill.args[-1]).read_text())


@pytest.mark.parametrize(
    ("written", "ceiling", "told"),
    [
        (None, None, {}),
        (None, 500.0, {"stack-ceiling": {"usd": 500}}),
        ({"estimate": {"summary": False}}, None, {"estimate": {"summary": False}}),
        (
            {"stack-ceiling": {"usd": 9, "measure": "expected"}},
            5.0,
            {"stack-ceiling": {"usd": 5, "measure": "expected"}},
        ),
        ({"stack-ceiling": "advisory"}, 5.0, {"stack-ceiling": {"enforcementLevel": "advisory", "usd": 5}}),
    ],
)
def test_a_ceiling_is_added_to_the_file_of_limits(
    written: Any, ceiling: float | None, told: Any, tmp_path: Path
) -> None:
    config = tmp_path / "limits.json"
    config.write_text(json.dumps(written))
    assert limits(config if written is not None else None, ceiling) == told


@pytest.mark.parametrize("text", ["", "{", "[]", '"advisory"', '{"stack-ceiling": 5}'])
def test_a_file_that_holds_no_limits_is_refused_with_a_sentence(text: str, tmp_path: Path) -> None:
    config = tmp_path / "limits.json"
    config.write_text(text)
    with pytest.raises(SandboxError, match=r"limits\.json"):
        limits(config, 5.0)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="nowhere"):
        limits(tmp_path / "nowhere", None)


@pytest.mark.parametrize(("text", "usd"), [("20000", 20000), ("$20,000", 20000), ("1.5", 1.5)])
def test_amounts_are_read_as_people_write_them(text: str, usd: float) -> None:
    assert parse_usd(text) == usd


@pytest.mark.parametrize("text", ["", "much", "-1", "nan", "inf"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is no amount of USD"):
        parse_usd(text)
