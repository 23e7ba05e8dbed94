"""What replaces a Google Cloud resource, what changes it in place, what is refused: the best-known cases."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.cloud.diff import DiffRules, changes
from sandbox.cloud.facts import load, violations
from sandbox.cloud.paths import show
from sandbox.cloud.schema import Sdk

TABLE = load("gcp")

CLUSTER = "gcp:container/cluster:Cluster"
NODE_POOL = "gcp:container/nodePool:NodePool"
COMMITMENT = "gcp:compute/regionCommitment:RegionCommitment"
KEY_RING = "gcp:kms/keyRing:KeyRing"
CRYPTO_KEY = "gcp:kms/cryptoKey:CryptoKey"
RESERVATION = "gcp:compute/reservation:Reservation"
SUBNETWORK = "gcp:compute/subnetwork:Subnetwork"


def replaces(token: str, old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether going from the old inputs to the new ones replaces the resource; some change there must be."""
    facts = TABLE[token]
    rules = DiffRules(replace_on=facts.replace_on, computed=facts.computed, sets=facts.sets, loose=True)
    found = changes(old, new, rules)
    assert found, "Nothing changes at all."
    return any(change.replaces for change in found)


def refused(token: str, inputs: dict[str, Any]) -> list[str]:
    return [show(failure.path) for failure in violations(TABLE[token], inputs)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"initialNodeCount": 1}, {"initialNodeCount": 2}),
        ({"maxPodsPerNode": 32}, {"maxPodsPerNode": 64}),
        ({"location": "europe-west4"}, {"location": "europe-west4-a"}),
        ({}, {"placementPolicy": {"type": "COMPACT"}}),
        ({}, {"queuedProvisioning": {"enabled": True}}),
        ({"networkConfig": {"podRange": "a"}}, {"networkConfig": {"podRange": "b"}}),
    ],
)
def test_a_node_pool_is_replaced(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert replaces(NODE_POOL, before, after)


def gpu(**more: Any) -> dict[str, Any]:
    return {"guestAccelerators": [{"type": "nvidia-l4", "count": 1, **more}]}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, gpu()),
        (gpu(), gpu(count=2)),
        (gpu(), gpu(type="nvidia-tesla-t4")),
        (gpu(gpuPartitionSize="1g.5gb"), gpu(gpuPartitionSize="2g.10gb")),
        (gpu(), gpu(gpuSharingConfig={"gpuSharingStrategy": "MPS", "maxSharedClientsPerGpu": 4})),
        (
            gpu(gpuDriverInstallationConfig={"gpuDriverVersion": "DEFAULT"}),
            gpu(gpuDriverInstallationConfig={"gpuDriverVersion": "LATEST"}),
        ),
        ({"spot": False}, {"spot": True}),
        ({"flexStart": False}, {"flexStart": True}),
        ({"maxRunDuration": "3600s"}, {"maxRunDuration": "7200s"}),
        ({"serviceAccount": "a@p.iam.gserviceaccount.com"}, {"serviceAccount": "b@p.iam.gserviceaccount.com"}),
        ({"oauthScopes": ["a"]}, {"oauthScopes": ["b"]}),
        ({}, {"reservationAffinity": {"consumeReservationType": "NO_RESERVATION"}}),
        (
            {"shieldedInstanceConfig": {"enableSecureBoot": False}},
            {"shieldedInstanceConfig": {"enableSecureBoot": True}},
        ),
        (
            {"confidentialNodes": {"enabled": True}},
            {"confidentialNodes": {"enabled": True, "confidentialInstanceType": "TDX"}},
        ),
        ({}, {"ephemeralStorageLocalSsdConfig": {"localSsdCount": 1}}),
        ({}, {"sandboxConfig": {"type": "GVISOR"}}),
        ({"metadata": {"a": "1"}}, {"metadata": {"a": "2"}}),
    ],
)
def test_a_node_pool_is_replaced_for_its_machines(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert replaces(NODE_POOL, {"nodeConfig": before}, {"nodeConfig": after})
    assert replaces(CLUSTER, {"nodeConfig": before}, {"nodeConfig": after}), "the default pool's cluster too"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"nodeCount": 1}, {"nodeCount": 2}),
        ({"autoscaling": {"totalMaxNodeCount": 5}}, {"autoscaling": {"totalMaxNodeCount": 50}}),
        ({"autoscaling": {"totalMinNodeCount": 0, "totalMaxNodeCount": 5}}, {}),
        ({"nodeLocations": ["europe-west4-a"]}, {"nodeLocations": ["europe-west4-a", "europe-west4-b"]}),
        ({"version": "1.35"}, {"version": "1.36"}),
        ({"upgradeSettings": {"maxSurge": 1}}, {"upgradeSettings": {"maxSurge": 2}}),
        ({"management": {"autoRepair": True}}, {"management": {"autoRepair": False}}),
        ({}, {"ignoreNodeCountChanges": True}),
        ({"networkConfig": {"enablePrivateNodes": False}}, {"networkConfig": {"enablePrivateNodes": True}}),
        ({"deletionPolicy": "DELETE"}, {"deletionPolicy": "PREVENT"}),
    ],
)
def test_a_node_pool_changes_in_place(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert not replaces(NODE_POOL, before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"machineType": "n2-standard-8"}, {"machineType": "n2-standard-16"}),
        ({"diskSizeGb": 100}, {"diskSizeGb": 200}),
        ({"diskType": "pd-balanced"}, {"diskType": "pd-ssd"}),
        ({"imageType": "COS_CONTAINERD"}, {"imageType": "UBUNTU_CONTAINERD"}),
        ({"labels": {"a": "1"}}, {"labels": {"a": "2"}}),
        ({"labels": {"a": "1", "b": "1"}}, {"labels": {"a": "1"}}),
        ({"taints": [{"key": "a", "value": "1", "effect": "NO_SCHEDULE"}]}, {"taints": []}),
        ({"tags": ["a"]}, {"tags": ["b"]}),
        ({"resourceLabels": {"a": "1"}}, {"resourceLabels": {"a": "2"}}),
        ({"workloadMetadataConfig": {"mode": "GCE_METADATA"}}, {"workloadMetadataConfig": {"mode": "GKE_METADATA"}}),
        ({"gvnic": {"enabled": False}}, {"gvnic": {"enabled": True}}),
        ({"kubeletConfig": {"podPidsLimit": 1024}}, {"kubeletConfig": {"podPidsLimit": 2048}}),
        ({"confidentialNodes": {"enabled": False}}, {"confidentialNodes": {"enabled": True}}),
    ],
)
def test_a_node_pool_keeps_its_identity_when_gke_re_creates_its_nodes(before: Any, after: Any) -> None:
    assert not replaces(NODE_POOL, {"nodeConfig": before}, {"nodeConfig": after})


