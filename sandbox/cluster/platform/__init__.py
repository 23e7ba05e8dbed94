"""The pretend cloud with a real cluster in it: what the kubernetes provider is given goes to the API server.

`python -m sandbox.cluster.platform` serves it in place of `python -m sandbox.cloud`.
"""

from pathlib import Path

from sandbox.cluster.cluster import Cluster
from sandbox.errors import SandboxError
from sandbox.workspace import Sandbox


def platform(project: Path, cluster: Cluster, engine: Path) -> Sandbox:
    """A sandbox for a project's stacks on a cluster, which keeps what it holds of them beside its own state.

    Raises `SandboxError` where the cluster does not run.
    """
    try:
        cluster.api.get("/readyz")
    except SandboxError as reason:
        raise SandboxError(f"The cluster does not run ({reason}). Start it: make cluster") from reason
    home, tools = str(cluster.home), str(cluster.tools.cache)
    program = ("sandbox.cluster.platform", "--home", home, "--tools", tools)
    return Sandbox(project, cluster.folder / "platform", engine, cloud_program=program)
