"""AKS agent pools in the pretend cloud: spot, sizes that move, what is replaced and what is refused, the cluster's list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.azure_cloud import AGENT_POOL, SCALING, SPOT, SUBSCRIPTION, Azure, running_azure
from tests.support.cloud_client import Live, Refused

LABEL = "kubernetes.azure.com/scalesetpriority"
TAINT = f"{LABEL}=spot:NoSchedule"


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    with running_azure(tmp_path / "state") as running:
        yield running


@pytest.fixture
def cluster(azure: Azure) -> Live:
    return azure.cluster()


def changed(azure: Azure, pool: Live, **more: Any) -> Live:
    return azure.provider.update(pool, {**pool.inputs, **more})


def test_a_pool_has_an_id_and_the_defaults_that_aks_gives_it(azure: Azure, cluster: Live) -> None:
    made = azure.pool()
    assert made.id == f"{cluster.id}/agentPools/web"
    shown = {"osType": "Linux", "osSKU": "Ubuntu", "osDiskSizeGB": 128, "maxPods": 250, "scaleDownMode": "Delete"}
    assert shown.items() <= made.outputs.items()
    assert made.outputs["currentOrchestratorVersion"] == "1.35.0"
    assert "nodeTaints" not in made.outputs


def test_a_pool_needs_its_cluster_and_its_subnet(azure: Azure) -> None:
    with pytest.raises(Refused, match=r"ParentResourceNotFound.*managedClusters/main' could not be found"):
        azure.pool()
    azure.cluster()
    subnet = (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/apps/providers/Microsoft.Network/virtualNetworks/n/subnets/s"
    )
    with pytest.raises(Refused, match=r"InvalidResourceReference.*subnets/s referenced by"):
        azure.pool(vnetSubnetID=subnet)


def test_azure_labels_and_taints_spot_pools_by_itself_and_a_refresh_does_not_blame_the_program(
    azure: Azure, cluster: Live
) -> None:
    made = azure.pool(**SPOT)
    assert made.outputs["nodeLabels"] == {LABEL: "spot"} and made.outputs["nodeTaints"] == [TAINT]
    assert (made.outputs["scaleSetEvictionPolicy"], made.outputs["spotMaxPrice"]) == ("Delete", -1)
    refreshed = azure.provider.refresh(made)
    assert refreshed is not None and refreshed.inputs == made.inputs
    assert not azure.provider.diff(refreshed, made.inputs).diffs


def test_an_imported_spot_pool_shows_label_and_taint_as_inputs(azure: Azure, cluster: Live) -> None:
    imported = azure.provider.adopt(AGENT_POOL, azure.pool(**SPOT).id)
    assert imported is not None
    assert imported.inputs["nodeLabels"] == {LABEL: "spot"} and imported.inputs["nodeTaints"] == [TAINT]
    plain = {"resourceGroupName": "apps", **azure.wanted_pool(**SPOT)}
    assert {"nodeLabels", "nodeTaints"} <= set(azure.provider.diff(imported, plain).diffs)


def test_a_program_may_declare_the_label_and_taint_of_spot_and_its_own(azure: Azure, cluster: Live) -> None:
    made = azure.pool(**SPOT, nodeLabels={LABEL: "spot", "tier": "web"}, nodeTaints=["dedicated=web:NoSchedule", TAINT])
    assert made.outputs["nodeTaints"] == ["dedicated=web:NoSchedule", TAINT]
    again = changed(azure, made, nodeLabels={"tier": "batch"}, nodeTaints=[])
    assert again.outputs["nodeLabels"] == {LABEL: "spot", "tier": "batch"} and again.outputs["nodeTaints"] == [TAINT]


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (SPOT | {"mode": "System"}, "Spot node pools require user node pools"),
        (SPOT | {"upgradeSettings": {"maxSurge": "1"}}, "Spot pools can't set max surge"),
        (SPOT | {"spotMaxPrice": 0.1234567}, "up to five decimal places"),
        ({"scaleSetEvictionPolicy": "Delete"}, "cannot be specified unless the scaleSetPriority is 'Spot'"),
        ({"spotMaxPrice": 0.5}, "needs the scaleSetPriority 'Spot'"),
        ({"minCount": 1}, "only be set when enableAutoScaling is true"),
        ({"enableAutoScaling": True, "maxCount": 3}, "agentPoolProfile.minCount is missing"),
        (
            SCALING | {"count": 9},
            r"count was 9\. It must be greater or equal to minCount:1 and less than or equal to maxCount:5",
        ),
        (SCALING | {"minCount": 6}, "minCount 6 is bigger than maxCount 5"),
        (SCALING | {"mode": "System", "minCount": 0}, "agentPoolProfile.minCount is invalid"),
        ({"nodeTaints": ["dedicated:NoSchedule"]}, "not of the form key=value:Effect"),
        ({"nodeTaints": ["dedicated=web:Never"]}, "not of the form key=value:Effect"),
        ({"nodeLabels": {"kubernetes.azure.com/mode": "x"}}, "prefix is preserved by aks system labels"),
        ({"nodeLabels": {"node-restriction.kubernetes.io/x": "y"}}, "must begin with an allowed prefix"),
        ({"osType": "Windows", "osSKU": "Windows2022", "agentPoolName": "windows"}, "6 characters or less"),
        ({"vmSize": "n2-standard-4"}, "VM size of n2-standard-4 is not allowed"),
        ({"orchestratorVersion": "1.36"}, "bigger than control plane version"),
    ],
)
def test_what_aks_refuses_of_a_pool(azure: Azure, cluster: Live, more: dict[str, Any], text: str) -> None:
    with pytest.raises(Refused, match=text):
        azure.pool(**more)


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"agentPoolName": "Web"}, "agentPoolName"),
        ({"agentPoolName": "averylongpool"}, "agentPoolName"),
        ({"gpuInstanceProfile": "MIG8g"}, "gpuInstanceProfile"),
        ({"osSKU": "Ubuntu2404"}, "osSKU"),
        ({"mode": "Spot"}, "mode"),
        ({"maxPods": 300}, "maxPods"),
        ({"availabilityZones": ["westeurope-1"]}, "availabilityZones[0]"),
        ({"gpuProfile": {"driver": "Remove"}}, "gpuProfile.driver"),
    ],
)
def test_what_does_not_come_past_the_check(azure: Azure, inputs: dict[str, Any], path: str) -> None:
    wanted = {"resourceGroupName": "apps", **azure.wanted_pool(**inputs)}
    assert list(azure.provider.failures(AGENT_POOL, wanted)) == [path]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"vmSize": "Standard_D8s_v5"}),
        ({"gpuInstanceProfile": "MIG1g"}, {"gpuInstanceProfile": "MIG2g"}),
        ({}, {"agentPoolName": "other"}),
    ],
)
def test_what_replaces_a_pool_and_that_the_old_one_goes_first(
    azure: Azure, cluster: Live, before: dict[str, Any], after: dict[str, Any]
) -> None:
    made = azure.pool(**before)
    response = azure.provider.diff(made, {**made.inputs, **after})
    assert list(response.replaces) == list(after) and response.deleteBeforeReplace


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"scaleSetPriority": "Spot"}),
        ({**SPOT, "scaleSetEvictionPolicy": "Delete"}, {"scaleSetEvictionPolicy": "Deallocate"}),
        ({**SPOT, "spotMaxPrice": -1}, {"spotMaxPrice": 0.5}),
        ({}, {"osDiskType": "Ephemeral"}),
        ({}, {"osDiskSizeGB": 256}),
        ({}, {"availabilityZones": ["1"]}),
        ({}, {"gpuProfile": {"driver": "None"}}),
        ({}, {"maxPods": 50}),
    ],
)
def test_what_nothing_replaces_and_aks_does_not_change(
    azure: Azure, cluster: Live, before: dict[str, Any], after: dict[str, Any]
) -> None:
    made = azure.pool(**before)
    assert not azure.provider.diff(made, {**made.inputs, **after}).replaces
    with pytest.raises(Refused, match="PropertyChangeNotAllowed"):
        changed(azure, made, **after)


def test_labels_taints_bounds_and_counts_change_in_place(azure: Azure, cluster: Live) -> None:
    made = changed(azure, azure.pool(), nodeLabels={"a": "b"}, nodeTaints=["a=b:NoExecute"], count=2)
    assert (made.outputs["nodeLabels"], made.outputs["count"]) == ({"a": "b"}, 2)
    made = changed(azure, made, enableAutoScaling=True, minCount=3, maxCount=6)
    assert made.outputs["count"] == 3


def test_the_autoscaler_moves_a_pool_within_its_bounds_and_a_refresh_sees_it(azure: Azure, cluster: Live) -> None:
    made = azure.pool(**SCALING)
    azure.cloud.scale("web", 4)
    refreshed = azure.provider.refresh(made)
    assert refreshed is not None and refreshed.inputs["count"] == 4
    assert list(azure.provider.diff(refreshed, made.inputs).diffs) == ["count"]
    assert azure.provider.update(refreshed, made.inputs).outputs["count"] == 4
    with pytest.raises(ValueError, match="between 1 and 5"):
        azure.cloud.scale("web", 6)


def test_no_update_moves_a_pool_that_scales_itself_however_old_the_count_that_it_sends(
    azure: Azure, cluster: Live
) -> None:
    made = azure.pool(**SCALING)
    azure.cloud.scale("web", 4)
    once = changed(azure, made, nodeLabels={"a": "b"})
    twice = changed(azure, once, nodeLabels={"a": "c"})
    assert (made.inputs["count"], twice.inputs["count"], twice.outputs["count"]) == (1, 1, 4)
    assert azure.cloud.resources(AGENT_POOL)[-1].outputs["count"] == 4


def test_a_pool_that_scales_itself_comes_within_new_bounds(azure: Azure, cluster: Live) -> None:
    made = azure.pool(**SCALING)
    raised = changed(azure, made, minCount=3, maxCount=8)
    assert raised.outputs["count"] == 3


def test_a_pool_of_fixed_size_is_scaled_to_the_count_that_is_sent(azure: Azure, cluster: Live) -> None:
    made = azure.pool()
    bigger = changed(azure, made, count=5)
    assert changed(azure, bigger, count=2).outputs["count"] == 2


def test_the_last_system_pool_stays(azure: Azure, cluster: Live) -> None:
    inline = azure.provider.adopt(AGENT_POOL, f"{cluster.id}/agentPools/system")
    assert inline is not None
    with pytest.raises(Refused, match="Must define at least one system pool"):
        azure.provider.delete(inline)
    azure.pool(mode="System")
    azure.provider.delete(inline)
    assert [pool.outputs["name"] for pool in azure.cloud.resources(AGENT_POOL)] == ["web"]


def test_a_pool_that_is_deleted_behind_pulumis_back_is_gone_after_a_refresh(azure: Azure, cluster: Live) -> None:
    made = azure.pool()
    azure.provider.delete(Live(made.urn, made.id.upper(), made.inputs, made.outputs))
    assert azure.provider.refresh(made) is None
