"""prometheus-adapter: series of Prometheus as custom metrics of pods and other objects, and nothing else.

The resource metrics are metrics-server's, the external ones KEDA's: of each API there can be but one server.
"""

from __future__ import annotations

from typing import Any

import yaml

from sandbox.cluster.addons import prometheus, services
from sandbox.cluster.addons.addon import (
    Addon,
    Objects,
    documents,
    granted,
    namespace,
    served_api,
    service_account,
    serving,
)
from sandbox.cluster.control_plane import Layout, flags
from sandbox.cluster.kubeconfig import write_private
from sandbox.cluster.processes import Component

NAME = "prometheus-adapter"
GROUP = "custom.metrics.k8s.io"
RULES, URL, RELIST = "rules", "url", "relist"
"""Settings: its rules (a list), Prometheus's address, and how often it looks which series there are, such as `30s`."""
# Its own manifests for rights. Those of resource metrics are left out.
_MANIFESTS = ("cluster-role", "cluster-role-binding", "cluster-role-binding-delegator", "role-binding-auth-reader")
_LABELS = {"overrides": {"namespace": {"resource": "namespace"}, "pod": {"resource": "pod"}}}
DEFAULT_RULES: list[dict[str, Any]] = [
    {
        "seriesQuery": '{__name__!~"(container|pod|node)_.*|.*_total",namespace!="",pod!=""}',
        "resources": _LABELS,
        "metricsQuery": "sum(avg_over_time(<<.Series>>{<<.LabelMatchers>>}[1m])) by (<<.GroupBy>>)",
    },
    {
        "seriesQuery": '{__name__=~".*_total",__name__!~"(container|pod|node)_.*",namespace!="",pod!=""}',
        "resources": _LABELS,
        "name": {"matches": "^(.*)_total$", "as": "${1}_per_second"},
        "metricsQuery": "sum(rate(<<.Series>>{<<.LabelMatchers>>}[1m])) by (<<.GroupBy>>)",
    },
]
"""Unless others are given: gauges as their mean of a minute, counters as their rate."""


def _settings(layout: Layout) -> dict[str, Any]:
    return dict(layout.settings.addons.get(NAME, {}))


def _prepare(layout: Layout) -> Objects:
    rules = _settings(layout).get(RULES, DEFAULT_RULES)
    write_private(layout.folder / f"{NAME}.yaml", yaml.safe_dump({"rules": rules}, sort_keys=False))
    manifests = layout.tools.folder(NAME) / "deploy/manifests"
    own = documents(manifests / f"{name}.yaml" for name in _MANIFESTS)
    read = [{"apiGroups": [GROUP], "resources": ["*"], "verbs": ["get", "list"]}]
    readers = granted("sandbox-custom-metrics", read, "kube-system", "horizontal-pod-autoscaler")
    api = served_api(layout, GROUP, "v1beta1", prometheus.SPACE, NAME, layout.ports[NAME])
    return [], [namespace(prometheus.SPACE), *own, *readers, *api]


def _components(layout: Layout) -> list[Component]:
    port, kubeconfig, config = layout.ports[NAME], layout.kubeconfig(NAME), layout.folder / f"{NAME}.yaml"
    settings = _settings(layout)
    argv = flags(
        layout.tools.place(NAME),
        {
            **serving(layout, NAME, port),
            "lister-kubeconfig": kubeconfig,
            "prometheus-url": settings.get(URL, f"http://{prometheus.SERVICE}.{prometheus.SPACE}.svc:9090"),
            "config": config,
            # It sees what was scraped since its last look: to look more often than there are scrapes loses series.
            "metrics-relist-interval": settings.get(RELIST, "30s"),
        },
    )
    env, reads = services.environment(layout), (kubeconfig, config)
    return [Component(NAME, argv, f"https://127.0.0.1:{port}/livez", env, reads, port)]


PROMETHEUS_ADAPTER = Addon(
    NAME,
    processes=(NAME,),
    ports=(NAME,),
    clients={NAME: service_account(prometheus.SPACE, NAME)},
    prepare=_prepare,
    components=_components,
    needs=(services.NAME,),
)
