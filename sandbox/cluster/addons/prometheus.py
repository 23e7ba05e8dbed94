"""Prometheus: scrapes the kubelets, and whatever is named in the folders it watches; rules come as PrometheusRules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from sandbox.cluster.addons.addon import (
    Addon,
    Objects,
    documents,
    granted,
    local_service,
    namespace,
    python,
    service_account,
)
from sandbox.cluster.control_plane import Layout, flags
from sandbox.cluster.kubeconfig import write_private
from sandbox.cluster.processes import Component

NAME, RULES = "prometheus", "prometheus-rules"
DEFINITIONS = "prometheus-operator"
SPACE = "monitoring"
SERVICE = "prometheus-operated"
"""The service under which programs in the cluster find Prometheus, at port 9090."""
KINDS = ("podmonitors", "probes", "prometheusrules", "servicemonitors")
"""The custom resources that programs use. Those of which the operator makes servers are left out: each of them would
cost the API server 40 MB.
"""
TIMES = {"scrape_interval": "15s", "scrape_timeout": "10s", "evaluation_interval": "15s"}
"""Settings, and what they are unless said. Rules and exporters are looked at so often."""
LABELS = "rule_labels"
"""Setting: the labels that objects with rules have to have (null: with any value)."""


def folder(layout: Layout) -> Path:
    """Its folder: `targets/*.json` name exporters to scrape and `rules/*.yaml` hold rules."""
    return layout.folder / NAME


def url(layout: Layout) -> str:
    """Where it answers."""
    return f"http://127.0.0.1:{layout.ports[NAME]}"


def configuration(layout: Layout) -> dict[str, object]:
    """Its configuration."""
    kubelets = {
        "job_name": "kubelets",
        "scheme": "https",
        "tls_config": {"ca_file": layout.crt("ca")},
        "kubernetes_sd_configs": [{"role": "node", "kubeconfig_file": str(layout.kubeconfig(NAME))}],
        "relabel_configs": [
            {"source_labels": ["__meta_kubernetes_node_name"], "target_label": "node"},
            {
                "source_labels": ["__meta_kubernetes_node_name"],
                "target_label": "__metrics_path__",
                "replacement": "/metrics/nodes/$1/metrics/resource",
            },
        ],
    }
    exporters = {
        "job_name": "exporters",
        # What they export is of other pods, whose names they tell as labels.
        "honor_labels": True,
        "file_sd_configs": [{"files": [str(folder(layout) / "targets" / "*.json")], "refresh_interval": "5s"}],
    }
    chosen = _settings(layout)
    return {
        "global": {name: chosen.get(name, usual) for name, usual in TIMES.items()},
        "rule_files": [str(folder(layout) / "rules" / "*.yaml")],
        "scrape_configs": [kubelets, exporters],
    }


def _settings(layout: Layout) -> dict[str, Any]:
    return dict(layout.settings.addons.get(NAME, {}))


def _prepare(layout: Layout) -> Objects:
    for name in ("targets", "rules"):
        (folder(layout) / name).mkdir(parents=True, exist_ok=True)
    write_private(folder(layout) / "prometheus.yaml", yaml.safe_dump(configuration(layout), sort_keys=False))
    crds = layout.tools.folder(DEFINITIONS) / "example/prometheus-operator-crd"
    nodes = [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]}]
    rules = [{"apiGroups": ["monitoring.coreos.com"], "resources": ["prometheusrules"], "verbs": ["list"]}]
    rights = [
        *granted("sandbox-prometheus", nodes, SPACE, NAME),
        *granted("sandbox-prometheus-rules", rules, SPACE, RULES),
    ]
    definitions = documents(crds / f"monitoring.coreos.com_{name}.yaml" for name in KINDS)
    return definitions, [namespace(SPACE), *rights, local_service(SPACE, SERVICE)]


def _components(layout: Layout) -> list[Component]:
    config, kubeconfig = folder(layout) / "prometheus.yaml", layout.kubeconfig(NAME)
    argv = flags(
        layout.tools.place(NAME),
        {
            "config.file": config,
            "storage.tsdb.path": folder(layout) / "data",
            "storage.tsdb.retention.time": "1d",
            "web.listen-address": f"127.0.0.1:{layout.ports[NAME]}",
        },
    )
    # Rules change while it runs: a POST to /-/reload makes it read them again.
    argv += ("--web.enable-lifecycle",)
    server = Component(NAME, argv, f"{url(layout)}/-/ready", reads=(config, kubeconfig), port=layout.ports[NAME])
    port = layout.ports[RULES]
    values = {
        "port": port,
        "server": layout.server,
        "certificates": layout.certificates.folder,
        "client": RULES,
        "rules": folder(layout) / "rules",
        "prometheus": url(layout),
        "labels": json.dumps(_settings(layout).get(LABELS) or {}, sort_keys=True),
    }
    command, env = python("sandbox.cluster.addons.rules", values)
    return [server, Component(RULES, command, f"http://127.0.0.1:{port}/", env, port=port)]


PROMETHEUS = Addon(
    NAME,
    processes=(NAME, RULES),
    ports=(NAME, RULES),
    clients={NAME: service_account(SPACE, NAME), RULES: service_account(SPACE, RULES)},
    prepare=_prepare,
    components=_components,
    carriers=(DEFINITIONS,),
)
