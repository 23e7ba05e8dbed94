"""The control plane: etcd, API server, controller manager, scheduler, and kwok, which plays nodes and pods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.cluster.certificates import Certificates
from sandbox.cluster.processes import Component
from sandbox.cluster.settings import Settings
from sandbox.cluster.toolbox import Toolbox

ETCD, API, CONTROLLERS, SCHEDULER, KWOK = NAMES = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
)
"""In the order in which they are started."""
PORTS = (ETCD, "etcd/peers", "etcd/health", API, CONTROLLERS, SCHEDULER, KWOK)
CLIENTS: Mapping[str, str] = {
    "admin": "/O=system:masters/CN=sandbox-admin",
    CONTROLLERS: f"/CN=system:{CONTROLLERS}",
    SCHEDULER: f"/CN=system:{SCHEDULER}",
    KWOK: "/O=system:masters/CN=kwok",
}
"""Who asks the API server: what stands in their certificates."""
POD_CIDR = "10.244.0.0/16"
# Control planes of clouds ask the API server more often than by default, by which 150 pods take 15 s to be made.
_QUICK = {"kube-api-qps": 200, "kube-api-burst": 400}
_SERVICE_CIDR = "10.96.0.0/16"


@dataclass(frozen=True)
class Layout:
    """What the command lines are made of: the cluster's folder, its ports, where its programs are, what was chosen."""

    folder: Path
    ports: Mapping[str, int]
    tools: Toolbox
    settings: Settings = field(default_factory=Settings)

    @property
    def certificates(self) -> Certificates:
        """The folder's certificates."""
        return Certificates(self.folder / "certificates")

    @property
    def server(self) -> str:
        """The API server's address."""
        return f"https://127.0.0.1:{self.ports[API]}"

    def kubeconfig(self, client: str) -> Path:
        """The file by which a client finds the API server."""
        return self.folder / ("kubeconfig" if client == "admin" else f"{client}.kubeconfig")

    @property
    def stages(self) -> Path:
        """What kwok is told to play."""
        return self.folder / "kwok.yaml"

    def crt(self, name: str) -> str:
        """The path of a certificate."""
        return str(self.certificates.crt(name))

    def key(self, name: str) -> str:
        """The path of a private key."""
        return str(self.certificates.key(name))


def control_plane(layout: Layout) -> list[Component]:
    """Its components, in the order in which they are started."""
    return [make(layout) for make in (_etcd, _api_server, _controllers, _scheduler, _kwok)]


def _etcd(layout: Layout) -> Component:
    clients, peers, health = (f"127.0.0.1:{layout.ports[name]}" for name in (ETCD, "etcd/peers", "etcd/health"))
    tls = {"cert-file": layout.crt("server"), "key-file": layout.key("server"), "trusted-ca-file": layout.crt("ca")}
    argv = flags(
        layout.tools.place(ETCD),
        {
            "name": "sandbox",
            "data-dir": layout.folder / "etcd",
            "listen-client-urls": f"https://{clients}",
            "advertise-client-urls": f"https://{clients}",
            "listen-peer-urls": f"https://{peers}",
            # It does not change with the port, which etcd would take for another member.
            "initial-advertise-peer-urls": "https://localhost:2380",
            "initial-cluster": "sandbox=https://localhost:2380",
            "listen-metrics-urls": f"http://{health}",
            **tls,
            "client-cert-auth": "true",
            **{f"peer-{flag}": value for flag, value in tls.items()},
            "peer-client-cert-auth": "true",
            # A crash of the process loses nothing; only one of the whole machine could.
            "unsafe-no-fsync": "true",
            "log-level": "warn",
        },
    )
    return Component(ETCD, argv, f"http://{health}/readyz", port=layout.ports[ETCD])


