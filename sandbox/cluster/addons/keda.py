"""KEDA: its operator, the server of external metrics, which asks the operator, and its admission webhooks."""

from __future__ import annotations

from pathlib import Path

from sandbox.cluster.addons import services
from sandbox.cluster.addons.addon import (
    Addon,
    Objects,
    authority,
    documents,
    local_service,
    namespace,
    served_api,
    service_account,
    serving,
)
from sandbox.cluster.api import Object
from sandbox.cluster.control_plane import Layout, flags
from sandbox.cluster.kubeconfig import write_private
from sandbox.cluster.processes import Component

OPERATOR, ADAPTER, WEBHOOKS = "keda-operator", "keda-adapter", "keda-webhooks"
NAME = SPACE = "keda"
FAILURE_POLICY = "failure_policy"
"""Setting: whether what the webhooks cannot be asked about is refused (`Fail`) or passes (`Ignore`, unless said)."""
_HEALTH, _ASKED = f"{OPERATOR}/health", f"{OPERATOR}/asked"
_WEBHOOKS_HEALTH, _WEBHOOKS_METRICS = f"{WEBHOOKS}/health", f"{WEBHOOKS}/metrics"
_SERVICE, _WEBHOOK_SERVICE = "keda-metrics-apiserver", "keda-admission-webhooks"
_WHERE = {"WATCH_NAMESPACE": "", "POD_NAMESPACE": SPACE, "KEDA_CLUSTER_OBJECT_NAMESPACE": SPACE}


def _certificates(layout: Layout) -> Path:
    """The folder in which all look for their certificate, under KEDA's own names."""
    return layout.folder / SPACE


def _prepare(layout: Layout) -> Objects:
    folder = _certificates(layout)
    folder.mkdir(exist_ok=True)
    for file, source in {"tls.crt": "server.crt", "tls.key": "server.key", "ca.crt": "ca.crt"}.items():
        write_private(folder / file, (layout.certificates.folder / source).read_text())
    config = layout.tools.folder(OPERATOR) / "config"
    definitions = documents(sorted((config / "crd/bases").glob("*.yaml")))
    rights = [config / "rbac" / name for name in ("role.yaml", "role_binding.yaml", "aggregate_cluster_roles.yaml")]
    rights += [config / "metrics-server" / name for name in ("role.yaml", "role_binding.yaml")]
    api = served_api(layout, "external.metrics.k8s.io", "v1beta1", SPACE, _SERVICE, layout.ports[ADAPTER])
    account = documents([config / "service_account/service_account.yaml"])
    asked = layout.tools.folder(WEBHOOKS) / "config/webhooks/validation_webhooks.yaml"
    webhooks = [_webhook(layout, found) for found in documents([asked])]
    service = local_service(SPACE, _WEBHOOK_SERVICE)
    return definitions, [namespace(SPACE), *account, *documents(rights), *api, service, *webhooks]


def _webhook(layout: Layout, document: Object) -> Object:
    """KEDA's own list of webhooks, asked at the port of its process."""
    policy = layout.settings.addons.get(NAME, {}).get(FAILURE_POLICY)
    for webhook in document["webhooks"]:
        webhook["failurePolicy"] = policy or webhook["failurePolicy"]
        webhook["clientConfig"]["service"]["port"] = layout.ports[WEBHOOKS]
        webhook["clientConfig"]["caBundle"] = authority(layout)
    return document


def _components(layout: Layout) -> list[Component]:
    kubeconfig = layout.kubeconfig(OPERATOR)
    env = {**_WHERE, **services.environment(layout), "KUBECONFIG": str(kubeconfig)}
    return [
        Component(name, argv, ready, env, (kubeconfig,), layout.ports[name])
        for name, argv, ready in (_operator(layout), _adapter(layout), _webhooks(layout))
    ]


def _operator(layout: Layout) -> tuple[str, tuple[str, ...], str]:
    values = {
        "kubeconfig": layout.kubeconfig(OPERATOR),
        "cert-dir": _certificates(layout),
        "enable-cert-rotation": "false",
        "enable-webhook-patching": "false",
        "enable-apiservice-patching": "false",
        "metrics-bind-address": f"127.0.0.1:{layout.ports[OPERATOR]}",
        "health-probe-bind-address": f"127.0.0.1:{layout.ports[_HEALTH]}",
        "metrics-service-bind-address": f"127.0.0.1:{layout.ports[_ASKED]}",
    }
    return OPERATOR, flags(layout.tools.place(OPERATOR), values), f"http://127.0.0.1:{layout.ports[_HEALTH]}/readyz"


def _adapter(layout: Layout) -> tuple[str, tuple[str, ...], str]:
    port = layout.ports[ADAPTER]
    values = {
        **serving(layout, OPERATOR, port),
        "lister-kubeconfig": layout.kubeconfig(OPERATOR),
        "cert-dir": _certificates(layout),
        "metrics-service-address": f"localhost:{layout.ports[_ASKED]}",
        "port": layout.ports[f"{ADAPTER}/metrics"],
    }
    return ADAPTER, flags(layout.tools.place(ADAPTER), values), f"https://127.0.0.1:{port}/readyz"


def _webhooks(layout: Layout) -> tuple[str, tuple[str, ...], str]:
    values = {
        "kubeconfig": layout.kubeconfig(OPERATOR),
        "cert-dir": _certificates(layout),
        "port": layout.ports[WEBHOOKS],
        "metrics-bind-address": f"127.0.0.1:{layout.ports[_WEBHOOKS_METRICS]}",
        "health-probe-bind-address": f"127.0.0.1:{layout.ports[_WEBHOOKS_HEALTH]}",
    }
    health = f"http://127.0.0.1:{layout.ports[_WEBHOOKS_HEALTH]}/readyz"
    return WEBHOOKS, flags(layout.tools.place(WEBHOOKS), values), health


KEDA = Addon(
    NAME,
    processes=(OPERATOR, ADAPTER, WEBHOOKS),
    ports=(OPERATOR, _HEALTH, _ASKED, ADAPTER, f"{ADAPTER}/metrics", WEBHOOKS, _WEBHOOKS_HEALTH, _WEBHOOKS_METRICS),
    clients={OPERATOR: service_account(SPACE, OPERATOR)},
    prepare=_prepare,
    components=_components,
    needs=(services.NAME,),
)
