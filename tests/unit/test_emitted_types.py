"""Whatever our components emit is checked by rules that the SDK does not carry: each type has its row of facts."""

from collections.abc import Callable
from typing import Any, cast

import pytest

import penstock
import settings as platform
from penstock.nodes.spec import ACKNOWLEDGEMENT
from sandbox.cloud.facts import load
from tests.support import stacks
from tests.support.mocked import run
from tests.support.pod_scaling import TARGET, query_trigger
from wiring import deploy

PACKAGES = {"gcp": "gcp", "aws": "aws", "azure": "azure-native"}
HELD: dict[str, dict[str, Any]] = {
    "gcp": {
        "purchase": "reserved",
        "min_nodes": 2,
        "max_nodes": 2,
        "commitment": {"term": "1y", "purchase": {"acknowledge": ACKNOWLEDGEMENT}},
    },
    "aws": {"purchase": "on_demand", "min_nodes": 0, "max_nodes": 2, "compact": True},
    "azure": {"purchase": "on_demand", "min_nodes": 0, "max_nodes": 2},
}


def everything(cloud: str) -> Callable[[], None]:
    """The production platform in a cloud, and beside it pools with all that it has not: reservations, a commitment."""

    def program() -> None:
        config = stacks.in_cloud(cloud)
        zone = config["penstock:cluster"]["zones"][0]
        (machine,) = config["penstock:pools"]["baseline"]["machine_types"]
        held = {"machine_types": [machine], "zones": [zone], "capacity_reservation": {"create": True}, **HELD[cloud]}
        config["penstock:pools"]["held"] = held
        if cloud == "azure":
            config["penstock:pools"]["compact"] = {**held, "compact": True}
            config["penstock:pools"]["compact"].pop("capacity_reservation")
        deploy(platform.read(stacks.as_engine_gives_it(config)))
        other_autoscalers()

    return program


def other_autoscalers() -> None:
    """Those that the platform's settings do not lead to."""
    target = {**TARGET, "namespace": "default"}
    bounds: Any = {"target": target, "min_replicas": 1, "max_replicas": 3}
    window = {"timezone": "UTC", "start": "0 9 * * 1-5", "end": "0 18 * * 1-5", "desired_replicas": 1}
    penstock.HorizontalAutoscaler("horizontal", {**bounds, "cpu_percent": 70})
    penstock.EventAutoscaler("event", {**bounds, "triggers": [query_trigger()]})
    penstock.VerticalAutoscaler("vertical", cast(Any, {"target": target}))
    penstock.CronScaleToZero("cron", cast(Any, {"target": target, "max_replicas": 2, **window}))
    shape: Any = {"cpu": "1", "memory": "1Gi"}
    penstock.WarmHeadroom("headroom", {"namespace": "default", "replicas": 2, "pod": shape})


EMITTED = {
    cloud: sorted({r.type for r in run(everything(cloud)) if not r.type.startswith(("penstock:", "pulumi:"))})
    for cloud in PACKAGES
}


def test_the_emitted_types_are_the_known_ones() -> None:
    assert [type_ for type_ in EMITTED["gcp"] if type_.startswith("gcp:")] == [
        "gcp:compute/network:Network",
        "gcp:compute/regionCommitment:RegionCommitment",
        "gcp:compute/reservation:Reservation",
        "gcp:compute/router:Router",
        "gcp:compute/routerNat:RouterNat",
        "gcp:compute/subnetwork:Subnetwork",
        "gcp:container/cluster:Cluster",
        "gcp:container/nodePool:NodePool",
        "gcp:kms/cryptoKey:CryptoKey",
        "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
        "gcp:kms/keyRing:KeyRing",
        "gcp:projects/iAMMember:IAMMember",
        "gcp:serviceaccount/account:Account",
    ]
    assert {
        "aws:eks/cluster:Cluster",
        "aws:eks/nodeGroup:NodeGroup",
        "aws:autoscaling/tag:Tag",
        "aws:ec2/launchTemplate:LaunchTemplate",
        "aws:ec2/capacityReservation:CapacityReservation",
        "aws:ec2/placementGroup:PlacementGroup",
        "kubernetes:apps/v1:Deployment",
        "kubernetes:apps/v1:DaemonSet",
    } <= set(EMITTED["aws"])
    assert {
        "azure-native:containerservice:ManagedCluster",
        "azure-native:containerservice:AgentPool",
        "azure-native:containerservice:MaintenanceConfiguration",
        "azure-native:compute:CapacityReservation",
        "azure-native:compute:ProximityPlacementGroup",
    } <= set(EMITTED["azure"])


@pytest.mark.parametrize(
    ("package", "type_"),
    [
        (package, type_)
        for cloud, package in PACKAGES.items()
        for type_ in EMITTED[cloud]
        if type_.startswith(f"{package}:")
    ],
)
def test_an_emitted_type_has_a_row_of_facts_with_its_source(package: str, type_: str) -> None:
    row: Any = load(package)[type_]
    assert row.source


def test_every_component_is_among_what_is_emitted() -> None:
    emitted = {r.type for cloud in PACKAGES for r in run(everything(cloud))}
    components = {type_.rpartition(":")[2] for type_ in emitted if type_.startswith("penstock:")}
    exported = {name for name in penstock.__all__ if isinstance(getattr(penstock, name), type)}
    assert components == {name for name in exported if hasattr(getattr(penstock, name), "register_outputs")}
