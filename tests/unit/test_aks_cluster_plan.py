"""Laws of the pure plan of an AKS cluster."""

import base64
import ipaddress
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.clusters.aks import plan
from penstock.clusters.aks.spec import AksClusterSpec
from penstock.clusters.args import Observability
from penstock.spec import check

SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/nodes"


def spec(**args: Any) -> AksClusterSpec:
    return check(AksClusterSpec, {"cloud": "azure", "location": "eastus", "zones": ["1", "2", "3"], **args})


def test_a_cluster_lets_in_by_entra_id_and_azure_rbac_alone() -> None:
    args = plan.cluster_args(spec())
    assert args["disable_local_accounts"] is True
    assert args["enable_rbac"] is True
    assert args["oidc_issuer_profile"] == {"enabled": True}
    assert args["security_profile"]["workload_identity"] == {"enabled": True}


def test_the_clouds_autoscaler_is_set_in_texts_and_makes_no_pools_by_itself() -> None:
    args = plan.cluster_args(spec())
    profile = args["auto_scaler_profile"]
    assert all(isinstance(value, str) for value in profile.values())
    assert profile == {
        "expander": "least-waste",
        "balance_similar_node_groups": "true",
        "scale_down_utilization_threshold": "0.5",
        "scale_down_unneeded_time": "5m",
        "scale_down_delay_after_add": "5m",
        "skip_nodes_with_local_storage": "false",
        "skip_nodes_with_system_pods": "false",
    }
    assert args["node_provisioning_profile"] == {"mode": "Manual"}
    assert "workload_auto_scaler_profile" not in args


@pytest.mark.parametrize(
    ("args", "channel", "tier", "support"),
    [
        ({"release_channel": "rapid"}, "rapid", "Standard", "KubernetesOfficial"),
        ({}, "stable", "Standard", "KubernetesOfficial"),
        ({"release_channel": "stable"}, "patch", "Standard", "KubernetesOfficial"),
        ({"release_channel": "extended"}, "patch", "Premium", "AKSLongTermSupport"),
        ({"version": "1.34"}, "patch", "Standard", "KubernetesOfficial"),  # or the channel would outrun it
    ],
)
def test_release_channels(args: dict[str, Any], channel: str, tier: str, support: str) -> None:
    made = plan.cluster_args(spec(**args))
    assert made["auto_upgrade_profile"] == {"upgrade_channel": channel, "node_os_upgrade_channel": "NodeImage"}
    assert made["sku"] == {"name": "Base", "tier": tier}
    assert made["support_plan"] == support
    assert made.get("kubernetes_version") == args.get("version")
    assert plan.system_pool(spec(**args)).get("orchestrator_version") == args.get("version")


def test_a_private_cluster_has_no_public_name() -> None:
    assert plan.cluster_args(spec(private_endpoint=True))["api_server_access_profile"] == {
        "enable_private_cluster": True,
        "enable_private_cluster_public_fqdn": False,
        "private_dns_zone": "system",
    }
    assert "api_server_access_profile" not in plan.cluster_args(spec())


def test_an_isolated_cluster_is_private_and_needs_nothing_from_outside() -> None:
    args = plan.cluster_args(spec(network={"isolated": True}))
    assert args["api_server_access_profile"]["enable_private_cluster"] is True
    assert args["bootstrap_profile"] == {"artifact_source": "Cache"}
    assert args["metrics_profile"] == {"cost_analysis": {"enabled": False}}
    assert spec(network={"isolated": True}).watched is Observability.SYSTEM


def test_cost_is_analysed() -> None:
    assert plan.cluster_args(spec())["metrics_profile"] == {"cost_analysis": {"enabled": True}}


def test_the_network_is_an_overlay_with_cilium() -> None:
    profile = plan.network_profile(spec())
    assert profile == {
        "network_plugin": "azure",
        "network_plugin_mode": "overlay",
        "network_dataplane": "cilium",
        "network_policy": "cilium",
        "load_balancer_sku": "standard",
        "pod_cidr": "10.4.0.0/14",
        "service_cidr": "10.8.0.0/20",
        "dns_service_ip": "10.8.0.10",
    }


@given(st.integers(13, 28), st.integers(0, 255))
def test_the_address_of_dns_is_among_the_services_and_not_the_first(size: int, third: int) -> None:
    services = ipaddress.ip_network(f"10.200.{third}.0/{size}", strict=False)
    profile = plan.network_profile(spec(network={"service_cidr": str(services)}))
    address = ipaddress.ip_address(profile["dns_service_ip"])
    assert address in services
    assert address not in (services[0], services[1], services[-1])


