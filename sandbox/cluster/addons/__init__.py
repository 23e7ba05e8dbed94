"""What a cluster may have beside its control plane: the processes of operators that charts would install.

Each runs as a plain process with the rights of the service account that its own manifests give it: a client
certificate names that account. `enable` and `disable` are what a Helm release of a known chart comes to.
"""

from __future__ import annotations

from collections.abc import Container

from sandbox.cluster.addons.addon import Addon
from sandbox.cluster.addons.barman_cloud import BARMAN_CLOUD
from sandbox.cluster.addons.charts import KNOWN_CHARTS, disable, enable
from sandbox.cluster.addons.cloudnative_pg import CLOUDNATIVE_PG
from sandbox.cluster.addons.karpenter import KARPENTER
from sandbox.cluster.addons.keda import KEDA
from sandbox.cluster.addons.metrics_server import METRICS_SERVER
from sandbox.cluster.addons.prometheus import PROMETHEUS
from sandbox.cluster.addons.prometheus_adapter import PROMETHEUS_ADAPTER
from sandbox.cluster.addons.services import SERVICE_PROXY
from sandbox.cluster.addons.vpa import VPA
from sandbox.errors import SandboxError

ADDONS = {
    addon.name: addon
    for addon in (
        SERVICE_PROXY,
        METRICS_SERVER,
        PROMETHEUS,
        PROMETHEUS_ADAPTER,
        KEDA,
        VPA,
        KARPENTER,
        CLOUDNATIVE_PG,
        BARMAN_CLOUD,
    )
}
"""By name, in the order in which they are started."""


def named(name: str) -> Addon:
    """The add-on of this name. Raises `SandboxError` where there is none."""
    if name not in ADDONS:
        raise SandboxError(f"There is no add-on {name}. There are: {', '.join(ADDONS)}.")
    return ADDONS[name]


def among(names: Container[str]) -> list[Addon]:
    """Those of these names, in the order in which they are started."""
    return [found for name, found in ADDONS.items() if name in names]


__all__ = ["ADDONS", "KNOWN_CHARTS", "Addon", "among", "disable", "enable", "named"]
