"""Runs that are interrupted, killed, or lose their cloud: the next one puts everything right."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.checkpoint import Checkpoint
from sandbox.processes import Pulumi
from tests.engine.conftest import ROOT, MakeSandbox, write_files

CHAIN = """
import pulumi, pulumi_random
from pulumi_gcp import storage

class Chain(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("shop:index:Chain", name)
        before = None
        for number in range(config.require_int("links")):
            options = pulumi.ResourceOptions(parent=self, depends_on=before, delete_before_replace=number % 2 == 0)
            name = f"link-{number}-{config.require('suffix')}"
            labels = {"tier": config.require("tier")}
            before = storage.Bucket(f"link-{number}", name=name, location="EU", labels=labels, opts=options)

config = pulumi.Config()
pulumi_random.RandomPet("pet")
Chain("chain")
"""
LINKS = 6
SLOW = "import pulumi, time\nprint('started', flush=True)\ntime.sleep(600)\n"


def files(program: str = CHAIN, suffix: str = "x", tier: str = "small") -> dict[str, str]:
    settings = {"gcp:project": "my-project", "shop:links": LINKS, "shop:suffix": suffix, "shop:tier": tier}
    return {
        "Pulumi.yaml": "name: shop\nruntime: python\n",
        "Pulumi.dev.yaml": "config:\n" + "".join(f"  {key}: {value}\n" for key, value in settings.items()),
        "__main__.py": program,
    }


def kill_after(shop: Sandbox, command: str, done: int) -> None:
    """Kill pulumi as soon as the cloud has done so many more operations."""
    begun = len(shop.cloud.log())
    with shop.start(command) as process:
        while len(shop.cloud.log()) < begun + done and process.poll() is None:
            time.sleep(0.001)
        process.kill()
        process.communicate()
    assert process.returncode == -signal.SIGKILL, "pulumi had ended before it could be killed"


def assert_converged(shop: Sandbox, suffix: str = "x", tier: str = "small") -> None:
    """The cloud has what the program asks for and nothing else, the state says the same, and `up` agrees."""
    shop.pulumi("up", check=True)
    cloud = shop.cloud.resources()
    assert sorted(bucket.id for bucket in cloud) == [f"link-{number}-{suffix}" for number in range(LINKS)]
    assert all(bucket.inputs["labels"] == {"tier": tier} for bucket in cloud)
    state = Checkpoint(shop.home / "backend", "shop", "dev")
    assert state.pending() == []
    buckets = [resource for resource in state.resources() if "storage/bucket" in resource["type"]]
    assert Counter((bucket["urn"], bucket["id"]) for bucket in buckets) == Counter((b.urn, b.id) for b in cloud)
    shop.pulumi("up", args=["--refresh", "--expect-no-changes"], check=True)


@pytest.mark.parametrize("done", [1, 2, 5])
def test_up_converges_after_an_up_that_was_killed_while_creating(sandbox: MakeSandbox, done: int) -> None:
    shop = sandbox(files=files())
    kill_after(shop, "up", done)
    assert_converged(shop)


def test_up_converges_after_an_up_that_was_killed_while_updating(sandbox: MakeSandbox) -> None:
    shop = sandbox(files=files())
    shop.pulumi("up", check=True)
    write_files(shop.project, files(tier="large"))
    kill_after(shop, "up", 2)
    assert_converged(shop, tier="large")


@pytest.mark.parametrize("done", [1, 2, 3])
def test_up_converges_after_an_up_that_was_killed_while_replacing(sandbox: MakeSandbox, done: int) -> None:
    """Half of the chain is deleted before it is replaced, half of it afterwards."""
    shop = sandbox(files=files())
    shop.pulumi("up", check=True)
    write_files(shop.project, files(suffix="y"))
    kill_after(shop, "up", done)
    assert_converged(shop, suffix="y")


def test_up_converges_after_a_destroy_that_was_killed(sandbox: MakeSandbox) -> None:
    shop = sandbox(files=files())
    shop.pulumi("up", check=True)
    kill_after(shop, "destroy", 3)
    assert_converged(shop)


def test_destroy_leaves_nothing_after_an_up_that_was_killed(sandbox: MakeSandbox) -> None:
    shop = sandbox(files=files())
    kill_after(shop, "up", 3)
    shop.pulumi("destroy", check=True)
    assert shop.cloud.resources() == []


def test_killed_again_and_again_it_still_converges(sandbox: MakeSandbox) -> None:
    shop = sandbox(files=files())
    for _ in range(2):
        kill_after(shop, "up", 1)
    assert_converged(shop)


def test_a_recovery_that_is_killed_itself_is_done_again(sandbox: MakeSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = sandbox(files=files())
    shop.pulumi("up", check=True)
    while not Checkpoint(shop.home / "backend", "shop", "dev").pending():
        kill_after(shop, "destroy", 1)
    ask = Pulumi.ask

    def killed(pulumi: Pulumi, *words: str) -> str:
        if words[0] == "refresh":
            raise KeyboardInterrupt
        return ask(pulumi, *words)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Pulumi, "ask", killed)
        shop.pulumi("up")
    assert_converged(shop)


def test_the_user_is_told_what_a_killed_run_left(sandbox: MakeSandbox, capfd: pytest.CaptureFixture[str]) -> None:
    shop = sandbox(files=files())
    kill_after(shop, "up", 2)
    capfd.readouterr()
    shop.pulumi("preview", check=True)
    said = capfd.readouterr().err
    assert "The last run on stack dev was cut short.\n" in said
    assert re.search(r"  The lock of process \d+, which has ended, is removed\.\n", said)


@pytest.mark.parametrize("fault", ["crash", "crash_after"])
def test_up_converges_after_the_cloud_died(sandbox: MakeSandbox, capfd: pytest.CaptureFixture[str], fault: str) -> None:
    """After `crash_after` a bucket exists of which pulumi has never heard."""
    shop = sandbox(files=files())
    died = shop.pulumi("up", faults=[{"operation": "create", "resource": "*link-2", "fault": fault, "times": 1}])
    assert died.returncode != 0
    assert "link-2" in died.stdout
    said = capfd.readouterr().err
    assert "The sandbox's cloud died in this run" in said
    assert ("link-2" in said) == (fault == "crash_after")
    assert_converged(shop)


def start_cli(shop: Sandbox, *words: str, **more: Any) -> subprocess.Popen[str]:
    """The sandbox's command line, in a process of its own."""
    argv = [sys.executable, "-m", "sandbox", *words, "--project", str(shop.project), "--home", str(shop.home)]
    # A dumb terminal is one that pulumi does not wait for to describe itself.
    env = {**os.environ, "PENSTOCK_PULUMI": str(shop.engine), "TERM": "dumb"}
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(argv, cwd=ROOT, env=env, text=True, **{**streams, **more})


def wait_for(text: str, process: subprocess.Popen[str]) -> None:
    """Read what a process prints up to a line with this text."""
    assert process.stdout
    assert any(text in line for line in process.stdout)


def processes_of(shop: Sandbox) -> list[str]:
    """The running processes that have to do with a sandbox."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if str(shop.home) in line]


@pytest.mark.timed
def test_nothing_outlives_an_engine_that_was_killed(sandbox: MakeSandbox) -> None:
    shop = sandbox(files=files(SLOW))
    with shop.start("preview") as process:
        wait_for("started", process)
        process.kill()
        # Standard output closes when the last process that writes to it has ended.
        process.communicate(timeout=5)
    assert processes_of(shop) == []


def test_up_converges_after_the_sandbox_itself_was_killed(sandbox: MakeSandbox) -> None:
    """Pulumi goes on alone, and its cloud lives as long as it does; the next run waits for both."""
    shop = sandbox(files=files())
    process = start_cli(shop, "up")
    while len(shop.cloud.log()) < 2:
        time.sleep(0.001)
    process.kill()
    assert_converged(shop)
    stdout, _ = process.communicate()
    assert "error" not in stdout


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything_without_a_traceback(sandbox: MakeSandbox, sign: signal.Signals) -> None:
    shop = sandbox(files=files(SLOW))
    process = start_cli(shop, "preview")
    wait_for("started", process)
    process.send_signal(sign)
    stdout, stderr = process.communicate(timeout=20)
    assert process.returncode not in (0, 130)  # pulumi's own
    assert "Traceback" not in stdout + stderr
    assert processes_of(shop) == []


def test_ctrl_c_at_a_terminal_ends_everything_without_a_traceback(sandbox: MakeSandbox) -> None:
    shop = sandbox(files=files(SLOW))
    terminal, stdio = pty.openpty()
    process = start_cli(shop, "preview", stdin=stdio, stdout=stdio, stderr=stdio, preexec_fn=own_terminal)
    os.close(stdio)
    shown = b""
    while b"started" not in shown:
        shown += os.read(terminal, 65536)
    os.write(terminal, b"\x03")
    with contextlib.suppress(OSError):  # how Linux says that nobody has the terminal open any more
        while data := os.read(terminal, 65536):
            shown += data
    os.close(terminal)
    assert process.wait(timeout=20) != 0
    assert b"Traceback" not in shown
    assert b"received twice" not in shown
    assert processes_of(shop) == []


def own_terminal() -> None:
    """Make standard input the terminal that this process's session is controlled from."""
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_a_run_waits_for_another_one_on_the_same_stack(sandbox: MakeSandbox, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    waiting = f"while not pathlib.Path({str(gate)!r}).exists(): time.sleep(0.05)\n"
    shop = sandbox(files=files(f"import pathlib, time\nprint('started', flush=True)\n{waiting}"))
    with shop.start("preview") as first:
        wait_for("started", first)
        second = start_cli(shop, "preview")
        assert second.stderr
        assert second.stderr.readline() == "Another run is working on stack dev: waiting for it to end.\n"
        gate.touch()
        first.communicate()
    assert first.returncode == 0
    second.communicate()
    assert second.returncode == 0
