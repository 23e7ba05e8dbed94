"""The plan of a GKE cluster: pure functions from its specification to provider inputs."""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from penstock.clusters.args import Observability, ReleaseChannel
from penstock.clusters.gke.spec import GkeClusterSpec
from penstock.clusters.spec import MaintenanceWindowSpec

# The least that nodes need (logs, metrics, node metadata), and pulling images.
# https://cloud.google.com/kubernetes-engine/docs/how-to/hardening-your-cluster#use_least_privilege_sa
NODE_ROLES = ("roles/container.defaultNodeServiceAccount", "roles/artifactregistry.reader")

KEY_ROTATION = "7776000s"  # 90 days

NAT: dict[str, Any] = {
    "nat_ip_allocate_option": "AUTO_ONLY",
    "source_subnetwork_ip_ranges_to_nat": "ALL_SUBNETWORKS_ALL_IP_RANGES",
}

# What the default pool looks like in the minutes it exists: it must meet organization policies all the same.
DEFAULT_POOL_NODE_CONFIG: dict[str, Any] = {
    "oauth_scopes": ["https://www.googleapis.com/auth/cloud-platform"],
    "shielded_instance_config": {"enable_secure_boot": True, "enable_integrity_monitoring": True},
    "workload_metadata_config": {"mode": "GKE_METADATA"},
}

# How the kubeconfig's user logs in.
CREDENTIALS: dict[str, Any] = {
    "command": "gke-gcloud-auth-plugin",
    "installHint": "Install the gke-gcloud-auth-plugin component of the Google Cloud CLI.",
    "provideClusterInfo": True,
}

# What these send is billed by volume, all but the system's own.
LOGGING_COMPONENTS = {
    Observability.SYSTEM: ("SYSTEM_COMPONENTS",),
    Observability.FULL: ("SYSTEM_COMPONENTS", "WORKLOADS"),
}
# DCGM brings GPU metrics on GPU nodes: no exporter of our own is installed beside it.
MONITORING_COMPONENTS = {
    Observability.SYSTEM: ("SYSTEM_COMPONENTS", "DCGM"),
    Observability.FULL: (
        "SYSTEM_COMPONENTS",
        "STORAGE",
        "POD",
        "DEPLOYMENT",
        "STATEFULSET",
        "DAEMONSET",
        "HPA",
        "CADVISOR",
        "KUBELET",
        "DCGM",
    ),
}


def cluster_args(spec: GkeClusterSpec) -> dict[str, Any]:
    """Every provider input of the cluster that does not depend on another resource."""
    args: dict[str, Any] = {
        "location": spec.location,
        "node_locations": spec.zones,
        "deletion_protection": spec.deletion_protection,
        "release_channel": {"channel": _CHANNELS[spec.release_channel]},
        "networking_mode": "VPC_NATIVE",
        "datapath_provider": "ADVANCED_DATAPATH",
        **_access(spec),
        "enable_shielded_nodes": True,
        "logging_config": {"enable_components": list(LOGGING_COMPONENTS[spec.observability])},
        "monitoring_config": {
            "enable_components": list(MONITORING_COMPONENTS[spec.observability]),
            "managed_prometheus": {"enabled": True},
        },
        "cost_management_config": {"enabled": True},
        # The cloud's own autoscaler packs nodes and removes idle ones sooner; it makes no pools by itself.
        "cluster_autoscaling": {"enabled": False, "autoscaling_profile": "OPTIMIZE_UTILIZATION"},
        "vertical_pod_autoscaling": {"enabled": True},
        "addons_config": {
            "dns_cache_config": {"enabled": True},
            "gce_persistent_disk_csi_driver_config": {"enabled": True},
            "gcs_fuse_csi_driver_config": {"enabled": True},
        },
        "remove_default_node_pool": True,
        "initial_node_count": 1,
        "resource_labels": spec.labels,
    }
    if spec.version:
        args["min_master_version"] = spec.version
    if spec.maintenance_window:
        args["maintenance_policy"] = _maintenance(spec.maintenance_window)
    return args


def open_dns_endpoint(configs: Sequence[Any] | None) -> str | None:
    """The DNS name of a cluster that can be reached by it from outside, of what a look-up of the cluster says."""
    for config in configs or ():
        for dns in config.get("dns_endpoint_configs") or ():
            if dns.get("allow_external_traffic"):
                return str(dns["endpoint"])
    return None


def account_id(name: str) -> str:
    """The id of the nodes' service account: 6 to 30 characters, distinct for distinct `name`s."""
    plain = re.sub(r"[^a-z0-9-]", "-", f"{name}-nodes".lower())
    if re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", plain):
        return plain
    digest = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{plain[:17].strip('-') if plain[0].isalpha() else 'penstock'}-{digest}-nodes"


def service_account_email(account_id: str, project: str) -> str:
    """The email of a service account. A project id may carry its organization's domain: `example.com:llm`."""
    domain, colon, plain = project.rpartition(":")
    return f"{account_id}@{f'{plain}.{domain}' if colon else project}.iam.gserviceaccount.com"


_CHANNELS = {channel: channel.value.upper() for channel in ReleaseChannel}


def _access(spec: GkeClusterSpec) -> dict[str, Any]:
    """Who reaches the API server: by its DNS name whom IAM lets in; by its address only who is named."""
    by_address = spec.private_endpoint or bool(spec.authorized_networks)
    access: dict[str, Any] = {
        "private_cluster_config": {"enable_private_nodes": True},
        "control_plane_endpoints_config": {
            "dns_endpoint_config": {"allow_external_traffic": not spec.private_endpoint},
            "ip_endpoints_config": {"enabled": by_address},
        },
    }
    if by_address:
        access["private_cluster_config"]["enable_private_endpoint"] = spec.private_endpoint
        access["master_authorized_networks_config"] = {
            "cidr_blocks": [
                {"cidr_block": network.cidr, "display_name": network.name or network.cidr}
                for network in spec.authorized_networks
            ]
        }
    return access


def _maintenance(window: MaintenanceWindowSpec) -> dict[str, Any]:
    start = datetime.fromisoformat(window.start.removesuffix("Z"))
    return {
        "recurring_window": {
            "start_time": f"{start.isoformat(timespec='seconds')}Z",
            "end_time": f"{(start + timedelta(hours=window.hours)).isoformat(timespec='seconds')}Z",
            "recurrence": f"FREQ=WEEKLY;BYDAY={','.join(window.days)}",
        }
    }
