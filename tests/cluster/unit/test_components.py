"""Command lines of the control plane: where its components listen, as whom they ask, in what order they start."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sandbox.cluster.control_plane import CLIENTS, NAMES, PORTS, Layout, control_plane
from sandbox.cluster.processes import Component
from sandbox.cluster.toolbox import Toolbox
from sandbox.cluster.tools import TOOLS


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path, {name: 20_000 + number for number, name in enumerate(PORTS)}, Toolbox(tmp_path / "tools"))


@pytest.fixture
def components(layout: Layout) -> list[Component]:
    return control_plane(layout)


def test_components_are_named_after_their_programs_in_the_order_of_their_start(components: list[Component]) -> None:
    names = [made.name for made in components]
    assert names == list(NAMES)
    assert all(Path(made.argv[0]).name == made.name and made.name in TOOLS for made in components)


def test_none_listens_anywhere_but_on_loopback(components: list[Component]) -> None:
    flags = [flag for made in components for flag in made.argv[1:]]
    addresses = [flag for flag in flags if re.search(r"(address|urls?|listen-address)=", flag)]
    assert len(addresses) > 8
    told = [flag for flag in addresses if not re.search(r"=(https?://)?(127\.0\.0\.1|localhost)(:\d+)?$", flag)]
    assert told == []
    assert {re.sub(r":\d+.*", "", made.ready.partition("//")[2]) for made in components} == {"127.0.0.1"}


def test_no_two_share_a_port(components: list[Component]) -> None:
    ports = [made.port for made in components]
    assert len(set(ports)) == len(ports)


def test_each_asks_the_api_server_as_itself(components: list[Component], layout: Layout) -> None:
    used = {flag.partition("=")[2] for made in components for flag in made.argv if "kubeconfig=" in flag}
    assert used <= {str(layout.kubeconfig(client)) for client in CLIENTS if client != "admin"}
    masters = {name for name, subject in CLIENTS.items() if "system:masters" in subject}
    assert masters == {"admin", "kwok"}
