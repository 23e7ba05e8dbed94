"""The command line of the sandbox, as far as it needs no engine."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox, SandboxError
from sandbox.__main__ import STACK_COMMANDS, main, parse_fault


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project, which is the current folder."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What the command line asks the sandbox to run."""
    calls: list[tuple[str, dict[str, Any]]] = []

    def run(_self: Sandbox, command: str, **more: object) -> int:
        calls.append((command, more))
        return 7

    monkeypatch.setattr(Sandbox, "run", run)
    return calls


@pytest.mark.parametrize(
    ("argv", "command", "stack", "args"),
    [
        (["preview"], "preview", "dev", []),
        (["up", "--stack", "prod", "--", "--json", "--", "x"], "up", "prod", ["--json", "--", "x"]),
        (["stack", "output", "-s", "prod", "--", "--json"], "stack", "prod", ["output", "--json"]),
        (["stack", "-s", "prod", "output"], "stack", "prod", ["output"]),
        (["package", "get-schema", "./components"], "package", None, ["get-schema", "./components"]),
    ],
)
def test_commands_reach_pulumi(
    runs: list[tuple[str, dict[str, Any]]], argv: list[str], command: str, stack: str | None, args: Sequence[str]
) -> None:
    assert main(argv) == 7
    assert [(name, more["stack"], more["args"]) for name, more in runs] == [(command, stack, args)]


def test_faults_reach_the_cloud(runs: list[tuple[str, dict[str, Any]]]) -> None:
    main(["up", "--fault", "quota,create,*gpu*,2", "--fault", "crash"])
    assert runs[0][1]["faults"] == [
        {"fault": "quota", "operation": "create", "resource": "*gpu*", "times": 2},
        {"fault": "crash", "operation": "*", "resource": "*", "times": 1},
    ]


@pytest.mark.parametrize("spec", ["quota,create,*,many", "quota,create,*,1,2"])
def test_a_fault_that_cannot_be_read_is_refused(spec: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is not FAULT"):
        parse_fault(spec)


def test_options_of_pulumi_without_dashes_before_them_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["preview", "--json"])
    assert "put it after `--`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (SandboxError("Do this instead."), 1, "Do this instead."),
        (KeyboardInterrupt(), 130, "Interrupted."),
        (OSError(28, "No space left on device"), 1, "No space left on device"),
    ],
)
def test_errors_are_told_in_a_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    message: str,
) -> None:
    def fail(*_args: object, **_more: object) -> None:
        raise error

    monkeypatch.setattr(Sandbox, "run", fail)
    monkeypatch.delenv("PENSTOCK_DEBUG", raising=False)
    assert main(["preview"]) == code
    said = capsys.readouterr().err
    assert message in said
    assert "Traceback" not in said


def test_whoever_reads_no_further_gets_no_traceback() -> None:
    words = "import sys; sys.path.insert(0, sys.argv[1]); from sandbox.command import told; sys.exit(told(lambda: print('a line' * 100_000) or 0))"
    with subprocess.Popen(
        [sys.executable, "-c", words, str(Path(__file__).parents[2])], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


@pytest.mark.parametrize("command", [*STACK_COMMANDS, "package", "about", "engine", "cloud"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    assert len(capsys.readouterr().out.splitlines()) > 3


def test_the_cloud_is_looked_into_without_an_engine(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cloud", "list"]) == 0
    assert main(["cloud", "log"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["cloud", "scale", "no-such-pool", "3"]) == 1
    assert 'There is no node pool "no-such-pool"' in capsys.readouterr().err
