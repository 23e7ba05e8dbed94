"""The vertical pod autoscaler: recommends requests, applies them, and tells new pods of them."""

from __future__ import annotations

from sandbox.cluster.addons.addon import Addon, Objects, authority, documents, service_account
from sandbox.cluster.api import Object
from sandbox.cluster.control_plane import Layout, flags
from sandbox.cluster.processes import Component

NAME, SPACE = "vpa", "kube-system"
PROCESSES = RECOMMENDER, UPDATER, ADMISSION = "vpa-recommender", "vpa-updater", "vpa-admission-controller"
_ASKED = f"{ADMISSION}/asked"
OFF = "off"
"""Setting: those of its processes that are not wanted."""


def _prepare(layout: Layout) -> Objects:
    deploy = layout.tools.folder(RECOMMENDER) / "deploy"
    webhook = [_webhook(layout)] if ADMISSION in wanted(layout) else []
    return documents([deploy / "vpa-v1-crd-gen.yaml"]), [*documents([deploy / "vpa-rbac.yaml"]), *webhook]


def wanted(layout: Layout) -> list[str]:
    """Those of its processes that run."""
    return [name for name in PROCESSES if name not in layout.settings.addons.get(NAME, {}).get(OFF, [])]


def _webhook(layout: Layout) -> Object:
    """What its admission controller would register itself, ten seconds after its start."""
    rules = [
        {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]},
        {
            "operations": ["CREATE", "UPDATE"],
            "apiGroups": ["autoscaling.k8s.io"],
            "apiVersions": ["*"],
            "resources": ["verticalpodautoscalers"],
        },
    ]
    webhook = {
        "name": "vpa.k8s.io",
        "admissionReviewVersions": ["v1"],
        "rules": rules,
        "failurePolicy": "Ignore",
        "clientConfig": {"url": f"https://127.0.0.1:{layout.ports[_ASKED]}", "caBundle": authority(layout)},
        "sideEffects": "None",
        "timeoutSeconds": 30,
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "vpa-webhook-config"},
        "webhooks": [webhook],
    }


def _components(layout: Layout) -> list[Component]:
    return [_component(layout, name) for name in wanted(layout)]


def _component(layout: Layout, name: str) -> Component:
    kubeconfig, port = layout.kubeconfig(name), layout.ports[name]
    values: dict[str, object] = {"kubeconfig": kubeconfig, "address": f"127.0.0.1:{port}", "leader-elect": "false"}
    if name == ADMISSION:
        del values["leader-elect"]
        values |= {
            "port": layout.ports[_ASKED],
            "client-ca-file": layout.crt("ca"),
            "tls-cert-file": layout.crt("server"),
            "tls-private-key": layout.key("server"),
            "register-webhook": "false",
        }
    else:
        # A minute, unless said; the updater waits for the recommender, which waits for metrics-server.
        values[f"{name.removeprefix('vpa-')}-interval"] = "15s"
    argv = flags(layout.tools.place(name), values)
    return Component(name, argv, f"http://127.0.0.1:{port}/health-check", {"NAMESPACE": SPACE}, (kubeconfig,), port)


VPA = Addon(
    NAME,
    processes=PROCESSES,
    ports=(*PROCESSES, _ASKED),
    clients={name: service_account(SPACE, name) for name in PROCESSES},
    prepare=_prepare,
    components=_components,
)
