"""Command lines of the control plane and the add-ons: where they listen, as whom they ask, in what order they start."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.cluster.addons import ADDONS, prometheus
from sandbox.cluster.addons.charts import settings
from sandbox.cluster.cluster import Cluster
from sandbox.cluster.control_plane import CLIENTS, NAMES, PORTS, Layout, control_plane
from sandbox.cluster.processes import Component
from sandbox.cluster.settings import Settings
from sandbox.cluster.toolbox import Toolbox
from sandbox.cluster.tools import TOOLS
from sandbox.errors import SandboxError


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    names = [*PORTS, *(port for addon in ADDONS.values() for port in addon.ports)]
    return Layout(tmp_path, {name: 20_000 + number for number, name in enumerate(names)}, Toolbox(tmp_path / "tools"))


@pytest.fixture
def components(layout: Layout) -> list[Component]:
    return [*control_plane(layout), *(made for addon in ADDONS.values() for made in addon.components(layout))]


def test_components_are_named_after_their_programs_in_the_order_of_their_start(components: list[Component]) -> None:
    names = [made.name for made in components]
    assert names == [*NAMES, *(name for addon in ADDONS.values() for name in addon.processes)]
    written_here = {"service-proxy", "prometheus-rules", "cnpg-instances"}
    assert set(names) - TOOLS.keys() == written_here
    assert all(Path(made.argv[0]).name == made.name for made in components if made.name not in written_here)


def test_none_listens_anywhere_but_on_loopback(components: list[Component]) -> None:
    flags = [flag for made in components for flag in made.argv[1:]]
    addresses = [flag for flag in flags if re.search(r"(address|urls?|listen-address)=", flag)]
    assert len(addresses) > 10
    told = [flag for flag in addresses if not re.search(r"=(https?://)?(127\.0\.0\.1|localhost)(:\d+)?$", flag)]
    # One asks for a service by its name.
    assert told == ["--prometheus-url=http://prometheus-operated.monitoring.svc:9090"]
    assert {re.sub(r":\d+.*", "", made.ready.partition("//")[2]) for made in components} == {"127.0.0.1"}


def test_no_two_share_a_port(components: list[Component]) -> None:
    ports = [made.port for made in components]
    assert len(set(ports)) == len(ports)


def test_each_asks_the_api_server_as_itself(components: list[Component], layout: Layout) -> None:
    clients = {**CLIENTS, **{name: it for addon in ADDONS.values() for name, it in addon.clients.items()}}
    used = {flag.partition("=")[2] for made in components for flag in made.argv if "kubeconfig=" in flag}
    assert used <= {str(layout.kubeconfig(client)) for client in clients if client != "admin"}
    masters = {name for name, subject in clients.items() if "system:masters" in subject}
    assert masters == {"admin", "kwok"}


def test_what_an_add_on_needs_comes_before_it() -> None:
    names = [*ADDONS]
    assert all(names.index(need) < names.index(addon.name) for addon in ADDONS.values() for need in addon.needs)


def test_an_add_on_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"There is no add-on grafana\. There are: .*metrics-server, prometheus"):
        Cluster(tmp_path).up(["grafana"])


def test_prometheus_scrapes_every_15_s_unless_a_chart_says_other(layout: Layout) -> None:
    usual = {"scrape_interval": "15s", "scrape_timeout": "10s", "evaluation_interval": "15s"}
    assert prometheus.configuration(layout)["global"] == usual
    spec = {"scrapeInterval": "5s", "scrapeTimeout": "4s", "evaluationInterval": "6s"}
    values = {"prometheus": {"prometheusSpec": spec}}
    chosen = Settings({"prometheus": settings("kube-prometheus-stack", values)})
    found = prometheus.configuration(replace(layout, settings=chosen))
    assert found["global"] == {"scrape_interval": "5s", "scrape_timeout": "4s", "evaluation_interval": "6s"}


def test_what_asks_for_services_by_name_asks_the_proxy_and_nothing_else_does(components: list[Component]) -> None:
    told = {made.name for made in components if "HTTP_PROXY" in made.env}
    assert told == {"prometheus-adapter", "keda-operator", "keda-adapter", "keda-webhooks"}
