"""The two processes of a run: pulumi, and the pretend cloud that it talks to."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from sandbox.errors import SandboxError

Fault = Mapping[str, object]
"""Something that is to go wrong in the cloud: `operation`, `resource`, `fault` and `times`."""


@dataclass
class Pulumi:
    """How pulumi is run: which one, where, in what environment, and which files it holds open while it lives."""

    engine: Path
    folder: Path
    environment: dict[str, str]
    holds: tuple[int, ...] = ()

    def ask(self, *words: str) -> str:
        """What a command prints. Raises `SandboxError`, with everything it said, if it fails."""
        process = self.start(words)
        stdout, stderr = process.communicate()
        if process.returncode:
            raise SandboxError(f"`pulumi {' '.join(words)}` failed:\n{stderr}{stdout}")
        return stdout

    def start(self, words: Sequence[str], on_terminal: bool = False) -> subprocess.Popen[str]:
        """A running command. Its output is captured, unless it is run on the caller's own terminal."""
        output = None if on_terminal else subprocess.PIPE
        return subprocess.Popen(
            [self.engine, *words],
            cwd=self.folder,
            env=self.environment,
            stdin=None if on_terminal else subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            text=True,
            pass_fds=self.holds,
            # A second ctrl-C makes pulumi drop what it is doing, so it must get each only once: from the
            # terminal, which interrupts all processes of the session, or else from us.
            start_new_session=not (on_terminal and at_terminal()),
        )


def at_terminal() -> bool:
    """Whether a person sits in front of this process."""
    return sys.stdin.isatty()


def wait(process: subprocess.Popen[str]) -> int:
    """Wait for pulumi and return its exit code. Signals that come meanwhile are for pulumi to handle."""

    def forward(number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGINT or not at_terminal():
            process.send_signal(signal.SIGINT)

    before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        code = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 128 - code if code < 0 else code


def end(process: subprocess.Popen[str], how: signal.Signals) -> None:
    """End a process that still runs: ask it to, and use force after half a minute."""
    if process.poll() is not None:
        return
    process.send_signal(how)
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class RunningCloud:
    """The running pretend cloud.

    It ends when its standard input closes. `lifeline` is the other end: pulumi holds it too, so that the cloud
    outlives this process if that is killed, and pulumi can finish what it does.
    """

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        assert process.stdin
        assert process.stdout
        self._process = process
        self.lifeline = process.stdin.fileno()
        line = process.stdout.readline()
        name, _, self.providers = line.strip().partition("=")
        if name != "PULUMI_DEBUG_PROVIDERS":
            raise SandboxError(f"The sandbox's cloud did not start. What it said is in {log}.")

    @property
    def died(self) -> bool:
        """Whether it ended by itself, so that an answer of its may have been lost."""
        return self._process.poll() is not None

    @classmethod
    @contextmanager
    def of(
        cls, home: Path, faults: Sequence[Fault], holds: tuple[int, ...], program: Sequence[str]
    ) -> Iterator[RunningCloud]:
        """Serve the cloud in `home/cloud`, with what is to go wrong in it. `holds` is what it holds open.

        `program` is the module that serves it, with its own words.
        """
        argv = [sys.executable, "-m", *program, "--state", str(home / "cloud")]
        log = home / "cloud.log"
        with log.open("a") as said, tempfile.NamedTemporaryFile("w", dir=home, suffix=".faults.json") as file:
            if faults:
                json.dump([dict(fault) for fault in faults], file)
                file.flush()
                argv += ["--faults", file.name]
            with subprocess.Popen(
                argv,
                cwd=Path(__file__).parent.parent,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                pass_fds=holds,
                start_new_session=True,  # ctrl-C is for pulumi, which needs its cloud to end well.
            ) as process:
                try:
                    yield cls(process, log)
                finally:
                    end(process, signal.SIGTERM)
