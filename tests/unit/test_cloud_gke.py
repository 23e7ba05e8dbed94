"""Clusters and node pools in the pretend cloud: shapes of what they return, replacement, and the moving size."""

from __future__ import annotations

import base64
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from sandbox.cloud.gcp.nodes import PoolSize
from sandbox.cloud.values import UNKNOWN
from tests.support.cloud_client import Live, Refused, Session, running_cloud, urn_of

CLUSTER = "gcp:container/cluster:Cluster"
NODE_POOL = "gcp:container/nodePool:NodePool"
AUTOSCALING = {"totalMinNodeCount": 2, "totalMaxNodeCount": 20}
NAMED: dict[str, Any] = {"cluster": "main", "location": "us-central1", "name": "pool"}


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Session]:
    with running_cloud(tmp_path / "state") as session:
        yield session


def cluster(cloud: Session, **more: Any) -> Live:
    inputs = {
        "name": "main",
        "location": "us-central1",
        "initialNodeCount": 1,
        "removeDefaultNodePool": True,
        "deletionProtection": False,
    }
    return cloud.gcp().create(CLUSTER, "main", inputs | more)


def pool(cloud: Session, **more: Any) -> Live:
    return cloud.gcp().create(NODE_POOL, "pool", NAMED | more)


def replaced(response: provider_pb2.DiffResponse) -> set[str]:
    return set(response.replaces)


def test_a_cluster_has_endpoint_certificate_and_versions_of_real_shape(cloud: Session) -> None:
    made = cluster(cloud)
    assert made.id == "projects/acme/locations/us-central1/clusters/main"
    assert re.fullmatch(r"34(\.\d{1,3}){3}", made.outputs["endpoint"])
    certificate = base64.b64decode(made.outputs["masterAuth"]["clusterCaCertificate"]).decode()
    assert ssl.PEM_cert_to_DER_cert(certificate)
    assert re.fullmatch(r"1\.\d+\.\d+-gke\.\d+", made.outputs["masterVersion"])
    assert made.outputs["selfLink"].endswith(made.id)
    assert len(made.outputs["nodeLocations"]) == 3


def test_what_is_computed_within_a_given_block_is_unknown_in_a_preview_and_there_afterwards(cloud: Session) -> None:
    given = {"controlPlaneEndpointsConfig": {"dnsEndpointConfig": {"allowExternalTraffic": True}}}
    inputs = {"location": "us-central1", "initialNodeCount": 1, "deletionProtection": False, **given}
    previewed = cloud.gcp().preview(urn_of(CLUSTER, "main"), inputs)["controlPlaneEndpointsConfig"]
    assert previewed["dnsEndpointConfig"] == {"allowExternalTraffic": True, "endpoint": UNKNOWN}
    made = cluster(cloud, **given).outputs["controlPlaneEndpointsConfig"]["dnsEndpointConfig"]
    assert made["allowExternalTraffic"] is True
    assert made["endpoint"].endswith(".us-central1.gke.goog")


def test_a_version_prefix_becomes_the_newest_version_of_the_channel(cloud: Session) -> None:
    made = cluster(cloud, minMasterVersion="1.35", releaseChannel={"channel": "RAPID"})
    assert made.outputs["masterVersion"] == "1.35.8-gke.1919000"


def test_a_version_that_nobody_offers_is_refused(cloud: Session) -> None:
    with pytest.raises(Refused, match='No valid versions with the prefix "1.12" found'):
        cluster(cloud, minMasterVersion="1.12")


def test_a_place_that_does_not_exist_is_refused(cloud: Session) -> None:
    with pytest.raises(Refused, match='"mars-north1" does not exist'):
        cluster(cloud, location="mars-north1")


def test_a_pool_has_an_instance_group_per_zone(cloud: Session) -> None:
    cluster(cloud)
    made = pool(cloud, nodeLocations=["us-central1-a", "us-central1-f"], autoscaling=AUTOSCALING)
    managers = made.outputs["instanceGroupUrls"]
    assert [
        re.search(r"/zones/([^/]+)/instanceGroupManagers/gke-main-pool-[0-9a-f]{8}-grp$", url)[1] for url in managers
    ] == [  # type: ignore[index]
        "us-central1-a",
        "us-central1-f",
    ]
    assert [url.replace("Managers", "s") for url in managers] == made.outputs["managedInstanceGroupUrls"]


def test_a_zone_of_another_region_is_refused(cloud: Session) -> None:
    cluster(cloud)
    with pytest.raises(Refused, match="Location europe-west1-b is not in region us-central1"):
        pool(cloud, nodeLocations=["europe-west1-b"])


