"""AKS clusters in the pretend cloud: what they return, what AKS refuses, replaces or changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.cloud.values import UNKNOWN
from tests.support.azure_cloud import AGENT_POOL, CLUSTER, SCALING, SUBSCRIPTION, SYSTEM, Azure, running_azure
from tests.support.cloud_client import Refused, urn_of

OVERLAY = {"networkPlugin": "azure", "networkPluginMode": "overlay"}


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    with running_azure(tmp_path / "state") as running:
        yield running


def test_a_cluster_has_id_addresses_versions_and_identities_of_real_shape(azure: Azure) -> None:
    made = azure.cluster(oidcIssuerProfile={"enabled": True})
    group = f"/subscriptions/{SUBSCRIPTION}/resourcegroups"
    assert made.id == f"{group}/apps/providers/Microsoft.ContainerService/managedClusters/main"
    assert re.fullmatch(r"main-[0-9a-f]{8}\.hcp\.westeurope\.azmk8s\.io", made.outputs["fqdn"])
    assert "privateFQDN" not in made.outputs
    assert made.outputs["nodeResourceGroup"] == "MC_apps_main_westeurope"
    assert re.fullmatch(
        r"https://westeurope\.oic\.prod-aks\.azure\.com/[0-9a-f-]{36}/[0-9a-f-]{36}/",
        made.outputs["oidcIssuerProfile"]["issuerURL"],
    )
    assert made.outputs["currentKubernetesVersion"] == "1.35.0"
    kubelet = made.outputs["identityProfile"]["kubeletidentity"]
    own = "Microsoft.ManagedIdentity/userAssignedIdentities/main-agentpool"
    assert kubelet["resourceId"] == f"{group}/MC_apps_main_westeurope/providers/{own}"
    assert re.fullmatch(r"[0-9a-f-]{36}", kubelet["objectId"])
    assert made.outputs["identity"]["principalId"] and made.outputs["azureApiVersion"] == "2025-09-01"


def test_a_private_cluster_has_a_name_in_a_private_zone_and_maybe_no_public_one(azure: Azure) -> None:
    made = azure.cluster(apiServerAccessProfile={"enablePrivateCluster": True, "enablePrivateClusterPublicFQDN": False})
    assert re.fullmatch(
        r"main-[0-9a-f]{8}\.[0-9a-f-]{36}\.privatelink\.westeurope\.azmk8s\.io", made.outputs["privateFQDN"]
    )
    assert "fqdn" not in made.outputs


def test_without_an_issuer_there_is_no_issuers_url(azure: Azure) -> None:
    assert azure.cluster().outputs["oidcIssuerProfile"] == {"enabled": False}


def test_identities_are_a_list_in_programs_and_a_map_in_answers_also_in_previews(azure: Azure) -> None:
    own = azure.identity()
    identity = {"type": "UserAssigned", "userAssignedIdentities": [own.id]}
    previewed = azure.provider.preview(
        urn_of(CLUSTER, "main"), {"resourceGroupName": "apps", **azure.wanted(identity=identity)}
    )
    assert previewed["identity"]["userAssignedIdentities"] == {own.id: {}}
    made = azure.cluster(identity=identity)
    principal = made.outputs["identity"]["userAssignedIdentities"][own.id]
    assert principal == {name: own.outputs[name] for name in ("clientId", "principalId")}
    refreshed = azure.provider.refresh(made)
    assert refreshed is not None and refreshed.inputs["identity"] == identity


def test_an_identity_that_is_not_there_yet_makes_the_map_unknown(azure: Azure) -> None:
    identity = {"type": "UserAssigned", "userAssignedIdentities": [UNKNOWN]}
    wanted = {"resourceGroupName": "apps", **azure.wanted(identity=identity)}
    previewed = azure.provider.preview(urn_of(CLUSTER, "main"), wanted)
    assert previewed["identity"]["userAssignedIdentities"] == UNKNOWN


def test_a_minor_version_becomes_its_newest_patch_and_is_no_upgrade_later(azure: Azure) -> None:
    made = azure.cluster(kubernetesVersion="1.34")
    assert (made.outputs["kubernetesVersion"], made.outputs["currentKubernetesVersion"]) == ("1.34", "1.34.7")
    again = azure.provider.update(made, {**made.inputs, "kubernetesVersion": "1.35"})
    assert again.outputs["currentKubernetesVersion"] == "1.35.0"


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("1.34", "1.36", "Upgrading Kubernetes version 1.34.7 to 1.36.2 is not allowed"),
        ("1.35", "1.34", "Downgrading Kubernetes version 1.35.0 to 1.34.7 is not allowed"),
    ],
)
def test_a_version_moves_one_step_up_and_never_back(azure: Azure, before: str, after: str, text: str) -> None:
    made = azure.cluster(kubernetesVersion=before)
    with pytest.raises(Refused, match=text):
        azure.provider.update(made, {**made.inputs, "kubernetesVersion": after})


def test_a_version_of_long_term_support_needs_its_plan_and_tier(azure: Azure) -> None:
    with pytest.raises(Refused, match=r"K8sVersionNotSupported.*version 1\.33, which is not supported"):
        azure.cluster(kubernetesVersion="1.33")
    with pytest.raises(Refused, match="AKSLongTermSupport needs the Premium tier"):
        azure.cluster(kubernetesVersion="1.33", supportPlan="AKSLongTermSupport")
    azure.cluster(kubernetesVersion="1.33", supportPlan="AKSLongTermSupport", sku={"name": "Base", "tier": "Premium"})


def test_a_group_for_machines_whose_name_grows_too_long_is_refused(azure: Azure) -> None:
    with pytest.raises(Refused, match="maximum length is 80 and the length of the value provided is 82"):
        azure.cluster(resourceName="c" * 63)


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"dnsPrefix": None}, "Required parameter dnsPrefix is missing"),
        ({"identity": None}, "servicePrincipalProfile is missing"),
        ({"identity": {"type": "UserAssigned"}}, "does not go with 0 user-assigned identities"),
        ({"agentPoolProfiles": []}, "agentPoolProfiles is missing"),
        ({"agentPoolProfiles": [{**SYSTEM, "mode": "User"}]}, "Must define at least one system pool"),
        ({"agentPoolProfiles": [SYSTEM, SYSTEM]}, "must be unique"),
        ({"agentPoolProfiles": [{**SYSTEM, "scaleSetPriority": "Spot"}]}, "Spot node pools require user node pools"),
        (
            {"agentPoolProfiles": [{**SYSTEM, "enableAutoScaling": True, "minCount": 0, "maxCount": 3}]},
            "minCount is inv",
        ),
        (
            {"nodeProvisioningProfile": {"mode": "Auto"}, "agentPoolProfiles": [{**SYSTEM, **SCALING}]},
            "cannot be created with node provisioning mode Auto",
        ),
        ({"disableLocalAccounts": True}, "needs a cluster with managed Microsoft Entra ID"),
        (
            {"apiServerAccessProfile": {"enablePrivateCluster": True, "authorizedIPRanges": ["1.2.3.4/32"]}},
            "can't be applied to private clusters",
        ),
        ({"securityProfile": {"workloadIdentity": {"enabled": True}}}, "Workload identity needs the OIDC issuer"),
        ({"metricsProfile": {"costAnalysis": {"enabled": True}}}, "needs the Standard or Premium tier"),
    ],
)
def test_what_aks_refuses_of_a_cluster(azure: Azure, more: dict[str, Any], text: str) -> None:
    with pytest.raises(Refused, match=text):
        azure.cluster(**more)


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"autoScalerProfile": {"scaleDownUnneededTime": "600"}}, "autoScalerProfile.scaleDownUnneededTime"),
        ({"autoScalerProfile": {"expander": "price"}}, "autoScalerProfile.expander"),
        (
            {"autoScalerProfile": {"scaleDownUtilizationThreshold": 0.5}},
            "autoScalerProfile.scaleDownUtilizationThreshold",
        ),
        ({"networkProfile": {"outboundType": "block"}}, "networkProfile.outboundType"),
        ({"agentPoolProfiles": [{**SYSTEM, "name": "System"}]}, "agentPoolProfiles[0].name"),
        ({"agentPoolProfiles": [{**SYSTEM, "osSKU": "Debian"}]}, "agentPoolProfiles[0].osSKU"),
        ({"resourceName": "-main"}, "resourceName"),
    ],
)
def test_what_does_not_come_past_the_check(azure: Azure, inputs: dict[str, Any], text: str) -> None:
    assert list(azure.provider.failures(CLUSTER, {"resourceGroupName": "apps", **azure.wanted(**inputs)})) == [text]


@pytest.mark.parametrize(
    ("before", "after", "replaces"),
    [
        ({}, {"dnsPrefix": "other"}, ["dnsPrefix"]),
        ({}, {"location": "northeurope"}, ["location"]),
        ({}, {"location": "West Europe"}, []),
        (
            {"networkProfile": OVERLAY},
            {"networkProfile": OVERLAY | {"networkPlugin": "none"}},
            ["networkProfile.networkPlugin"],
        ),
        ({"networkProfile": OVERLAY}, {"networkProfile": OVERLAY | {"loadBalancerSku": "basic"}}, []),
        ({}, {"kubernetesVersion": "1.36"}, []),
        ({}, {"agentPoolProfiles": [{**SYSTEM, "vmSize": "Standard_D8s_v5"}]}, []),
    ],
)
def test_what_replaces_a_cluster(
    azure: Azure, before: dict[str, Any], after: dict[str, Any], replaces: list[str]
) -> None:
    made = azure.cluster(**before)
    assert sorted(azure.provider.diff(made, {**made.inputs, **after}).replaces) == replaces


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            {"apiServerAccessProfile": {"enablePrivateCluster": True}},
            "apiServerAccessProfile.enablePrivateCluster' is not all",
        ),
        ({"oidcIssuerProfile": {"enabled": False}}, "can't disable OIDC issuer once enabled"),
        ({"aadProfile": None}, "cannot be disabled once it is enabled"),
    ],
)
def test_what_aks_does_not_change_although_nothing_replaces_the_cluster(
    azure: Azure, change: dict[str, Any], text: str
) -> None:
    made = azure.cluster(oidcIssuerProfile={"enabled": True}, aadProfile={"managed": True})
    wanted = {name: value for name, value in {**made.inputs, **change}.items() if value is not None}
    assert not azure.provider.diff(made, wanted).replaces
    with pytest.raises(Refused, match=text):
        azure.provider.update(made, wanted)


def test_what_aks_made_up_survives_an_update(azure: Azure) -> None:
    made = azure.cluster(oidcIssuerProfile={"enabled": True}, networkProfile=OVERLAY)
    changed = azure.provider.update(made, {**made.inputs, "tags": {"team": "web"}})
    assert {name for name in made.outputs if made.outputs[name] != changed.outputs.get(name)} <= {"tags"}
    assert changed.outputs["tags"] == {"team": "web"}


def test_a_cluster_takes_its_pools_and_what_runs_in_it_along(azure: Azure) -> None:
    made = azure.cluster()
    azure.pool()
    config = f"apiVersion: v1\nclusters: [{{name: a, cluster: {{server: 'https://{made.outputs['fqdn']}:443'}}}}]\n"
    config += "contexts: [{name: a, context: {cluster: a}}]\ncurrent-context: a\n"
    objects = azure.session.provider("kubernetes", kubeconfig=config)
    objects.create("kubernetes:core/v1:Namespace", "models", {"metadata": {"name": "models"}})
    azure.provider.delete(made)
    assert not azure.cloud.resources(AGENT_POOL) and not azure.cloud.resources("kubernetes:core/v1:Namespace")
