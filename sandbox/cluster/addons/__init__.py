"""What a cluster may have beside its control plane: the processes of operators that charts would install.

Each runs as a plain process with the rights of the service account that its own manifests give it: a client
certificate names that account. `enable` and `disable` are what a Helm release of a known chart comes to.
"""

from sandbox.cluster.addons.addon import Addon
from sandbox.cluster.addons.charts import KNOWN_CHARTS, disable, enable
from sandbox.cluster.addons.karpenter import KARPENTER
from sandbox.cluster.addons.keda import KEDA
from sandbox.cluster.addons.metrics_server import METRICS_SERVER
from sandbox.cluster.addons.prometheus import PROMETHEUS
from sandbox.cluster.addons.prometheus_adapter import PROMETHEUS_ADAPTER
from sandbox.cluster.addons.services import SERVICE_PROXY
from sandbox.cluster.addons.vpa import VPA

ADDONS = {
    addon.name: addon for addon in (SERVICE_PROXY, METRICS_SERVER, PROMETHEUS, PROMETHEUS_ADAPTER, KEDA, VPA, KARPENTER)
}
"""By name, in the order in which they are started."""

__all__ = ["ADDONS", "KNOWN_CHARTS", "Addon", "disable", "enable"]
