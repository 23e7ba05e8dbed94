"""Which charts are installed: pure look-ups in a table.

No digest is known before somebody with access to the repositories resolves it: the table says `unresolved`, and a chart
is pinned by its version.
"""

import csv
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

METRICS_SERVER = "metrics-server"
PROMETHEUS = "kube-prometheus-stack"
ADAPTER = "prometheus-adapter"
GPU_EXPORTER = "dcgm-exporter"
KEDA = "keda"
VERTICAL = "vertical-pod-autoscaler"
OPERATOR, STATE_METRICS, NODE_EXPORTER = "prometheus-operator", "kube-state-metrics", "prometheus-node-exporter"
"""Parts of the chart of Prometheus."""


class Chart(NamedTuple):
    """A row of the table."""

    chart: str
    version: str
    app_version: str
    repository: str
    digest: str
    source: str

    def place(self, mirror: str | None = None) -> dict[str, Any]:
        """Where Helm finds it, as arguments of a `Release`; in the mirror, if there is one."""
        if mirror and mirror.startswith("oci://"):
            return {"chart": f"{mirror.rstrip('/')}/{self.chart}", "version": self.version}
        repository = {"repo": mirror or self.repository}
        return {"chart": self.chart, "version": self.version, "repository_opts": repository}


@cache
def charts() -> dict[str, Chart]:
    """All of them, by their names."""
    lines = (files(__package__) / "data" / "charts.csv").read_text(encoding="utf-8").splitlines()
    return {row["chart"]: Chart(**row) for row in csv.DictReader(lines)}
