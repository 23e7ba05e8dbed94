"""Data sources look into the pretend cloud, have the real ones' shape, and refuse rather than invent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pulumi_gcp as gcp
import pytest
from pulumi import _types

from tests.support.cloud_client import Refused, Session, running_cloud

GET_CLUSTER = "gcp:container/getCluster:getCluster"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Session]:
    with running_cloud(tmp_path / "state") as session:
        yield session


@pytest.mark.parametrize(
    ("token", "arguments", "result"),
    [
        ("gcp:organizations/getProject:getProject", {}, gcp.organizations.GetProjectResult),
        ("gcp:organizations/getClientConfig:getClientConfig", {}, gcp.organizations.GetClientConfigResult),
        ("gcp:compute/getZones:getZones", {}, gcp.compute.GetZonesResult),
        ("gcp:container/getEngineVersions:getEngineVersions", {}, gcp.container.GetEngineVersionsResult),
    ],
)
def test_an_answer_has_every_property_of_the_sdks_result(
    cloud: Session, token: str, arguments: dict[str, str], result: type
) -> None:
    assert cloud.gcp().invoke(token, **arguments).keys() == _types.output_type_types(result).keys()


def test_a_project_has_a_number_of_its_own(cloud: Session) -> None:
    token = "gcp:organizations/getProject:getProject"
    mine, other = cloud.gcp().invoke(token), cloud.gcp().invoke(token, projectId="other")
    assert (mine["projectId"], other["projectId"]) == ("acme", "other")
    assert mine["number"] != other["number"]
    assert mine["number"].isdigit() and len(mine["number"]) == 12


def test_a_cluster_looks_as_its_data_source_shows_it(cloud: Session) -> None:
    made = cloud.gcp().create(
        "gcp:container/cluster:Cluster", "main", {"name": "main", "location": "us-central1", "initialNodeCount": 1}
    )
    found = cloud.gcp().invoke(GET_CLUSTER, name="main", location="us-central1")
    assert found["id"] == made.id
    assert found["endpoint"] == made.outputs["endpoint"]
    assert found["masterAuths"][0]["clusterCaCertificate"] == made.outputs["masterAuth"]["clusterCaCertificate"]
    result = gcp.container.GetClusterResult
    assert isinstance(_types.output_type_from_dict(result, found), result)


def test_a_cluster_that_is_not_there_is_not_found(cloud: Session) -> None:
    with pytest.raises(Refused, match="projects/acme/locations/us-central1/clusters/nobody not found"):
        cloud.gcp().invoke(GET_CLUSTER, name="nobody", location="us-central1")


def test_networks_subnetworks_and_reservations_are_found_by_name(cloud: Session) -> None:
    provider = cloud.gcp()
    provider.create("gcp:compute/network:Network", "net", {"name": "net", "autoCreateSubnetworks": False})
    subnetwork = {"name": "sub", "network": "net", "ipCidrRange": "10.0.0.0/20", "region": "us-central1"}
    provider.create("gcp:compute/subnetwork:Subnetwork", "sub", subnetwork)
    machines = {"count": 1, "instanceProperties": {"machineType": "a2-highgpu-1g"}}
    reservation = {"name": "gpus", "zone": "us-central1-a", "specificReservation": machines}
    provider.create("gcp:compute/reservation:Reservation", "gpus", reservation)

    assert provider.invoke("gcp:compute/getNetwork:getNetwork", name="net")["selfLink"].endswith("/networks/net")
    assert provider.invoke("gcp:compute/getSubnetwork:getSubnetwork", name="sub")["ipCidrRange"] == "10.0.0.0/20"
    found = provider.invoke("gcp:compute/getReservation:getReservation", name="gpus", zone="us-central1-a")
    assert found["specificReservations"][0]["instanceProperties"][0]["machineType"] == "a2-highgpu-1g"
    with pytest.raises(Refused, match="nobody not found"):
        provider.invoke("gcp:compute/getNetwork:getNetwork", name="nobody")


def test_versions_can_be_narrowed_to_a_prefix(cloud: Session) -> None:
    answer = cloud.gcp().invoke("gcp:container/getEngineVersions:getEngineVersions", versionPrefix="1.36.")
    assert answer["validMasterVersions"]
    assert all(version.startswith("1.36.") for version in answer["validMasterVersions"])
    assert answer["latestMasterVersion"] == answer["validMasterVersions"][0]


def test_zones_are_those_of_the_region(cloud: Session) -> None:
    assert cloud.gcp().invoke("gcp:compute/getZones:getZones", region="europe-west1")["names"] == [
        "europe-west1-b",
        "europe-west1-c",
        "europe-west1-d",
    ]
    with pytest.raises(Refused, match='Location "mars" does not exist'):
        cloud.gcp().invoke("gcp:compute/getZones:getZones", region="mars")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"nam": "main"}, 'nam: .*has no argument "nam"; did you mean "name"'),
        ({"name": ["main"]}, "name: A text is wanted here, not a list"),
    ],
)
def test_arguments_are_checked(cloud: Session, arguments: dict[str, object], complaint: str) -> None:
    with pytest.raises(Refused, match=complaint):
        cloud.gcp().invoke(GET_CLUSTER, **arguments)


def test_a_required_argument_is_demanded(cloud: Session) -> None:
    with pytest.raises(Refused, match='needs the argument "zone"'):
        cloud.gcp().invoke("gcp:compute/getReservation:getReservation", name="gpus")


@pytest.mark.parametrize(
    ("package", "token"),
    [
        ("gcp", "gcp:compute/getImage:getImage"),
        ("aws", "aws:s3/getCanonicalUserId:getCanonicalUserId"),
        ("azure-native", "azure-native:management:getEntity"),
        ("kubernetes", "kubernetes:helm:template"),
    ],
)
def test_a_data_source_that_the_sandbox_does_not_know_is_refused(cloud: Session, package: str, token: str) -> None:
    with pytest.raises(Refused, match=f"The sandbox does not know the data source {token}"):
        cloud.provider(package).invoke(token)


def test_a_data_source_that_nobody_knows_is_refused(cloud: Session) -> None:
    with pytest.raises(Refused, match="The gcp provider has no data source gcp:compute/getNothing:getNothing"):
        cloud.gcp().invoke("gcp:compute/getNothing:getNothing")
