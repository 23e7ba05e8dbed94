"""What the components register, in a preview and in a deployment."""

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import ANY

import pulumi
import pytest

import penstock
from penstock.clusters.gke.plan import account_id, service_account_email
from penstock.nodes.spec import ACKNOWLEDGEMENT
from tests.support.mocked import Registered, make_cluster, of_type, run

POOL = "gcp:container/nodePool:NodePool"
CLUSTER: dict[str, Any] = {
    "cloud": "gcp",
    "location": "us-central1",
    "zones": ["us-central1-a", "us-central1-b", "us-central1-c"],
}
REF: dict[str, Any] = {
    "cloud": "gcp",
    "name": "llm",
    "location": "us-central1",
    "project": "acme-llm",
    "zones": CLUSTER["zones"],
    "node_identity": "nodes@acme-llm.iam.gserviceaccount.com",
}
PLAIN: dict[str, Any] = {
    "cluster": REF,
    "cloud": "gcp",
    "machine_types": ["n2-standard-8"],
    "min_nodes": 0,
    "max_nodes": 3,
}


def both(program: Any) -> list[Registered]:
    """Runs `program` as a preview and as a deployment; what it registers has to be the same."""
    previewed = run(program, preview=True)
    with TemporaryDirectory() as cloud:
        make_cluster(Path(cloud), REF["name"])
        deployed = run(program, cloud=Path(cloud))
    assert {(r.type, r.name) for r in previewed} == {(r.type, r.name) for r in deployed}
    return deployed


def pool(component: Any, **args: Any) -> dict[str, Any]:
    pools = of_type(both(lambda: component("web", {**PLAIN, **args})), POOL)
    assert list(pools) == ["web"]
    return pools["web"]


def test_a_cluster_is_private_encrypted_and_least_privileged() -> None:
    registered = both(lambda: penstock.Cluster("llm", CLUSTER))
    cluster = of_type(registered, "gcp:container/cluster:Cluster")["llm"]
    assert cluster["privateClusterConfig"] == {"enablePrivateNodes": True}
    assert cluster["controlPlaneEndpointsConfig"]["ipEndpointsConfig"] == {"enabled": False}
    assert cluster["databaseEncryption"]["state"] == "ENCRYPTED"
    assert cluster["workloadIdentityConfig"] == {"workloadPool": "acme-llm.svc.id.goog"}
    assert cluster["clusterAutoscaling"] == {"enabled": False, "autoscalingProfile": "OPTIMIZE_UTILIZATION"}
    assert cluster["costManagementConfig"] == {"enabled": True}
    assert "DCGM" in cluster["monitoringConfig"]["enableComponents"]
    assert cluster["deletionProtection"] is True
    assert cluster["nodeConfig"]["serviceAccount"] == "llm-nodes@acme-llm.iam.gserviceaccount.com"
    roles = {member["role"] for member in of_type(registered, "gcp:projects/iAMMember:IAMMember").values()}
    assert roles == {"roles/container.defaultNodeServiceAccount", "roles/artifactregistry.reader"}
    (grant,) = of_type(registered, "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember").values()
    assert re.fullmatch(
        r"serviceAccount:service-\d{12}@container-engine-robot\.iam\.gserviceaccount\.com", grant["member"]
    )


def test_the_kubeconfig_goes_by_the_name_that_iam_guards_and_is_unknown_before_the_cluster_stands() -> None:
    seen: list[str] = []
    run(lambda: penstock.Cluster("llm", CLUSTER).kubeconfig.apply(seen.append))
    (cluster,) = json.loads(seen[0])["clusters"]
    assert re.fullmatch(r"https://gke-[0-9a-f]{32}-\d{12}\.us-central1\.gke\.goog", cluster["cluster"]["server"])
    assert "certificate-authority-data" not in cluster["cluster"]


