"""An AKS cluster's list of pools and the agent pools beside it are one thing in the pretend cloud, as they are in Azure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.azure_cloud import AGENT_POOL, SCALING, SYSTEM, Azure, running_azure
from tests.support.cloud_client import Live, Refused


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    with running_azure(tmp_path / "state") as running:
        yield running


def names(cluster: Live | None) -> list[str]:
    assert cluster is not None
    return [profile["name"] for profile in cluster.outputs["agentPoolProfiles"]]


def test_a_pool_made_beside_the_cluster_is_in_its_list_after_a_refresh(azure: Azure) -> None:
    made = azure.cluster()
    azure.pool()
    refreshed = azure.provider.refresh(made)
    assert refreshed is not None and names(refreshed) == ["system", "web"]
    assert "agentPoolProfiles[1]" in azure.provider.diff(refreshed, made.inputs).detailedDiff
    assert not azure.provider.diff(refreshed, made.inputs, ignore=["agentPoolProfiles"]).diffs


def test_a_cluster_that_does_not_list_a_pool_leaves_it_alone(azure: Azure) -> None:
    made = azure.cluster()
    pool = azure.pool()
    refreshed = azure.provider.refresh(made)
    assert refreshed is not None
    assert names(azure.provider.update(refreshed, made.inputs)) == ["system", "web"]
    assert azure.provider.refresh(pool) is not None


def test_a_cluster_cannot_be_given_a_new_pool(azure: Azure) -> None:
    made = azure.cluster()
    with pytest.raises(Refused, match=r"A new agent pool was introduced\. Adding agent pools to an existing cluster"):
        azure.provider.update(made, {**made.inputs, "agentPoolProfiles": [SYSTEM, {**SYSTEM, "name": "other"}]})


def test_a_listed_pool_that_was_deleted_beside_the_cluster_is_new_to_it(azure: Azure) -> None:
    made = azure.cluster()
    pool = azure.pool()
    refreshed = azure.provider.refresh(made)
    azure.provider.delete(pool)
    assert refreshed is not None
    with pytest.raises(Refused, match="A new agent pool was introduced"):
        azure.provider.update(refreshed, refreshed.inputs)


def test_a_listed_pool_changes_with_the_cluster_but_not_its_machines(azure: Azure) -> None:
    made = azure.cluster()
    changed = azure.provider.update(made, {**made.inputs, "agentPoolProfiles": [{**SYSTEM, "count": 5}]})
    assert changed.outputs["agentPoolProfiles"][0]["count"] == 5
    with pytest.raises(Refused, match=r'Changing property "agentPoolProfile\.vmSize" is not allowed'):
        bigger = [{**SYSTEM, "vmSize": "Standard_D8s_v5"}]
        azure.provider.update(changed, {**changed.inputs, "agentPoolProfiles": bigger})


def test_the_autoscaler_moves_listed_pools_too(azure: Azure) -> None:
    made = azure.cluster(agentPoolProfiles=[{**SYSTEM, **SCALING}])
    azure.cloud.scale("system", 4)
    refreshed = azure.provider.refresh(made)
    assert refreshed is not None and refreshed.inputs["agentPoolProfiles"][0]["count"] == 4
    assert [pool.outputs["count"] for pool in azure.cloud.resources(AGENT_POOL)] == [4]


def test_a_pool_beside_the_cluster_cannot_take_a_listed_pools_name(azure: Azure) -> None:
    made = azure.cluster()
    with pytest.raises(Refused, match=f"cannot create already existing resource '{made.id}/agentPools/system'"):
        azure.pool(agentPoolName="system")
