"""The sandbox's cluster: a real Kubernetes control plane on this machine, with nodes and pods that kwok plays.

`Cluster(home)` starts, ends and asks it; `python -m sandbox.cluster` is its command line. Everything listens on the
loopback interface only, and everything it keeps lies in `home/cluster`.
"""

from sandbox.cluster.cluster import Cluster
from sandbox.cluster.nodes import FakeNode
from sandbox.cluster.supervisor import ComponentStatus

__all__ = ["Cluster", "ComponentStatus", "FakeNode"]
