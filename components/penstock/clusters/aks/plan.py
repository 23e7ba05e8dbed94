"""The plan of an AKS cluster: pure functions from its specification to provider inputs."""

import base64
import ipaddress
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import yaml

from penstock.clusters.aks.spec import SYSTEM_MACHINE, AksClusterSpec
from penstock.clusters.aks.zones import availability_zones
from penstock.clusters.args import Observability, ReleaseChannel
from penstock.clusters.spec import MaintenanceWindowSpec, SystemPoolSpec
from penstock.nodes.aks.machines import local_disk_gib
from penstock.refs import Cloud
from penstock_cost import machine

# How the kubeconfig's user logs in: as whoever the Azure CLI is logged in as. Where there is no CLI, as in a pipeline,
# AAD_LOGIN_METHOD in the environment says how instead (spn, workloadidentity, msi, …).
# Azure/kubelogin pkg/internal/token/options.go@6678496; the server id is that of every AKS cluster.
CREDENTIALS: dict[str, Any] = {
    "command": "kubelogin",
    "args": ["get-token", "--login", "azurecli", "--server-id", "6dae42f8-4368-4678-94ff-3960e28e3630"],
    "installHint": "Install kubelogin and the Azure CLI: az aks install-cli.",
    "provideClusterInfo": False,
}
# The application as which a person who is logged in with the Azure CLI appears to be deploying. Anybody else who
# deploys is a service principal: pulumi/pulumi-azure-native provider/pkg/provider/auth_getclientconfig.go@1de7602d.
_AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"

SYSTEM_POOL = "system"
IGNORED = ["agentPoolProfiles"]
"""What is decided when the cluster is made. AKS lists in its cluster the pools that were made apart, so that after a
refresh the list differs from ours: at every `up --refresh` the cluster would be changed. (The price: a list that a
refresh has read is sent back with the next change of the cluster. If a pool was removed since, Azure refuses that ("A
new agent pool was introduced"); another refresh, or `up --refresh` always, mends it.) Azure's own module ignores it
too: Azure/terraform-azurerm-avm-res-containerservice-managedcluster main.tf@895e0c6."""

MAINTENANCE = ("aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule")
LOG_RETENTION_DAYS = 30
# kube-audit is never among them: it repeats kube-audit-admin, with every read added, and costs most of all.
# https://learn.microsoft.com/azure/azure-monitor/reference/supported-logs/microsoft-containerservice-managedclusters-logs
LOGS = {
    Observability.SYSTEM: ("kube-audit-admin", "guard", "cluster-autoscaler"),
    Observability.FULL: (
        "kube-audit-admin",
        "guard",
        "cluster-autoscaler",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "cloud-controller-manager",
        "csi-azuredisk-controller",
        "csi-azurefile-controller",
        "csi-snapshot-controller",
    ),
}

_DAYS = {
    "MO": "Monday",
    "TU": "Tuesday",
    "WE": "Wednesday",
    "TH": "Thursday",
    "FR": "Friday",
    "SA": "Saturday",
    "SU": "Sunday",
}
_CHANNELS = {
    ReleaseChannel.RAPID: "rapid",
    ReleaseChannel.REGULAR: "stable",
    ReleaseChannel.STABLE: "patch",
    ReleaseChannel.EXTENDED: "patch",
}
# All values are texts. The same as of an autoscaler that is installed where the cloud has none, less its priorities:
# the expander `priority` reads a ConfigMap that names pools, and a cluster is made before any of its pools is known.
# Without that ConfigMap it would add no nodes at all; `least-waste` takes either of two pools of equal machines.
_AUTOSCALER = {
    "expander": "least-waste",
    "balance_similar_node_groups": "true",
    "scale_down_utilization_threshold": "0.5",
    "scale_down_unneeded_time": "5m",
    "scale_down_delay_after_add": "5m",
    "skip_nodes_with_local_storage": "false",
    "skip_nodes_with_system_pods": "false",
}
_SYSTEM_PODS = 110
_SYSTEM_DISK_GIB = 128


def cluster_args(spec: AksClusterSpec) -> dict[str, Any]:
    """Every provider input of the cluster that does not depend on another resource."""
    extended = spec.release_channel is ReleaseChannel.EXTENDED
    args: dict[str, Any] = {
        "location": spec.location,
        "sku": {"name": "Base", "tier": "Premium" if extended else "Standard"},
        "support_plan": "AKSLongTermSupport" if extended else "KubernetesOfficial",
        "enable_rbac": True,
        "disable_local_accounts": True,
        "oidc_issuer_profile": {"enabled": True},
        "security_profile": {
            "workload_identity": {"enabled": True},
            "image_cleaner": {"enabled": True, "interval_hours": 168},
        },
        "auto_upgrade_profile": {
            "upgrade_channel": "patch" if spec.version else _CHANNELS[spec.release_channel],
            "node_os_upgrade_channel": "NodeImage",
        },
        "auto_scaler_profile": _AUTOSCALER,
        "node_provisioning_profile": {"mode": "Manual"},
        # What reckons the cost has to reach Azure's API.
        "metrics_profile": {"cost_analysis": {"enabled": not spec.network.isolated}},
    }
    if spec.version:
        args["kubernetes_version"] = spec.version
    if spec.network.isolated:
        args["bootstrap_profile"] = {"artifact_source": "Cache"}
    if spec.private:
        args["api_server_access_profile"] = {
            "enable_private_cluster": True,
            "enable_private_cluster_public_fqdn": False,
            "private_dns_zone": "system",
        }
    return args


