"""From the node pools of the pretend clouds to fake nodes: places, sizes, labels, taints, and what pods may have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.cluster.nodes import Taint
from sandbox.cluster.pools import NodePool, node_pools
from sandbox.errors import SandboxError
from tests.support.aws_account import Account
from tests.support.azure_cloud import SCALING, SPOT, running_azure
from tests.support.cloud_client import Session, running_cloud

GKE_CLUSTER = {"name": "main", "location": "us-central1", "initialNodeCount": 1, "deletionProtection": False}


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Session]:
    with running_cloud(tmp_path / "state") as session:
        yield session


def gke_pool(cloud: Session, **more: Any) -> NodePool:
    gcp = cloud.gcp()
    gcp.create("gcp:container/cluster:Cluster", "main", GKE_CLUSTER)
    inputs = {"cluster": "main", "location": "us-central1", "name": "pool", **more}
    gcp.create("gcp:container/nodePool:NodePool", "pool", inputs)
    return the_pool(cloud)


def the_pool(cloud: Session) -> NodePool:
    (pool,) = node_pools(cloud.cloud.resources())
    return pool


def test_a_gke_pool_has_its_minimum_over_its_zones_in_turn(cloud: Session) -> None:
    scaling = {"totalMinNodeCount": 5, "totalMaxNodeCount": 20}
    pool = gke_pool(cloud, autoscaling=scaling, nodeLocations=["us-central1-a", "us-central1-b"])
    assert (pool.cluster, pool.name, pool.least, pool.most) == ("main", "pool", 5, 20)
    nodes = pool.nodes()
    zones = Counter(node.labels["topology.kubernetes.io/zone"] for node in nodes)
    assert zones == {"us-central1-a": 3, "us-central1-b": 2}
    assert {node.labels["topology.kubernetes.io/region"] for node in nodes} == {"us-central1"}
    assert [node.name for node in nodes] == [f"main-pool-{number}" for number in range(5)]
    assert len(pool.nodes(7)) == 7


def test_a_gke_pool_that_does_not_scale_has_all_its_nodes(cloud: Session) -> None:
    pool = gke_pool(cloud, nodeCount=2, nodeLocations=["us-central1-a", "us-central1-b"])
    assert (pool.least, pool.most, len(pool.nodes())) == (4, None, 4)


def test_a_gke_gpu_pool_offers_every_share_of_every_gpu_behind_its_taints(cloud: Session) -> None:
    gpu = {
        "type": "nvidia-l4",
        "count": 2,
        "gpuSharingConfig": {"gpuSharingStrategy": "TIME_SHARING", "maxSharedClientsPerGpu": 4},
    }
    config = {
        "machineType": "g2-standard-24",
        "guestAccelerators": [gpu],
        "labels": {"tier": "llm"},
        "taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}],
        "spot": True,
    }
    node = gke_pool(cloud, nodeConfig=config, nodeCount=1).nodes()[0]
    assert node.capacity["nvidia.com/gpu"] == (node.allocatable or {})["nvidia.com/gpu"] == "8"
    assert node.capacity["cpu"] == "24"
    assert int((node.allocatable or {})["cpu"].removesuffix("m")) < 24_000
    assert node.taints == (Taint("nvidia.com/gpu", "present", "NoSchedule"),)
    expected = {"tier": "llm", "cloud.google.com/gke-accelerator": "nvidia-l4", "cloud.google.com/gke-spot": "true"}
    assert expected.items() <= node.labels.items()


def test_a_gke_arm_pool_keeps_away_what_does_not_know_arm(cloud: Session) -> None:
    node = gke_pool(cloud, nodeConfig={"machineType": "t2a-standard-4"}, nodeCount=1).nodes()[0]
    assert node.labels["kubernetes.io/arch"] == node.manifest()["metadata"]["labels"]["kubernetes.io/arch"] == "arm64"
    assert Taint("kubernetes.io/arch", "arm64") in node.taints


def test_an_eks_group_is_what_its_launch_template_and_its_subnets_say(cloud: Session) -> None:
    account = Account(cloud)
    disk = {"deviceName": "/dev/xvda", "ebs": {"volumeSize": 100, "volumeType": "gp3"}}
    template = account.template(instanceType="g6.xlarge", blockDeviceMappings=[disk])
    taints = [{"key": "gpu", "value": "l4", "effect": "NO_EXECUTE"}]
    scaling = {"minSize": 1, "desiredSize": 2, "maxSize": 4}
    inputs = account.group_inputs(
        scalingConfig=scaling,
        taints=taints,
        labels={"tier": "llm"},
        amiType="AL2023_x86_64_NVIDIA",
        **account.use(template),
    )
    inputs.pop("instanceTypes", None)
    account.aws.create("aws:eks/nodeGroup:NodeGroup", "pool", inputs)
    pool = the_pool(cloud)
    assert (pool.cluster, pool.name, pool.least, pool.size, pool.most) == ("main", "pool", 1, 2, 4)
    node = pool.nodes()[0]
    assert node.labels["topology.kubernetes.io/zone"].startswith("eu-central-1")
    assert node.labels["node.kubernetes.io/instance-type"] == "g6.xlarge"
    assert node.labels["eks.amazonaws.com/capacityType"] == "ON_DEMAND" and node.labels["tier"] == "llm"
    assert node.taints == (Taint("gpu", "l4", "NoExecute"),)
    assert (node.capacity["nvidia.com/gpu"], node.capacity["ephemeral-storage"]) == ("1", "100Gi")


def test_an_aks_spot_pool_has_the_label_and_the_taint_that_azure_gives_it(tmp_path: Path) -> None:
    with running_azure(tmp_path / "state") as azure:
        azure.cluster()
        azure.pool(**SPOT, **SCALING, nodeTaints=["dedicated=web:NoSchedule"], nodeLabels={"tier": "web"})
        (pool,) = (found for found in node_pools(azure.session.cloud.resources(), "main") if found.name == "web")
    assert (pool.least, pool.most) == (1, 5)
    node = pool.nodes()[0]
    spot = "kubernetes.azure.com/scalesetpriority"
    assert set(node.taints) == {Taint("dedicated", "web"), Taint(spot, "spot")}
    assert {spot: "spot", "tier": "web", "agentpool": "web"}.items() <= node.labels.items()


def test_only_the_pools_of_the_cluster_that_is_named_count(cloud: Session) -> None:
    gke_pool(cloud)
    assert len(node_pools(cloud.cloud.resources(), "main")) == 1
    assert node_pools(cloud.cloud.resources(), "other") == []


def test_a_machine_that_is_not_known_is_refused_with_the_pools_name(cloud: Session) -> None:
    gke_pool(cloud)
    (found,) = cloud.cloud.resources("gcp:container/nodePool:NodePool")
    found.outputs["nodeConfig"] = {"machineType": "n9-standard-1"}
    with pytest.raises(SandboxError, match=r"The nodes of projects/acme/.*/pool cannot be made\. .*n9-standard-1"):
        node_pools([found])
