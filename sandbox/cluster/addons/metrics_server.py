"""metrics-server: what pods and nodes use, as kubelets tell it, for `kubectl top` and pod autoscalers."""

from __future__ import annotations

from sandbox.cluster.addons.addon import Addon, Objects, documents, served_api, service_account, serving
from sandbox.cluster.control_plane import Layout, flags
from sandbox.cluster.processes import Component

NAME = "metrics-server"
TIMES = {"metric-resolution": "15s", "kubelet-request-timeout": "10s"}
"""Settings, and what they are unless said: how often it asks the kubelets (every 10 s at most), and how long it waits
for an answer, which has to be less.
"""


def _prepare(layout: Layout) -> Objects:
    """Its own manifests for rights; its service leads to the process."""
    manifests = layout.tools.folder(NAME) / "manifests/base"
    api = served_api(layout, "metrics.k8s.io", "v1beta1", "kube-system", NAME, layout.ports[NAME])
    return [], [*documents([manifests / "rbac.yaml"]), *api]


def _components(layout: Layout) -> list[Component]:
    port, kubeconfig = layout.ports[NAME], layout.kubeconfig(NAME)
    argv = flags(
        layout.tools.place(NAME),
        {
            **serving(layout, NAME, port),
            "kubeconfig": kubeconfig,
            # It asks each kubelet itself, at the address that its node states, and not through the API server.
            "kubelet-preferred-address-types": "InternalIP",
            "kubelet-use-node-status-port": "true",
            "kubelet-certificate-authority": layout.crt("ca"),
            **TIMES,
            **layout.settings.addons.get(NAME, {}),
        },
    )
    # It is live before it has metrics to serve, and that it has none until there are nodes.
    return [Component(NAME, argv, f"https://127.0.0.1:{port}/livez", reads=(kubeconfig,), port=port)]


METRICS_SERVER = Addon(
    NAME,
    processes=(NAME,),
    ports=(NAME,),
    clients={NAME: service_account("kube-system", NAME)},
    prepare=_prepare,
    components=_components,
)