def test_an_authorized_network_opens_the_address_to_it_alone() -> None:
    args = {**CLUSTER, "authorized_networks": [{"cidr": "203.0.113.0/24", "name": "office"}]}
    cluster = of_type(both(lambda: penstock.Cluster("llm", args)), "gcp:container/cluster:Cluster")["llm"]
    assert cluster["controlPlaneEndpointsConfig"]["ipEndpointsConfig"] == {"enabled": True}
    assert cluster["masterAuthorizedNetworksConfig"]["cidrBlocks"] == [
        {"cidrBlock": "203.0.113.0/24", "displayName": "office"}
    ]


def test_an_adopted_network_and_key_are_used_and_not_made() -> None:
    args = {
        **CLUSTER,
        "network": {"adopt": {"network": "default", "subnetwork": "default", "pod_range": "p", "service_range": "v"}},
        "secrets_key": "projects/p/locations/us-central1/keyRings/r/cryptoKeys/k",
    }
    registered = both(lambda: penstock.Cluster("llm", args))
    assert not {r.type for r in registered if r.type.startswith(("gcp:compute", "gcp:kms"))}
    cluster = of_type(registered, "gcp:container/cluster:Cluster")["llm"]
    assert (cluster["network"], cluster["subnetwork"]) == ("default", "default")
    assert cluster["databaseEncryption"]["keyName"] == args["secrets_key"]


def test_an_adopted_cluster_is_looked_up_and_nothing_is_made(tmp_path: Path) -> None:
    names: list[str] = []
    seen: list[Any] = []

    def theirs() -> None:
        pulumi.Output.from_input(penstock.Cluster("llm", CLUSTER).ref).apply(lambda ref: names.append(ref["name"]))

    def ours() -> None:
        cluster = penstock.Cluster("llm", {**CLUSTER, "adopt": {"name": names[0]}})
        pulumi.Output.all(cluster.ref, cluster.kubeconfig).apply(seen.append)

    run(theirs, cloud=tmp_path)
    assert [r.type for r in run(ours, cloud=tmp_path)] == ["penstock:index:Cluster"]
    ref, kubeconfig = seen[0]
    assert ref == {key: REF[key] for key in ("cloud", "location", "project", "zones")} | {"name": names[0]}
    assert ".us-central1.gke.goog" in kubeconfig  # reached as its maker reaches it


def test_a_cluster_without_an_open_name_is_reached_by_its_address(tmp_path: Path) -> None:
    make_cluster(tmp_path, "theirs")
    seen: list[str] = []
    adopting = {**CLUSTER, "adopt": {"name": "theirs"}}
    run(lambda: penstock.Cluster("llm", adopting).kubeconfig.apply(seen.append), cloud=tmp_path)
    (cluster,) = json.loads(seen[0])["clusters"]
    assert re.fullmatch(r"https://\d+(\.\d+){3}", cluster["cluster"]["server"])
    assert "certificate-authority-data" in cluster["cluster"]


def test_adopting_a_cluster_that_is_not_there_fails_and_names_it(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="theirs"):
        run(lambda: penstock.Cluster("llm", {**CLUSTER, "adopt": {"name": "theirs"}}), cloud=tmp_path)


def test_what_a_pool_needs_of_its_cluster_is_known_in_a_preview() -> None:
    def program() -> None:
        cluster = penstock.Cluster("llm", CLUSTER)
        penstock.SpotNodePool("web", {**PLAIN, "cluster": cluster.ref})

    web = of_type(run(program, preview=True), POOL)["web"]
    assert web["location"] == "us-central1"
    assert web["project"] == "acme-llm"
    assert web["nodeLocations"] == CLUSTER["zones"]
    assert web["nodeConfig"]["serviceAccount"] == "llm-nodes@acme-llm.iam.gserviceaccount.com"


@pytest.mark.parametrize("ref", [REF, pulumi.Output.from_input(REF)], ids=["value", "output"])
def test_a_pool_takes_its_cluster_as_a_value_or_as_an_output(ref: Any) -> None:
    made = pool(penstock.OnDemandNodePool, cluster=ref)
    assert made["cluster"] == "llm"
    assert made["nodeConfig"]["serviceAccount"] == REF["node_identity"]


