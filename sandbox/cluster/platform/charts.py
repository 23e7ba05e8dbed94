"""Helm releases: a chart that the sandbox knows is its definitions and its processes; any other is only recorded."""

from __future__ import annotations

from sandbox.cloud.values import Properties
from sandbox.cluster.addons import KNOWN_CHARTS, disable, enable
from sandbox.cluster.cluster import Cluster


def install(cluster: Cluster, release: Properties) -> None:
    """What `helm upgrade --install` does. Raises `SandboxError` where a process does not start."""
    namespace = release.get("namespace")
    if release.get("createNamespace") and namespace:
        cluster.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    chart = chart_of(release)
    if chart in KNOWN_CHARTS:
        enable(cluster, chart, release.get("values") or {})


def uninstall(cluster: Cluster, release: Properties) -> None:
    """What `helm uninstall` does: the definitions stay."""
    chart = chart_of(release)
    if chart in KNOWN_CHARTS:
        disable(cluster, chart)


def chart_of(release: Properties) -> str:
    """The chart's name; `oci://registry/charts/name` and `repository/name` end in it."""
    return str(release.get("chart", "")).rstrip("/").rpartition("/")[2]