def test_a_pool_without_its_cluster_is_not_found(cloud: Session) -> None:
    with pytest.raises(Refused, match=r"Error 404: Not found: projects/acme/locations/us-central1/clusters/main\."):
        pool(cloud)


@pytest.mark.parametrize("reference", ["main", "projects/acme/locations/us-central1/clusters/main"])
def test_a_pool_finds_its_cluster_by_name_and_by_id(cloud: Session, reference: str) -> None:
    cluster(cloud)
    assert pool(cloud, cluster=reference).id == "projects/acme/locations/us-central1/clusters/main/nodePools/pool"


def test_two_of_one_name_conflict(cloud: Session) -> None:
    cluster(cloud)
    with pytest.raises(Refused, match="Error 409: Already exists: projects/acme/locations/us-central1/clusters/main"):
        cluster(cloud)


def test_in_preview_nothing_computed_is_known_and_every_input_is(cloud: Session) -> None:
    outputs = cloud.gcp().preview(urn_of(CLUSTER, "main"), {"location": "us-central1", "initialNodeCount": 1})
    assert outputs["location"] == "us-central1"
    assert outputs["endpoint"] is outputs["masterAuth"] is outputs["masterVersion"] is outputs["selfLink"] is UNKNOWN


def test_in_preview_an_unknown_input_stays_unknown(cloud: Session) -> None:
    inputs = {**NAMED, "cluster": UNKNOWN, "nodeConfig": {"machineType": UNKNOWN, "spot": True}}
    outputs = cloud.gcp().preview(urn_of(NODE_POOL, "pool"), inputs)
    assert outputs["cluster"] is UNKNOWN
    assert outputs["nodeConfig"]["machineType"] is UNKNOWN
    assert outputs["nodeConfig"]["spot"] is True


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ({"nodeConfig": {"spot": False}}, {"nodeConfig": {"spot": True}}, "nodeConfig.spot"),
        (
            {"nodeConfig": {"guestAccelerators": [{"type": "nvidia-l4", "count": 1}]}},
            {"nodeConfig": {"guestAccelerators": [{"type": "nvidia-l4", "count": 2}]}},
            "nodeConfig.guestAccelerators[0].count",
        ),
        ({}, {"placementPolicy": {"type": "COMPACT"}}, "placementPolicy"),
        ({"maxPodsPerNode": 32}, {"maxPodsPerNode": 64}, "maxPodsPerNode"),
    ],
)
def test_what_cannot_change_in_place_replaces_the_pool(
    cloud: Session, before: dict[str, Any], after: dict[str, Any], path: str
) -> None:
    cluster(cloud)
    made = pool(cloud, **before)
    inputs, _ = cloud.gcp().check(made.urn, NAMED | after, made.inputs)
    response = cloud.gcp().diff(made, inputs)
    assert replaced(response) == {path}
    assert response.deleteBeforeReplace, "its name is its own, so the old pool has to go first"


def test_an_unknown_new_value_of_such_a_property_replaces_the_pool(cloud: Session) -> None:
    cluster(cloud)
    made = pool(cloud, nodeConfig={"spot": True})
    assert replaced(cloud.gcp().diff(made, made.inputs | {"nodeConfig": UNKNOWN})) == {"nodeConfig"}


def test_bounds_change_in_place_even_above_the_live_size(cloud: Session) -> None:
    cluster(cloud)
    made = pool(cloud, autoscaling=AUTOSCALING)
    cloud.cloud.scale(made.id, 3)
    raised = NAMED | {"autoscaling": {"totalMinNodeCount": 9, "totalMaxNodeCount": 20}}
    inputs, _ = cloud.gcp().check(made.urn, raised, made.inputs)
    response = cloud.gcp().diff(made, inputs)
    assert dict(response.detailedDiff).keys() == {"autoscaling.totalMinNodeCount"}
    assert not replaced(response)
    assert cloud.gcp().update(made, raised).outputs["nodeCount"] == 3, "9 nodes over 3 zones"


def test_the_size_that_the_autoscaler_chose_shows_after_a_refresh(cloud: Session) -> None:
    cluster(cloud)
    made = pool(cloud, nodeCount=1)
    cloud.cloud.scale(made.id, 6)
    refreshed = cloud.gcp().refresh(made)
    assert refreshed is not None
    assert (refreshed.outputs["nodeCount"], refreshed.inputs["nodeCount"]) == (2, 2)
    assert "nodeCount" in cloud.gcp().diff(refreshed, made.inputs).detailedDiff, "the program fights the autoscaler"


