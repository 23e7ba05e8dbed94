"""The command line: whose words are whose, and what users are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.cluster.__main__ import line, main, split
from sandbox.cluster.supervisor import ComponentStatus


@pytest.mark.parametrize(
    ("argv", "ours", "kubectls"),
    [
        ("up --home x", "up --home x", ""),
        ("kubectl get pods -A", "kubectl", "get pods -A"),
        ("kubectl -n kube-system get pods", "kubectl", "-n kube-system get pods"),
        ("kubectl --home x --tools=y get nodes --home z", "kubectl --home x --tools=y", "get nodes --home z"),
        ("kubectl", "kubectl", ""),
    ],
)
def test_what_follows_kubectl_is_kubectls(argv: str, ours: str, kubectls: str) -> None:
    assert split(argv.split()) == (ours.split(), kubectls.split())


def test_status_shows_process_port_and_memory_of_what_runs() -> None:
    told = line(ComponentStatus("etcd", "ready", 42, 20001, 47 * 2**20))
    assert told.split() == "etcd ready process 42 port 20001 47 MiB".split()
    assert line(ComponentStatus("etcd", "stopped")).split() == ["etcd", "stopped"]


def test_a_cluster_that_was_never_started_is_stopped_and_fails_the_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--home", str(tmp_path)]) == 1
    assert capsys.readouterr().out.count("stopped") == 5
    assert main(["down", "--home", str(tmp_path)]) == 0
    assert "The cluster was not running." in capsys.readouterr().err


@pytest.mark.parametrize("command", ["nodes", "kubectl"])
def test_what_needs_a_cluster_says_how_to_start_one(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.cluster.toolbox.Toolbox.path", lambda *_: Path("/bin/true"))
    assert main([command, "--home", str(tmp_path)]) == 1
    assert "`python -m sandbox.cluster up` starts it." in capsys.readouterr().err
