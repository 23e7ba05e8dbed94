"""Names of services: pods would ask the cluster's DNS for them; add-ons, which are processes, ask a proxy."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.cluster.addons.addon import Addon, Objects, python
from sandbox.cluster.control_plane import Layout
from sandbox.cluster.processes import Component

NAME = "service-proxy"
SERVICES: Mapping[str, str] = {
    "prometheus-operated.monitoring.svc:9090": "prometheus",
    "load-exporter.monitoring.svc:8080": "load",
}
"""The services that somebody answers for, and whose port that is."""
GUESTS = ("load",)
"""Who answers without being a process of the cluster: `python -m sandbox.load`. Their ports stay, whoever listens."""


def environment(layout: Layout) -> dict[str, str]:
    """The environment of a process that finds services by their names. Go never asks a proxy for loopback addresses."""
    return {"HTTP_PROXY": f"http://127.0.0.1:{layout.ports[NAME]}", "NO_PROXY": "localhost,127.0.0.1"}


def _prepare(_layout: Layout) -> Objects:
    return [], []


def _components(layout: Layout) -> list[Component]:
    port = layout.ports[NAME]
    known = ",".join(f"{service}={layout.ports[owner]}" for service, owner in SERVICES.items())
    argv, env = python("sandbox.cluster.addons.forwarder", {"port": port, "services": known})
    return [Component(NAME, argv, f"http://127.0.0.1:{port}/", env, port=port)]


SERVICE_PROXY = Addon(
    NAME,
    processes=(NAME,),
    # Those who answer may be started later, or never: their ports are chosen now.
    ports=(NAME, *SERVICES.values()),
    clients={},
    prepare=_prepare,
    components=_components,
)