def test_the_kinds_buy_their_machines_in_their_way() -> None:
    assert pool(penstock.OnDemandNodePool)["nodeConfig"]["spot"] is False
    assert pool(penstock.SpotNodePool)["nodeConfig"]["spot"] is True
    reserved = pool(penstock.ReservedNodePool, min_nodes=3, commitment={"term": "1y"})
    assert reserved["nodeConfig"]["spot"] is False
    assert reserved["autoscaling"]["totalMinNodeCount"] == 3
    flex = pool(penstock.GpuNodePool, machine_types=["a2-highgpu-1g"], purchase="flex", max_run_hours=24)
    assert flex["nodeConfig"]["flexStart"] is True
    assert flex["nodeConfig"]["maxRunDuration"] == "86400s"
    assert flex["management"]["autoRepair"] is False
    assert "upgradeSettings" not in flex


def test_bounds_are_totals_and_the_size_is_left_to_the_autoscaler() -> None:
    made = pool(penstock.OnDemandNodePool, min_nodes=2, max_nodes=20)
    assert made["autoscaling"] == {
        "totalMinNodeCount": 2,
        "totalMaxNodeCount": 20,
        "locationPolicy": "BALANCED",
    }
    assert made["ignoreNodeCountChanges"] is True
    assert "nodeCount" not in made


def test_no_pool_eats_an_open_reservation_by_accident() -> None:
    none = {"consumeReservationType": "NO_RESERVATION"}
    assert pool(penstock.OnDemandNodePool)["nodeConfig"]["reservationAffinity"] == none
    assert pool(penstock.SpotNodePool)["nodeConfig"]["reservationAffinity"] == none


def test_a_created_reservation_holds_what_the_pool_uses() -> None:
    args = {"zones": ["us-central1-a"], "capacity_reservation": {"create": True, "count": 2}}
    registered = both(lambda: penstock.OnDemandNodePool("web", {**PLAIN, **args}))
    held = of_type(registered, "gcp:compute/reservation:Reservation")["web-reservation"]
    assert held["specificReservationRequired"] is True
    assert held["specificReservation"] == {"count": 2, "instanceProperties": {"machineType": "n2-standard-8"}}
    assert of_type(registered, POOL)["web"]["nodeConfig"]["reservationAffinity"] == {
        "consumeReservationType": "SPECIFIC_RESERVATION",
        "key": "compute.googleapis.com/reservation-name",
        "values": [ANY],
    }


def test_an_adopted_reservation_may_be_another_resources_output() -> None:
    args = {
        "zones": ["us-central1-a"],
        "capacity_reservation": {"name": pulumi.Output.from_input("owner/held")},
    }
    made = pool(penstock.OnDemandNodePool, **args)
    assert made["nodeConfig"]["reservationAffinity"]["values"] == ["projects/owner/reservations/held"]


def test_declaring_a_commitment_buys_nothing() -> None:
    def program() -> None:
        penstock.ReservedNodePool("web", {**PLAIN, "min_nodes": 3, "commitment": {"term": "3y"}})

    assert not of_type(both(program), "gcp:compute/regionCommitment:RegionCommitment")


def test_an_acknowledged_purchase_buys_the_pools_cpu_memory_and_gpus() -> None:
    args = {
        "machine_types": ["a2-highgpu-1g"],
        "purchase": "reserved",
        "min_nodes": 3,
        "zones": ["us-central1-a"],
        "capacity_reservation": {"create": True},
        "commitment": {"term": "3y", "purchase": {"acknowledge": ACKNOWLEDGEMENT}},
    }
    registered = both(lambda: penstock.GpuNodePool("web", {**PLAIN, **args}))
    bought = of_type(registered, "gcp:compute/regionCommitment:RegionCommitment")["web-commitment"]
    assert bought["plan"] == "THIRTY_SIX_MONTH"
    assert bought["type"] == "ACCELERATOR_OPTIMIZED"
    assert bought["autoRenew"] is False
    assert re.fullmatch(
        "projects/acme-llm/zones/us-central1-a/reservations/web-reservation-.*", bought["existingReservations"]
    )
    assert bought["resources"] == [
        {"type": "VCPU", "amount": "36"},
        {"type": "MEMORY", "amount": str(85 * 1024 * 3)},
        {"type": "ACCELERATOR", "acceleratorType": "nvidia-tesla-a100", "amount": "3"},
    ]