def _api_server(layout: Layout) -> Component:
    argv = flags(
        layout.tools.place(API),
        {
            "etcd-servers": f"https://127.0.0.1:{layout.ports[ETCD]}",
            "etcd-cafile": layout.crt("ca"),
            "etcd-certfile": layout.crt("etcd-client"),
            "etcd-keyfile": layout.key("etcd-client"),
            "bind-address": "127.0.0.1",
            "secure-port": layout.ports[API],
            "tls-cert-file": layout.crt("server"),
            "tls-private-key-file": layout.key("server"),
            "client-ca-file": layout.crt("ca"),
            "authorization-mode": "RBAC",
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-key-file": layout.key("service-accounts"),
            "service-account-signing-key-file": layout.key("service-accounts"),
            "service-cluster-ip-range": _SERVICE_CIDR,
            "allow-privileged": "true",
            "endpoint-reconciler-type": "none",
            "kubelet-preferred-address-types": "InternalIP",
            # Aggregated APIs, such as those of metrics, are told by these who asks.
            "requestheader-client-ca-file": layout.crt("front-proxy-ca"),
            "requestheader-allowed-names": "front-proxy-client",
            "requestheader-username-headers": "X-Remote-User",
            "requestheader-group-headers": "X-Remote-Group",
            "requestheader-extra-headers-prefix": "X-Remote-Extra-",
            "proxy-client-cert-file": layout.crt("front-proxy-client"),
            "proxy-client-key-file": layout.key("front-proxy-client"),
        },
    )
    return Component(API, argv, f"{layout.server}/readyz", port=layout.ports[API])


def _controllers(layout: Layout) -> Component:
    argv = flags(
        layout.tools.place(CONTROLLERS),
        {
            **_secured(layout, CONTROLLERS),
            "service-account-private-key-file": layout.key("service-accounts"),
            "use-service-account-credentials": "true",
            "root-ca-file": layout.crt("ca"),
            "cluster-signing-cert-file": layout.crt("ca"),
            "cluster-signing-key-file": layout.key("ca"),
            "horizontal-pod-autoscaler-sync-period": "5s",
            **_QUICK,
            # A busy machine may keep kwok from renewing the leases of its nodes for a while.
            "node-monitor-grace-period": "120s",
        },
    )
    return _client(layout, CONTROLLERS, argv)


def _scheduler(layout: Layout) -> Component:
    return _client(layout, SCHEDULER, flags(layout.tools.place(SCHEDULER), {**_secured(layout, SCHEDULER), **_QUICK}))


def _kwok(layout: Layout) -> Component:
    port = layout.ports[KWOK]
    argv = flags(
        layout.tools.place(KWOK),
        {
            "config": layout.stages,
            "kubeconfig": layout.kubeconfig(KWOK),
            "manage-all-nodes": "true",
            "cidr": POD_CIDR,
            # Every node's kubelet is kwok's own server.
            "node-ip": "127.0.0.1",
            "node-port": port,
            "server-address": f"127.0.0.1:{port}",
            "tls-cert-file": layout.crt("server"),
            "tls-private-key-file": layout.key("server"),
            "node-lease-duration-seconds": "40",
            "enable-crds": "Metric,ResourceUsage,ClusterResourceUsage",
        },
    )
    reads = (layout.stages, layout.kubeconfig(KWOK))
    return Component(KWOK, argv, f"https://127.0.0.1:{port}/healthz", reads=reads, port=port)


def _secured(layout: Layout, name: str) -> dict[str, object]:
    """Flags that the controller manager and the scheduler share."""
    return {
        "kubeconfig": layout.kubeconfig(name),
        "authentication-kubeconfig": layout.kubeconfig(name),
        "authorization-kubeconfig": layout.kubeconfig(name),
        "bind-address": "127.0.0.1",
        "secure-port": layout.ports[name],
        "tls-cert-file": layout.crt("server"),
        "tls-private-key-file": layout.key("server"),
        "leader-elect": "false",
    }


def _client(layout: Layout, name: str, argv: tuple[str, ...]) -> Component:
    port = layout.ports[name]
    reads = (layout.kubeconfig(name),)
    return Component(name, argv, f"https://127.0.0.1:{port}/healthz", reads=reads, port=port)


def flags(program: Path, values: Mapping[str, object]) -> tuple[str, ...]:
    """A command line."""
    return (str(program), *(f"--{name}={value}" for name, value in values.items()))
