"""The pretend cloud with a real cluster in it: what the kubernetes provider is given goes to the API server.

`python -m sandbox.cluster.platform` serves it in place of `python -m sandbox.cloud`.
"""

from pathlib import Path

from sandbox.cluster.cluster import Cluster
from sandbox.errors import SandboxError


def running(home: Path) -> Cluster:
    """The cluster of a sandbox's folder. Raises `SandboxError` where it does not run."""
    cluster = Cluster(home)
    try:
        cluster.api.get("/readyz")
    except SandboxError as reason:
        raise SandboxError(f"The cluster does not run ({reason}). Start it: make cluster") from reason
    return cluster