@pytest.mark.parametrize(
    ("zones", "asked", "bounds"),
    [
        (["1", "2", "3"], {}, (3, 6)),
        (["1", "2"], {}, (2, 4)),
        (["1"], {}, (2, 4)),
        (["0"], {}, (2, 4)),
        (["1", "2", "3"], {"min_nodes": 5}, (5, 10)),
        (["1", "2", "3"], {"max_nodes": 2}, (2, 2)),
    ],
)
def test_the_system_pool_starts_with_a_node_a_zone_and_never_with_one(
    zones: list[str], asked: dict[str, Any], bounds: tuple[int, int]
) -> None:
    pool = plan.system_pool(spec(zones=zones, system_pool=asked))
    assert (pool["min_count"], pool["max_count"]) == bounds
    assert pool["count"] == pool["min_count"]
    assert pool["availability_zones"] == (None if zones == ["0"] else zones)


def test_the_system_pool_is_for_the_system_alone_and_scales() -> None:
    pool = plan.system_pool(spec())
    assert (pool["name"], pool["mode"], pool["type"]) == ("system", "System", "VirtualMachineScaleSets")
    assert pool["node_taints"] == ["CriticalAddonsOnly=true:NoSchedule"]
    assert pool["enable_auto_scaling"] is True
    assert (pool["vm_size"], pool["os_disk_type"]) == ("Standard_D4s_v5", "Managed")
    assert not {"scale_set_priority", "scale_set_eviction_policy"} & pool.keys()


def test_a_system_machine_with_a_disk_of_its_own_boots_from_that() -> None:
    pool = plan.system_pool(spec(system_pool={"machine_type": "Standard_D4ds_v5"}))
    assert pool["os_disk_type"] == "Ephemeral"


def test_a_window_recurs_weekly_in_utc() -> None:
    window = {"start": "2026-01-03T22:30:00Z", "hours": 6, "days": ["SU"]}
    made = spec(maintenance_window=window)
    assert made.maintenance_window
    assert plan.maintenance(made.maintenance_window)["maintenance_window"] == {
        "start_date": "2026-01-03",
        "start_time": "22:30",
        "utc_offset": "+00:00",
        "duration_hours": 6,
        "schedule": {"weekly": {"day_of_week": "Sunday", "interval_weeks": 1}},
    }


def test_the_costliest_log_is_never_sent() -> None:
    for categories in plan.LOGS.values():
        assert "kube-audit-admin" in categories
        assert "kube-audit" not in categories
    assert set(plan.LOGS[Observability.SYSTEM]) < set(plan.LOGS[Observability.FULL])


@pytest.mark.parametrize(
    ("nat", "routes", "way"),
    [
        ({"id": "n"}, None, "userAssignedNATGateway"),
        (None, {"id": "r"}, "userDefinedRouting"),
        (None, None, "loadBalancer"),
    ],
)
def test_an_adopted_subnet_is_left_by_what_its_owner_put_there(nat: Any, routes: Any, way: str) -> None:
    assert plan.way_out(nat, routes) == way


def test_ids_are_taken_apart() -> None:
    network = SUBNET.removesuffix("/subnets/nodes")
    assert plan.subnet_id(SUBNET) == (network, "g", "v", "nodes")
    assert plan.key_id("/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/keys/k") == (
        "g",
        "v",
        "k",
    )
    with pytest.raises(ValueError, match="no id of a subnet"):
        plan.subnet_id("nodes")
    with pytest.raises(ValueError, match="no resource id of a key"):
        plan.key_id("https://v.vault.azure.net/keys/k")


def test_people_use_the_azure_cli_and_programs_are_service_principals() -> None:
    assert plan.principal_type("04b07795-8ddb-461a-bbee-02f9e1bf7b46") == "User"
    assert plan.principal_type("11111111-2222-3333-4444-555555555555") == "ServicePrincipal"


def test_the_endpoint_is_what_azure_gives_out() -> None:
    cluster = {"server": "https://llm-1234.hcp.eastus.azmk8s.io:443", "certificate-authority-data": "QQ=="}
    given = base64.b64encode(json.dumps({"clusters": [{"name": "llm", "cluster": cluster}]}).encode()).decode()
    assert plan.endpoint([{"name": "clusterUser", "value": given}]) == (cluster["server"], "QQ==")


def test_what_is_looked_up_of_an_adopted_cluster() -> None:
    assigned = {"user_assigned_identities": {"/subscriptions/…/llm": {"principal_id": "p", "client_id": "c"}}}
    assert plan.user_assigned_principal(assigned) == "p"
    assert plan.user_assigned_principal({"type": "SystemAssigned", "user_assigned_identities": None}) is None
    assert plan.user_assigned_principal(None) is None
    assert plan.subnet_of([{"vnet_subnet_id": None}, {"vnet_subnet_id": SUBNET}]) == SUBNET
    assert plan.subnet_of(None) is None
