"""Our language host alone, called as the engine calls it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2 as pb
from pulumi.runtime.proto.language_pb2_grpc import LanguageRuntimeStub

from sandbox.engine.build import place_language_host

SLEEPER = """
import os, pathlib, subprocess, sys, time
helper = subprocess.Popen(["sleep", "600"])
pathlib.Path(sys.argv[1]).write_text(f"{os.getpid()} {helper.pid}")
print("asleep", flush=True)
time.sleep(600)
"""

Host = tuple[subprocess.Popen[str], LanguageRuntimeStub]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A running host with an executor that only says what it was given, and a stub to call it with."""
    executor = tmp_path / "pulumi-language-python-exec"
    executor.write_text("import os, sys; print(sys.argv, os.environ['PULUMI_CONFIG']); sys.exit(int(sys.argv[-1]))")
    place_language_host(tmp_path)
    process = subprocess.Popen(
        [tmp_path / "pulumi-language-python", "--logtostderr", "127.0.0.1:1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PENSTOCK_PYTHON": sys.executable},
    )
    assert process.stdout and process.stdin
    with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
        yield process, LanguageRuntimeStub(channel)
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def program(folder: Path, virtualenv: str = "") -> pb.ProgramInfo:
    """A program in `folder`, of a project that names this virtualenv."""
    info = pb.ProgramInfo(root_directory=str(folder), program_directory=str(folder), entry_point=".")
    if virtualenv:
        info.options.update({"virtualenv": virtualenv})
    return info


def start_sleeper(host: Host, folder: Path) -> tuple[grpc.Future, list[int]]:
    """A plugin that would run for ten minutes, and the ids of it and of its own child."""
    (folder / "plugin").mkdir()
    (folder / "plugin" / "__main__.py").write_text(SLEEPER)
    info = program(folder / "plugin")
    call = host[1].RunPlugin(
        pb.RunPluginRequest(info=info, pwd=str(folder), kind="resource", args=[str(folder / "ids")])
    )
    assert next(call).stdout.startswith(b"asleep")
    return call, [int(pid) for pid in (folder / "ids").read_text().split()]


def are_gone(pids: list[int]) -> bool:
    """Whether the processes have ended; one that nobody has collected yet counts as ended."""

    def state(pid: int) -> str:
        return subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout

    return all(state(pid)[:1] in ("", "Z") for pid in pids)


def soon(condition: Callable[[], bool], seconds: float = 2) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def interrupt(host: Host) -> None:
    host[0].send_signal(signal.SIGINT)


def terminate(host: Host) -> None:
    host[0].send_signal(signal.SIGTERM)


def cancel(host: Host) -> None:
    host[1].Cancel(Empty())


def lose_the_engine(host: Host) -> None:
    assert host[0].stdin
    host[0].stdin.close()


@pytest.mark.timed
@pytest.mark.parametrize("stop", [interrupt, terminate, cancel, lose_the_engine])
def test_it_ends_at_once_with_all_it_started(host: Host, tmp_path: Path, stop: Callable[[Host], None]) -> None:
    _, pids = start_sleeper(host, tmp_path)
    assert not are_gone(pids)
    stop(host)
    assert host[0].wait(timeout=2) == 0
    assert soon(lambda: are_gone(pids))


@pytest.mark.timed
def test_a_plugin_ends_when_the_engine_gives_up_the_call(host: Host, tmp_path: Path) -> None:
    call, pids = start_sleeper(host, tmp_path)
    call.cancel()
    assert soon(lambda: are_gone(pids))
    assert host[0].poll() is None


def test_a_plugin_that_ends_by_itself_hands_over_all_it_wrote_and_its_exit_code(host: Host, tmp_path: Path) -> None:
    main = "import sys; print('x' * 100_000); print('bad', file=sys.stderr); sys.exit(7)"
    (tmp_path / "__main__.py").write_text(main)
    info = program(tmp_path)
    answers = list(host[1].RunPlugin(pb.RunPluginRequest(info=info, pwd=str(tmp_path), kind="resource")))
    assert b"".join(answer.stdout for answer in answers) == b"x" * 100_000 + b"\n"
    assert b"".join(answer.stderr for answer in answers) == b"bad\n"
    assert answers[-1].exitcode == 7


@pytest.mark.parametrize(
    ("code", "bail", "error"),
    [(0, False, ""), (32, True, ""), (5, False, "The program ended with exit code 5.")],
)
def test_the_executors_exit_code_becomes_the_answer(
    host: Host, tmp_path: Path, code: int, bail: bool, error: str
) -> None:
    """32 means that the user has seen the reason already, so the engine adds none."""
    info = program(tmp_path)
    answer = host[1].Run(pb.RunRequest(info=info, args=[str(code)], config={"a:b": "c"}, dryRun=True))
    assert (answer.bail, answer.error) == (bail, error)
    assert host[0].stdout
    printed = host[0].stdout.readline()
    assert "'--dry_run', 'true'" in printed
    assert '{"a:b": "c"}' in printed


def test_the_virtualenv_of_the_project_runs_its_program(host: Host, tmp_path: Path) -> None:
    python = tmp_path / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    (tmp_path / "env" / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).parent}\n")
    info = program(tmp_path, virtualenv="env")
    assert host[1].About(pb.AboutRequest(info=info)).executable == str(python)


def test_a_virtualenv_that_is_not_there_leaves_the_python_of_the_sandbox(host: Host, tmp_path: Path) -> None:
    info = program(tmp_path, virtualenv="env")
    assert host[1].About(pb.AboutRequest(info=info)).executable == sys.executable


@pytest.mark.parametrize("all_of_them", [True, False])
def test_dependencies_are_those_that_nothing_else_requires_unless_all_are_wanted(
    host: Host, tmp_path: Path, all_of_them: bool
) -> None:
    info = program(tmp_path)
    request = pb.GetProgramDependenciesRequest(info=info, transitiveDependencies=all_of_them)
    names = [found.name for found in host[1].GetProgramDependencies(request).dependencies]
    assert names
    assert ("grpcio" in names) == all_of_them  # pulumi's SDK requires it


def test_installing_makes_the_virtualenv_and_reports_a_failure(host: Host, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("./no-such-folder\n")
    info = program(tmp_path, virtualenv="env")
    with pytest.raises(grpc.RpcError, match=r"pip install -r requirements\.txt"):
        list(host[1].InstallDependencies(pb.InstallDependenciesRequest(info=info)))
    assert (tmp_path / "env" / "bin" / "python").exists()


def test_without_a_virtualenv_nothing_is_installed(host: Host, tmp_path: Path) -> None:
    """Otherwise looking at a package's schema would install it into the Python that runs the sandbox."""
    (tmp_path / "requirements.txt").write_text("./no-such-folder\n")
    info = program(tmp_path)
    assert list(host[1].InstallDependencies(pb.InstallDependenciesRequest(info=info))) == []