def system_pool(spec: AksClusterSpec) -> dict[str, Any]:
    """Provider inputs of the pool that the cluster is made with, less its subnet."""
    zones = spec.zones or []
    asked = spec.system_pool or SystemPoolSpec()
    shape = machine(Cloud.AZURE.value, asked.machine_type or SYSTEM_MACHINE)
    fewest = asked.min_nodes or max(2, min(len(zones), asked.max_nodes or len(zones)))
    args: dict[str, Any] = {
        "name": SYSTEM_POOL,
        "mode": "System",
        "type": "VirtualMachineScaleSets",
        "vm_size": shape.name,
        "os_type": "Linux",
        "os_sku": "AzureLinux",
        "os_disk_type": "Ephemeral" if local_disk_gib(shape) >= _SYSTEM_DISK_GIB else "Managed",
        "os_disk_size_gb": _SYSTEM_DISK_GIB,
        "availability_zones": availability_zones(zones),
        "enable_auto_scaling": True,
        "count": fewest,
        "min_count": fewest,
        "max_count": asked.max_nodes or 2 * fewest,
        "max_pods": _SYSTEM_PODS,
        "node_taints": ["CriticalAddonsOnly=true:NoSchedule"],
        "upgrade_settings": {"max_surge": "1"},
        "tags": spec.labels,
    }
    if spec.version:
        args["orchestrator_version"] = spec.version
    return args


def network_profile(spec: AksClusterSpec) -> dict[str, Any]:
    """Provider inputs of the cluster's network, less its way out."""
    services = ipaddress.ip_network(spec.network.service_cidr)
    return {
        "network_plugin": "azure",
        "network_plugin_mode": "overlay",
        "network_dataplane": "cilium",
        "network_policy": "cilium",
        "load_balancer_sku": "standard",
        "pod_cidr": spec.network.pod_cidr,
        "service_cidr": spec.network.service_cidr,
        "dns_service_ip": str(services[10]),
    }


def way_out(nat_gateway: Any, route_table: Any) -> str:
    """How the nodes of an adopted subnet leave it: by what its owner has put there, or else by a load balancer."""
    if nat_gateway:
        return "userAssignedNATGateway"
    return "userDefinedRouting" if route_table else "loadBalancer"


def maintenance(window: MaintenanceWindowSpec) -> dict[str, Any]:
    """Provider inputs of a maintenance window."""
    start = datetime.fromisoformat(window.start.removesuffix("Z"))
    return {
        "maintenance_window": {
            "start_date": start.strftime("%Y-%m-%d"),
            "start_time": start.strftime("%H:%M"),
            "utc_offset": "+00:00",
            "duration_hours": window.hours,
            "schedule": {"weekly": {"day_of_week": _DAYS[window.days[0]], "interval_weeks": 1}},
        }
    }


def principal_type(client_id: str) -> str:
    """Whether it is a person or a program that deploys."""
    return "User" if client_id == _AZURE_CLI else "ServicePrincipal"


class SubnetId(NamedTuple):
    """The parts of a subnet's id."""

    network_id: str
    resource_group: str
    network: str
    subnet: str


def subnet_id(text: str) -> SubnetId:
    """Raises ValueError for a text that is no id of a subnet."""
    match = re.fullmatch(
        r"(/subscriptions/[^/]+/resourceGroups/([^/]+)/.+/virtualNetworks/([^/]+))/subnets/([^/]+)", text, re.IGNORECASE
    )
    if not match:
        raise ValueError(f"'{text}' is no id of a subnet. Write /subscriptions/…/virtualNetworks/…/subnets/….")
    return SubnetId(*match.groups())


class KeyId(NamedTuple):
    """The parts of a key's resource id."""

    resource_group: str
    vault: str
    key: str


def key_id(text: str) -> KeyId:
    """Raises ValueError for a text that is no resource id of a key vault's key."""
    match = re.fullmatch(r"/subscriptions/[^/]+/resourceGroups/([^/]+)/.+/vaults/([^/]+)/keys/([^/]+)", text, re.I)
    if not match:
        raise ValueError(f"'{text}' is no resource id of a key. Write /subscriptions/…/vaults/…/keys/….")
    return KeyId(*match.groups())


class Endpoint(NamedTuple):
    """Where an API server is reached."""

    server: str
    ca_certificate: str | None


def endpoint(kubeconfigs: Sequence[Mapping[str, Any]]) -> Endpoint:
    """The API server in what Azure gives out as a user's kubeconfigs, each in base64."""
    parsed = yaml.safe_load(base64.b64decode(kubeconfigs[0]["value"]))
    cluster = parsed["clusters"][0]["cluster"]
    return Endpoint(cluster["server"], cluster.get("certificate-authority-data"))


def user_assigned_principal(identity: Mapping[str, Any] | None) -> str | None:
    """The principal id of the user-assigned identity of a cluster that was looked up; None where it has none."""
    for assigned in ((identity or {}).get("user_assigned_identities") or {}).values():
        return str(assigned["principal_id"])
    return None


def subnet_of(pools: Sequence[Mapping[str, Any]] | None) -> str | None:
    """The subnet of the first pool of a cluster that was looked up, if it is in one of its owner's."""
    return next((pool["vnet_subnet_id"] for pool in pools or () if pool.get("vnet_subnet_id")), None)