def test_a_driver_that_is_no_longer_mentioned_is_no_change() -> None:
    rules = DiffRules(replace_on=TABLE[NODE_POOL].replace_on, computed=TABLE[NODE_POOL].computed, loose=True)
    before = {"nodeConfig": gpu(gpuDriverInstallationConfig={"gpuDriverVersion": "DEFAULT"})}
    assert changes(before, {"nodeConfig": gpu()}, rules) == []


@pytest.mark.parametrize(
    "name", ["description", "initialNodeCount", "network", "subnetwork", "datapathProvider", "location"]
)
def test_a_cluster_is_replaced(name: str) -> None:
    assert replaces(CLUSTER, {name: "1"}, {name: "2"})


@pytest.mark.parametrize(
    "after",
    [
        {"privateClusterConfig": {"enablePrivateNodes": True}},
        {"databaseEncryption": {"state": "DECRYPTED"}},
        {"minMasterVersion": "1.36"},
        {"deletionProtection": False},
        {"resourceLabels": {"team": "b"}},
        {"removeDefaultNodePool": True},
        {"releaseChannel": {"channel": "STABLE"}},
    ],
)
def test_a_cluster_changes_in_place(after: dict[str, Any]) -> None:
    assert not replaces(CLUSTER, {}, after)


def test_a_logging_component_that_is_left_out_is_a_change_and_their_order_is_none() -> None:
    facts = TABLE[CLUSTER]
    rules = DiffRules(replace_on=facts.replace_on, computed=facts.computed, sets=facts.sets, loose=True)
    both = {"loggingConfig": {"enableComponents": ["WORKLOADS", "SYSTEM_COMPONENTS"]}}
    assert changes(both, {"loggingConfig": {"enableComponents": ["SYSTEM_COMPONENTS", "WORKLOADS"]}}, rules) == []
    assert changes(both, {"loggingConfig": {"enableComponents": ["SYSTEM_COMPONENTS"]}}, rules)


def test_a_reservation_grows_in_place_but_its_machines_are_fixed() -> None:
    def machines(count: int, machine_type: str) -> dict[str, Any]:
        return {"specificReservation": {"count": count, "instanceProperties": {"machineType": machine_type}}}

    assert not replaces(RESERVATION, machines(1, "g2-standard-4"), machines(2, "g2-standard-4"))
    assert replaces(RESERVATION, machines(1, "g2-standard-4"), machines(1, "g2-standard-8"))