def test_with_ignore_node_count_changes_the_provider_does_not_look(cloud: Session) -> None:
    cluster(cloud)
    made = pool(cloud, nodeCount=1, ignoreNodeCountChanges=True)
    cloud.cloud.scale(made.id, 6)
    refreshed = cloud.gcp().refresh(made)
    assert refreshed is not None
    assert refreshed.outputs["nodeCount"] == 1
    assert cloud.gcp().diff(refreshed, made.inputs).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_a_pool_that_declares_no_size_never_fights_the_autoscaler(cloud: Session) -> None:
    cluster(cloud)
    made = pool(cloud, autoscaling=AUTOSCALING)
    cloud.cloud.scale(made.id, 18)
    refreshed = cloud.gcp().refresh(made)
    assert refreshed is not None
    assert refreshed.outputs["nodeCount"] == 6
    assert cloud.gcp().diff(refreshed, made.inputs).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_a_new_node_count_resizes_the_pool(cloud: Session) -> None:
    cluster(cloud)
    made = pool(cloud, nodeCount=1)
    cloud.gcp().update(made, NAMED | {"nodeCount": 4})
    live = cloud.cloud.find(NODE_POOL, made.id)
    assert live is not None
    assert live.live["nodes"] == 12


def test_the_autoscaler_stays_within_its_maximum(cloud: Session) -> None:
    cluster(cloud)
    made = pool(cloud, autoscaling=AUTOSCALING)
    with pytest.raises(ValueError, match="never goes above 20 nodes"):
        cloud.cloud.scale(made.id, 21)
    with pytest.raises(LookupError, match="there are: .*nodePools/pool"):
        cloud.cloud.scale("another", 1)


def test_bounds_per_zone_count_every_zone() -> None:
    size = PoolSize.initial(0, 3, {"minNodeCount": 1, "maxNodeCount": 5})
    assert (size.nodes, size.least, size.most) == (3, 3, 15)


def test_crossed_bounds_are_refused(cloud: Session) -> None:
    cluster(cloud)
    with pytest.raises(Refused, match="totalMinNodeCount 5 exceeds totalMaxNodeCount 2"):
        pool(cloud, autoscaling={"totalMinNodeCount": 5, "totalMaxNodeCount": 2})


def test_a_protected_cluster_cannot_be_destroyed(cloud: Session) -> None:
    made = cluster(cloud, deletionProtection=True)
    with pytest.raises(Refused, match="Cannot destroy cluster because deletion_protection is set to true"):
        cloud.gcp().delete(made)


def test_a_cluster_takes_its_pools_and_objects_along(cloud: Session) -> None:
    made = cluster(cloud)
    pool(cloud)
    kubeconfig = f"""
apiVersion: v1
kind: Config
current-context: main
clusters: [{{name: main, cluster: {{server: "https://{made.outputs["endpoint"]}"}}}}]
contexts: [{{name: main, context: {{cluster: main, user: main}}}}]
"""
    cloud.provider("kubernetes", kubeconfig=kubeconfig).create("kubernetes:core/v1:Namespace", "team", {})
    cloud.gcp().delete(made)
    assert cloud.cloud.resources() == []


def test_an_import_by_short_id_reconstructs_the_inputs(cloud: Session) -> None:
    cluster(cloud)
    made = pool(cloud, autoscaling=AUTOSCALING)
    for id_ in (made.id, "acme/us-central1/main/pool", "us-central1/main/pool"):
        imported = cloud.gcp().adopt(NODE_POOL, id_)
        assert imported is not None
        assert imported.id == made.id
        assert imported.inputs["autoscaling"] == AUTOSCALING
    assert cloud.gcp().adopt(NODE_POOL, "us-central1/main/nobody") is None


def test_what_was_deleted_by_hand_is_gone_after_a_refresh(cloud: Session) -> None:
    cluster(cloud)
    made = pool(cloud)
    cloud.cloud.remove(NODE_POOL, made.id)
    assert cloud.gcp().refresh(made) is None
    cloud.gcp().delete(made)


def test_an_update_of_something_else_leaves_the_autoscalers_choice_alone(cloud: Session) -> None:
    cluster(cloud)
    made = pool(cloud, nodeCount=1)
    cloud.cloud.scale(made.id, 6)
    cloud.gcp().update(made, NAMED | {"nodeCount": 1, "nodeConfig": {"labels": {"a": "b"}}})
    assert (found := cloud.cloud.find(NODE_POOL, made.id)) is not None
    assert found.live["nodes"] == 6


def test_after_a_refresh_the_declared_count_wins_over_the_autoscalers_choice(cloud: Session) -> None:
    cluster(cloud)
    made = pool(cloud, nodeCount=1)
    cloud.cloud.scale(made.id, 6)
    refreshed = cloud.gcp().refresh(made)
    assert refreshed is not None
    cloud.gcp().update(refreshed, NAMED | {"nodeCount": 1})
    assert (found := cloud.cloud.find(NODE_POOL, made.id)) is not None
    assert found.live["nodes"] == 3
