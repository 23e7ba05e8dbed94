"""The programs of the cluster, and what each is built from.

`modules/<name>/go.mod` pins versions and `go.sum` their contents, as Go's checksum database has them: go refuses any
other.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SandboxError

MODULES = Path(__file__).parent / "modules"
_STAMPED = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
"""The packages that tell a program of Kubernetes its version, which release builds set at link time."""


@dataclass(frozen=True)
class Tool:
    """A program: the folder below `modules` that pins it, its module and package, and what else it needs of the module.

    `seconds` is what building it took on two idle cores with nothing built before.
    """

    name: str
    pins: str
    module: str
    package: str
    seconds: int
    carries: tuple[str, ...] = ()

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
        pins = (self._pinned("go.mod"), self._pinned("go.sum"))
        told = "\0".join((*pins, self.package, self.symbols, *self.carries))
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


TOOLS = {
    tool.name: tool
    for tool in (
        Tool("etcd", "etcd", "go.etcd.io/etcd/server/v3", "go.etcd.io/etcd/server/v3", 17),
        _kubernetes("kube-apiserver", 176),
        _kubernetes("kube-controller-manager", 47),
        _kubernetes("kube-scheduler", 4),
        _kubernetes("kubectl", 19),
        Tool("kwok", "kwok", "sigs.k8s.io/kwok", "sigs.k8s.io/kwok/cmd/kwok", 74, carries=("kustomize",)),
    )
}
