"""The areas of `penstock` that other packages bring."""

from collections.abc import Sequence
from importlib.metadata import EntryPoint

import pytest

from penstock_cost import cli

ASKED: list[Sequence[str]] = []


def area(words: Sequence[str]) -> int:
    ASKED.append(words)
    return 3


def offer(monkeypatch: pytest.MonkeyPatch, *points: EntryPoint) -> None:
    monkeypatch.setattr(cli, "entry_points", lambda group: points if group == "penstock.areas" else ())


def test_an_area_of_another_package_gets_the_words_behind_its_name_and_says_how_it_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offer(monkeypatch, EntryPoint("other", f"{__name__}:area", cli.AREAS))
    assert cli.main(["other", "do", "--help"]) == 3
    assert ASKED.pop() == ["do", "--help"]


def test_tenant_is_such_an_area(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    offer(monkeypatch, EntryPoint("tenant", "penstock.tenancy.cli:main", cli.AREAS))
    with pytest.raises(SystemExit) as ended:
        cli.main(["tenant", "--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert "export" in told
    assert "remove" in told


def test_areas_are_listed_without_being_loaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    offer(monkeypatch, EntryPoint("other", "no.such.module:main", cli.AREAS))
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    told = capsys.readouterr().out
    assert "cost" in told
    assert "penstock other --help" in told


def test_an_area_that_cannot_be_loaded_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    offer(monkeypatch, EntryPoint("other", "no_such_module:main", cli.AREAS))
    assert cli.main(["other"]) == 1
    assert "`penstock other` cannot be run: No module named 'no_such_module'" in capsys.readouterr().err


def test_an_unknown_area_is_a_wrong_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch)
    with pytest.raises(SystemExit) as ended:
        cli.main(["nonsense"])
    assert ended.value.code == 2


def test_what_it_costs_needs_no_other_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "entry_points", lambda group: pytest.fail("looked for other packages"))
    with pytest.raises(SystemExit) as ended:
        cli.main(["cost", "--help"])
    assert ended.value.code == 0