@pytest.mark.parametrize("token", [KEY_RING, CRYPTO_KEY, COMMITMENT])
def test_what_no_call_can_delete_is_forgotten(token: str) -> None:
    assert TABLE[token].deletion == "forgotten"


def test_everything_else_is_deleted() -> None:
    kept = {token for token, facts in TABLE.items() if facts.deletion == "forgotten"}
    assert kept == {KEY_RING, CRYPTO_KEY, COMMITMENT}


def test_every_field_of_a_commitment_is_fixed() -> None:
    commitment = Sdk("gcp").resource(COMMITMENT)
    assert commitment is not None
    assert {show(path) for path in TABLE[COMMITMENT].replace_on} == commitment.inputs.properties.keys()


@pytest.mark.parametrize(
    ("token", "inputs", "where"),
    [
        (NODE_POOL, {"autoscaling": {"locationPolicy": "SOMETIMES"}}, "autoscaling.locationPolicy"),
        (NODE_POOL, {"autoscaling": {"minNodeCount": 1, "totalMaxNodeCount": 3}}, "autoscaling.minNodeCount"),
        (NODE_POOL, {"nodeConfig": {"taints": [{"effect": "NoSchedule"}]}}, "nodeConfig.taints[0].effect"),
        (
            NODE_POOL,
            {"nodeConfig": gpu(gpuSharingConfig={"maxSharedClientsPerGpu": 64})},
            "nodeConfig.guestAccelerators[0].gpuSharingConfig.maxSharedClientsPerGpu",
        ),
        (NODE_POOL, {"nodeConfig": {"diskSizeGb": 9}}, "nodeConfig.diskSizeGb"),
        (NODE_POOL, {"nodeConfig": {"maxRunDuration": "1h"}}, "nodeConfig.maxRunDuration"),
        (NODE_POOL, {"name": "a-name-of-more-than-forty-characters-is-long"}, "name"),
        (NODE_POOL, {"placementPolicy": {"type": "SPREAD"}}, "placementPolicy.type"),
        (CLUSTER, {"name": "Big"}, "name"),
        (CLUSTER, {"releaseChannel": {"channel": "FAST"}}, "releaseChannel.channel"),
        (CLUSTER, {"monitoringConfig": {"enableComponents": ["GPU"]}}, "monitoringConfig.enableComponents[0]"),
        (CLUSTER, {"workloadIdentityConfig": {"workloadPool": "project"}}, "workloadIdentityConfig.workloadPool"),
        (
            CLUSTER,
            {"ipAllocationPolicy": {"clusterSecondaryRangeName": "pods", "clusterIpv4CidrBlock": "/14"}},
            "ipAllocationPolicy.clusterIpv4CidrBlock",
        ),
        (COMMITMENT, {"plan": "SIX_MONTH"}, "plan"),
        (COMMITMENT, {"type": "GENERAL_PURPOSE_N9"}, "type"),
        (CRYPTO_KEY, {"rotationPeriod": "3600s"}, "rotationPeriod"),
        (SUBNETWORK, {"secondaryIpRanges": [{"rangeName": "Pods"}]}, "secondaryIpRanges[0].rangeName"),
        ("gcp:projects/iAMMember:IAMMember", {"member": "someone@example.com"}, "member"),
        ("gcp:compute/firewall:Firewall", {}, "allows"),
    ],
)
def test_what_the_provider_or_the_cloud_refuses_is_refused_where_it_stands(
    token: str, inputs: dict[str, Any], where: str
) -> None:
    assert refused(token, inputs) == [where]


def test_a_usual_pool_breaks_no_rule() -> None:
    pool = {
        "name": "gpu-l4",
        "autoscaling": {"totalMinNodeCount": 0, "totalMaxNodeCount": 4, "locationPolicy": "ANY"},
        "nodeConfig": {
            "machineType": "g2-standard-8",
            "diskType": "pd-balanced",
            "taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}],
            "reservationAffinity": {
                "consumeReservationType": "SPECIFIC_RESERVATION",
                "key": "compute.googleapis.com/reservation-name",
                "values": ["projects/owner/reservations/l4"],
            },
            "workloadMetadataConfig": {"mode": "GKE_METADATA"},
            **gpu(gpuDriverInstallationConfig={"gpuDriverVersion": "LATEST"}),
        },
        "upgradeSettings": {"maxSurge": 0, "maxUnavailable": 1, "strategy": "SURGE"},
    }
    assert refused(NODE_POOL, pool) == []


@pytest.mark.parametrize("period", ["86400s", "7776000s", "100000.5s"])
def test_a_rotation_of_a_day_or_more_is_allowed(period: str) -> None:
    assert refused(CRYPTO_KEY, {"rotationPeriod": period}) == []
