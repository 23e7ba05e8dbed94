"""The programs of the cluster, and what each is built from.

`modules/<name>/go.mod` pins versions and `go.sum` their contents, as Go's checksum database has them: go refuses any
other.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sandbox.errors import SandboxError

MODULES = Path(__file__).parent / "modules"
_STAMPED = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
"""The packages that tell a program of Kubernetes its version, which release builds set at link time."""


class Edit(NamedTuple):
    """A change that is made to a file of the module while it is compiled; the module itself stays as it is."""

    file: str
    before: str
    after: str


@dataclass(frozen=True)
class Tool:
    """A program: the folder below `modules` that pins it, its module and package, and what else it needs of the module.

    `seconds` is what building it took on two idle cores with nothing built before. `edits` make those listen on the
    loopback interface alone that take no flag for it. Without a package nothing is built, and only the rest is kept.
    """

    name: str
    pins: str
    module: str
    package: str
    seconds: int
    carries: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()

    @property
    def folder(self) -> Path:
        """Where its go.mod lies."""
        return MODULES / self.pins

    @property
    def version(self) -> str:
        """`v1.36.3`, as go.mod has it."""
        found = re.search(rf"^\s*(?:require )?{re.escape(self.module)} (v\S+)", self._pinned("go.mod"), re.MULTILINE)
        if not found:
            raise SandboxError(f"{self.folder}/go.mod requires no {self.module}, from which {self.name} is built.")
        return found[1]

    @property
    def source(self) -> str:
        """A name for what it is built from, other than Go itself: it changes with any of it."""
        told = "\0".join(
            (
                self._pinned("go.mod"),
                self._pinned("go.sum"),
                self.package,
                self.symbols,
                *self.carries,
                *map(str, self.edits),
            )
        )
        return f"{self.version}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"

    @property
    def symbols(self) -> str:
        """What the linker is told."""
        if self.module != "k8s.io/kubernetes":
            return "-s -w"
        major, minor, _ = self.version.removeprefix("v").split(".", 2)
        facts = {"gitVersion": self.version, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
        stamps = [f"-X {package}.{name}={value}" for package in _STAMPED for name, value in facts.items()]
        return " ".join(("-s -w", *stamps))

    def _pinned(self, file: str) -> str:
        return (self.folder / file).read_text(encoding="utf-8")


def _kubernetes(name: str, seconds: int) -> Tool:
    return Tool(name, "kubernetes", "k8s.io/kubernetes", f"k8s.io/kubernetes/cmd/{name}", seconds)


_VPA_MAIN = "pkg/admission-controller/main.go"


def _vpa(name: str, seconds: int, carries: tuple[str, ...] = (), edits: tuple[Edit, ...] = ()) -> Tool:
    module = "k8s.io/autoscaler/vertical-pod-autoscaler"
    return Tool(f"vpa-{name}", "vpa", module, f"{module}/pkg/{name}", seconds, carries, edits)


def _keda(name: str, seconds: int, carries: tuple[str, ...] = (), edits: tuple[Edit, ...] = ()) -> Tool:
    module = "github.com/kedacore/keda/v2"
    return Tool(f"keda-{name}", "keda", module, f"{module}/cmd/{name}", seconds, carries, edits)


_CNPG_MAIN = "internal/cmd/manager/controller/controller.go"
_CNPG_CLIENT = "pkg/management/postgres/webserver/client/common/client.go"
_PLAYED = 'NetDialer.DialContext(ctx, network, os.Getenv("SANDBOX_INSTANCES"))'
_CNPG_EDITS = (
    Edit(_CNPG_MAIN, "Port:    port,", 'Port: port, Host: "127.0.0.1",'),
    # Pods have addresses that nobody answers: who plays their instance managers is asked instead, without TLS.
    Edit(_CNPG_CLIENT, '"net/http"\n\t"time"', '"net/http"\n\t"os"\n\t"time"'),
    Edit(_CNPG_CLIENT, "tlsDialer.DialContext(ctx, network, addr)", f"tlsDialer.{_PLAYED}"),
    # Its plugins are processes, too.
    Edit(
        "internal/controller/plugin_controller.go",
        'Sprintf("%s.%s.svc:%d", service.Name, service.Namespace, pluginPort)',
        'Sprintf("localhost:%d", pluginPort)',
    ),
)


def _cnpg(name: str, module: str, seconds: int, carries: tuple[str, ...], edits: tuple[Edit, ...] = ()) -> Tool:
    path = f"github.com/cloudnative-pg/{module}"
    return Tool(
        name, module, path, f"{path}/cmd/manager", seconds, ("config/crd/bases", "config/rbac", *carries), edits
    )


TOOLS = {
    tool.name: tool
    for tool in (
        Tool("etcd", "etcd", "go.etcd.io/etcd/server/v3", "go.etcd.io/etcd/server/v3", 17),
        _kubernetes("kube-apiserver", 176),
        _kubernetes("kube-controller-manager", 47),
        _kubernetes("kube-scheduler", 4),
        _kubernetes("kubectl", 19),
        Tool("kwok", "kwok", "sigs.k8s.io/kwok", "sigs.k8s.io/kwok/cmd/kwok", 74, carries=("kustomize",)),
        Tool(
            "metrics-server",
            "metrics-server",
            "sigs.k8s.io/metrics-server",
            "sigs.k8s.io/metrics-server/cmd/metrics-server",
            96,
            carries=("manifests/base",),
        ),
        Tool(
            "prometheus",
            "prometheus",
            "github.com/prometheus/prometheus",
            "github.com/prometheus/prometheus/cmd/prometheus",
            216,
        ),
        # Judges our alerts in tests.
        Tool(
            "promtool",
            "prometheus",
            "github.com/prometheus/prometheus",
            "github.com/prometheus/prometheus/cmd/promtool",
            30,
        ),
        Tool(
            "prometheus-operator",
            "prometheus-operator",
            "github.com/prometheus-operator/prometheus-operator",
            "",
            2,
            carries=("example/prometheus-operator-crd",),
        ),
        Tool(
            "prometheus-adapter",
            "prometheus-adapter",
            "sigs.k8s.io/prometheus-adapter",
            "sigs.k8s.io/prometheus-adapter/cmd/adapter",
            85,
            carries=("deploy/manifests",),
        ),
        _keda(
            "operator",
            304,
            carries=("config/crd/bases", "config/rbac", "config/metrics-server", "config/service_account"),
        ),
        _keda("adapter", 47, edits=(Edit("cmd/adapter/main.go", 'Sprintf(":%v"', 'Sprintf("127.0.0.1:%v"'),)),
        _keda(
            "webhooks",
            4,
            carries=("config/webhooks",),
            edits=(Edit("cmd/webhooks/main.go", "webhooksPort,\n", 'webhooksPort, Host: "127.0.0.1",\n'),),
        ),
        Tool(
            "karpenter",
            "karpenter",
            "sigs.k8s.io/karpenter",
            "sigs.k8s.io/karpenter/kwok",
            83,
            carries=("pkg/apis/crds", "kwok/apis/crds"),
            edits=tuple(
                Edit("pkg/operator/operator.go", f'Sprintf(":%d", {port}', f'Sprintf("127.0.0.1:%d", {port}')
                for port in ("options.FromContext(ctx).MetricsPort", "options.FromContext(ctx).HealthProbePort")
            ),
        ),
        _cnpg("cnpg-operator", "cloudnative-pg", 90, ("config/manager", "config/webhook"), _CNPG_EDITS),
        _cnpg("barman-cloud", "plugin-barman-cloud", 60, ()),
        # Runs nowhere in the cluster: tests ask it what the cluster's NetworkPolicies allow.
        Tool(
            "cyclonus",
            "cyclonus",
            "github.com/mattfenwick/cyclonus",
            "github.com/mattfenwick/cyclonus/cmd/cyclonus",
            65,
        ),
        _vpa("recommender", 70, carries=("deploy",)),
        _vpa("updater", 20),
        _vpa("admission-controller", 4, edits=(Edit(_VPA_MAIN, 'Sprintf(":%d"', 'Sprintf("127.0.0.1:%d"'),)),
    )
}