def test_a_gpu_pool_declares_its_taint_and_driver() -> None:
    made = pool(penstock.GpuNodePool, machine_types=["g2-standard-8"], accelerator={"driver": "latest"})
    assert {"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"} in made["nodeConfig"]["taints"]
    assert made["nodeConfig"]["guestAccelerators"] == [
        {"type": "nvidia-l4", "count": 1, "gpuDriverInstallationConfig": {"gpuDriverVersion": "LATEST"}}
    ]


def test_a_mix_makes_pools_that_serve_the_same_workloads() -> None:
    args = {
        "cluster": REF,
        "cloud": "gcp",
        "machine_types": ["n2-standard-8"],
        "nodes": 10,
        "shares": {"on_demand": 20, "spot": 60, "reserved": 20},
        "commitment": {"term": "1y"},
        "labels": {"workload-type": "web"},
    }
    mixes: list[penstock.PurchaseMix] = []
    pools = of_type(both(lambda: mixes.append(penstock.PurchaseMix("web", args))), POOL)
    bounds = {
        name: (made["autoscaling"]["totalMinNodeCount"], made["autoscaling"]["totalMaxNodeCount"])
        for name, made in pools.items()
    }
    assert bounds == {"web-reserved": (2, 2), "web-on-demand": (0, 2), "web-spot": (0, 6)}
    assert penstock.scheduling(*mixes[-1].pools)["node_selector"] == {"workload-type": "web"}


@pytest.mark.parametrize(
    ("component", "args", "path"),
    [
        (penstock.SpotNodePool, {"machine_types": ["g2-standard-8"]}, "machine_types"),
        (penstock.SpotNodePool, {"accelerator": {"type": "nvidia-tesla-t4"}}, "machine_types"),
        (penstock.SpotNodePool, {"purchase": "on_demand"}, "purchase"),
        (penstock.GpuNodePool, {}, "accelerator"),
        (penstock.OnDemandNodePool, {"cloud": "moon"}, "cloud"),
        (penstock.OnDemandNodePool, {"cluster": None}, "cluster"),
        (penstock.ReservedNodePool, {"min_nodes": 3}, "commitment"),
    ],
)
def test_a_refused_component_names_the_path_and_creates_nothing(
    component: Any, args: dict[str, Any], path: str
) -> None:
    with pytest.raises(penstock.InvalidInputs) as refused:
        run(lambda: component("web", {**PLAIN, **args}))
    assert path in [problem.path for problem in refused.value.problems]
    assert f"{component.__name__} 'web' cannot be deployed" in str(refused.value)


@pytest.mark.parametrize("name", ["Web", "9web", "web-", "a" * 33, ""])
def test_a_pool_needs_a_name_that_gke_takes_with_a_suffix(name: str) -> None:
    with pytest.raises(penstock.InvalidInputs, match="no name for a pool"):
        run(lambda: penstock.SpotNodePool(name, PLAIN))


@pytest.mark.parametrize("name", ["llm", "x", "a-very-long-name-of-a-cluster", "9lives", "LLM_Prod"])
def test_the_node_account_has_an_id_that_the_cloud_takes(name: str) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", account_id(name))


def test_the_email_of_an_account_in_a_domain_scoped_project() -> None:
    assert service_account_email("n", "p") == "n@p.iam.gserviceaccount.com"
    assert service_account_email("n", "example.com:p") == "n@p.example.com.iam.gserviceaccount.com"
