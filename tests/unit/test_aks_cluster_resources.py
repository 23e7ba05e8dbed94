"""What an AKS cluster registers, in a preview and in a deployment that the sandbox's provider checks."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest

import penstock
from penstock.clusters.aks.roles import Role
from tests.support.mocked import Registered, of_type, run

CLUSTER: dict[str, Any] = {"cloud": "azure", "location": "eastus", "zones": ["1", "2", "3"]}
AKS = "azure-native:containerservice:ManagedCluster"
ROLE = "azure-native:authorization:RoleAssignment"


def both(program: Any) -> list[Registered]:
    """Runs `program` as a preview and as a deployment; what it registers has to be the same."""
    previewed, deployed = run(program, preview=True), run(program)
    assert {(r.type, r.name) for r in previewed} == {(r.type, r.name) for r in deployed}
    return deployed


def made(**args: Any) -> list[Registered]:
    return both(lambda: penstock.Cluster("llm", {**CLUSTER, **args}))


def cluster(**args: Any) -> dict[str, Any]:
    return of_type(made(**args), AKS)["llm"]


def roles(registered: list[Registered]) -> dict[str, tuple[str, str]]:
    """The role and the kind of principal of each assignment."""
    return {
        name: (inputs["roleDefinitionId"].rpartition("/")[2], inputs["principalType"])
        for name, inputs in of_type(registered, ROLE).items()
    }


def test_a_cluster_has_one_pool_and_that_is_the_systems() -> None:
    registered = made()
    (pool,) = of_type(registered, AKS)["llm"]["agentPoolProfiles"]
    assert (pool["mode"], pool["name"]) == ("System", "system")
    assert pool["nodeTaints"] == ["CriticalAddonsOnly=true:NoSchedule"]
    assert pool["vnetSubnetID"].endswith("/subnets/" + pool["vnetSubnetID"].rpartition("/")[2])
    assert not of_type(registered, "azure-native:containerservice:AgentPool")


def test_a_cluster_lets_nobody_in_without_entra_id() -> None:
    inputs = cluster()
    assert inputs["disableLocalAccounts"] is True
    assert inputs["aadProfile"]["managed"] is True
    assert inputs["aadProfile"]["enableAzureRBAC"] is True
    assert inputs["oidcIssuerProfile"] == {"enabled": True}
    assert inputs["securityProfile"]["workloadIdentity"] == {"enabled": True}


def test_the_cluster_may_use_its_subnet_before_it_is_made() -> None:
    registered = made()
    names = [r.name for r in registered if r.type in (ROLE, AKS)]
    assert names.index("llm-network") < names.index("llm")
    assert roles(registered)["llm-network"] == (Role.NETWORK_CONTRIBUTOR, "ServicePrincipal")
    assert "/subnets/" in of_type(registered, ROLE)["llm-network"]["scope"]


def test_a_private_cluster_may_use_its_network() -> None:
    scope = of_type(made(private_endpoint=True), ROLE)["llm-network"]["scope"]
    assert "/virtualNetworks/" in scope
    assert "/subnets/" not in scope


def test_who_deploys_and_the_named_groups_administer() -> None:
    admin = "11111111-2222-3333-4444-555555555555"
    registered = made(admins=[admin])
    assert roles(registered)["llm-deployer"][0] == Role.AKS_RBAC_CLUSTER_ADMIN
    assert roles(registered)["llm-admin-0"] == (Role.AKS_RBAC_CLUSTER_ADMIN, "Group")
    assert of_type(registered, ROLE)["llm-admin-0"]["principalId"] == admin


def test_nodes_leave_by_one_gateway_only() -> None:
    registered = made()
    (subnet,) = of_type(registered, "azure-native:network:Subnet").values()
    assert subnet["defaultOutboundAccess"] is False
    assert "/natGateways/" in subnet["natGateway"]["id"]
    (address,) = of_type(registered, "azure-native:network:PublicIPAddress").values()
    assert address["zones"] == ["1", "2", "3"]
    assert of_type(registered, AKS)["llm"]["networkProfile"]["outboundType"] == "userAssignedNATGateway"


@pytest.mark.parametrize(
    ("zones", "address", "gateway"),
    [(["2"], ["2"], ["2"]), (["1", "2"], ["1", "2", "3"], None), (["0"], None, None)],
)
def test_the_way_out_is_where_the_nodes_are(
    zones: list[str], address: list[str] | None, gateway: list[str] | None
) -> None:
    registered = made(zones=zones, location="eastus" if zones != ["0"] else "westus")
    (ip,) = of_type(registered, "azure-native:network:PublicIPAddress").values()
    (nat,) = of_type(registered, "azure-native:network:NatGateway").values()
    assert (ip.get("zones"), nat.get("zones")) == (address, gateway)


def test_an_isolated_cluster_has_no_way_out() -> None:
    registered = made(network={"isolated": True})
    inputs = of_type(registered, AKS)["llm"]
    assert inputs["networkProfile"]["outboundType"] == "none"
    assert inputs["bootstrapProfile"] == {"artifactSource": "Cache"}
    assert inputs["apiServerAccessProfile"]["enablePrivateCluster"] is True
    assert "addonProfiles" not in inputs or inputs["addonProfiles"] == {}
    kinds = {r.type for r in registered}
    assert "azure-native:network:NatGateway" not in kinds
    assert "azure-native:network:PublicIPAddress" not in kinds


def test_authorized_networks_let_the_nodes_in_too() -> None:
    ranges = cluster(authorized_networks=[{"cidr": "203.0.113.0/24"}])["apiServerAccessProfile"]["authorizedIPRanges"]
    assert ranges[0] == "203.0.113.0/24"
    assert ranges[1].endswith("/32")


def test_logs_are_sent_by_how_much_is_to_be_seen() -> None:
    full, system = made(), made(observability="system")
    for registered, categories in ((full, 10), (system, 3)):
        (setting,) = of_type(registered, "azure-native:monitor:DiagnosticSetting").values()
        assert len(setting["logs"]) == categories
        assert setting["logAnalyticsDestinationType"] == "Dedicated"
    assert of_type(full, AKS)["llm"]["addonProfiles"]["omsagent"]["enabled"] is True
    (association,) = of_type(full, "azure-native:monitor:DataCollectionRuleAssociation").values()
    assert association["associationName"] == "ContainerInsightsExtension"
    assert not of_type(system, "azure-native:monitor:DataCollectionRule")


def test_a_window_is_for_clusters_and_for_images() -> None:
    window = {"start": "2026-01-03T02:00:00Z", "hours": 4, "days": ["SA"]}
    configs = of_type(made(maintenance_window=window), "azure-native:containerservice:MaintenanceConfiguration")
    names = {config["configName"] for config in configs.values()}
    assert names == {"aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule"}


def test_labels_are_tags_of_everything_that_costs() -> None:
    registered = made(labels={"team": "search"})
    untagged = {
        r.type.rpartition(":")[2]
        for r in registered
        if r.type.startswith("azure-native:") and r.inputs.get("tags") != {"team": "search"}
    }
    assert untagged == {"Subnet", "RoleAssignment", "DiagnosticSetting", "DataCollectionRuleAssociation"}


def test_the_kubeconfig_logs_in_without_asking() -> None:
    seen: list[str] = []
    run(lambda: penstock.Cluster("llm", CLUSTER).kubeconfig.apply(seen.append))
    config = json.loads(seen[0])
    user = config["users"][0]["user"]["exec"]
    assert user["command"] == "kubelogin"
    assert user["args"][:3] == ["get-token", "--login", "azurecli"]
    assert config["clusters"][0]["cluster"]["server"].startswith("https://")
    assert config["clusters"][0]["cluster"]["certificate-authority-data"]


def test_what_a_pool_needs_of_its_cluster() -> None:
    seen: list[Any] = []
    run(lambda: pulumi.Output.from_input(penstock.Cluster("llm", CLUSTER).ref).apply(seen.append))
    (ref,) = seen
    assert (ref["cloud"], ref["location"], ref["zones"]) == ("azure", "eastus", ["1", "2", "3"])
    assert list(ref["subnets"]) == ["1", "2", "3"]
    assert len(set(ref["subnets"].values())) == 1
    assert ref["resource_group"]
    assert ref["identity_principal"]
    assert ref["project"] == "00000000-0000-0000-0000-000000000000"


def test_an_adopted_cluster_is_looked_up_and_nothing_is_made(tmp_path: Path) -> None:
    theirs: list[Any] = []
    ours: list[Any] = []
    run(lambda: pulumi.Output.from_input(penstock.Cluster("llm", CLUSTER).ref).apply(theirs.append), cloud=tmp_path)

    def program() -> None:
        adopted = {"name": theirs[0]["name"], "resource_group": theirs[0]["resource_group"]}
        found = penstock.Cluster("llm", {**CLUSTER, "adopt": adopted})
        pulumi.Output.all(found.ref, found.kubeconfig).apply(ours.append)

    assert [r.type for r in run(program, cloud=tmp_path)] == ["penstock:index:Cluster"]
    ref, kubeconfig = ours[0]
    for key in ("name", "resource_group", "zones", "project", "identity_principal"):
        assert ref[key] == theirs[0][key], key
    assert "kubelogin" in kubeconfig


def test_adopting_a_cluster_that_is_not_there_fails_and_names_it() -> None:
    adopted = {"name": "theirs", "resource_group": "their-group"}
    with pytest.raises(Exception, match="theirs"):
        run(lambda: penstock.Cluster("llm", {**CLUSTER, "adopt": adopted}))
