"""Who may speak to whom, as an analyser of NetworkPolicies sees it that knows nothing of how ours are made.

github.com/mattfenwick/cyclonus reads policies as the API server has them, and says of each connection whether it is
allowed: by the policies at its source and at its destination.
"""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.cluster import Cluster

_VERDICT = re.compile(r"IS ALLOWED\?\s*\|\s*(TRUE|FALSE)")


@dataclass(frozen=True)
class Peer:
    """An end of a connection: pods with labels in a namespace, or an address outside of the cluster."""

    name: str
    address: str
    namespace: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    space_labels: tuple[tuple[str, str], ...] = field(default=(), compare=False)

    @property
    def described(self) -> dict[str, Any]:
        """As the analyser takes it."""
        if not self.namespace:
            return {"Internal": None, "IP": self.address}
        inside = {
            "Namespace": self.namespace,
            "NamespaceLabels": dict(self.space_labels),
            "PodLabels": dict(self.labels),
        }
        return {"Internal": inside, "IP": self.address}


@dataclass(frozen=True)
class Connection:
    """From one end to a port of another."""

    source: Peer
    destination: Peer
    port: int
    protocol: str = "TCP"

    def __str__(self) -> str:
        return f"{self.source.name} -> {self.destination.name} {self.port}/{self.protocol}"


def every(sources: Iterable[Peer], destinations: Iterable[Peer], ports: Iterable[tuple[int, str]]) -> list[Connection]:
    """All connections between different ends."""
    pairs = itertools.product(sources, destinations, ports)
    return [Connection(source, to, port, protocol) for source, to, (port, protocol) in pairs if source != to]


def verdicts(cluster: Cluster, connections: Sequence[Connection], folder: Path) -> list[bool]:
    """Whether each connection is allowed by the policies that the cluster has now."""
    policies = cluster.api.get("/apis/networking.k8s.io/v1/networkpolicies")
    written, asked = folder / "policies.json", folder / "traffic.json"
    written.write_text(json.dumps(policies))
    asked.write_text(
        json.dumps(
            [
                {
                    "Source": each.source.described,
                    "Destination": each.destination.described,
                    "ResolvedPort": each.port,
                    "ResolvedPortName": "",
                    "Protocol": each.protocol,
                }
                for each in connections
            ]
        )
    )
    words = ["analyze", "--mode", "query-traffic", "--policy-path", str(written), "--traffic-path", str(asked)]
    done = subprocess.run([cluster.tools.path("cyclonus"), *words], capture_output=True, text=True, check=True)
    found = [verdict == "TRUE" for verdict in _VERDICT.findall(done.stdout)]
    assert len(found) == len(connections), done.stdout[-2000:] + done.stderr
    return found
