"""Ordinary resources of the clouds: names, ids, parents, outputs, deletion, and the types without a facts row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pulumi.runtime.proto import provider_pb2

from sandbox.cloud.naming import Autonaming
from sandbox.cloud.values import UNKNOWN, encode
from tests.support.cloud_client import Refused, Session, running_cloud, urn_of

BUCKET = "gcp:storage/bucket:Bucket"
KEY_RING = "gcp:kms/keyRing:KeyRing"
NETWORK = "gcp:compute/network:Network"
SUBNETWORK = "gcp:compute/subnetwork:Subnetwork"
TOPIC = "gcp:pubsub/topic:Topic"
"""A type without a facts row."""


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Session]:
    with running_cloud(tmp_path / "state") as session:
        yield session


def test_a_nameless_resource_gets_a_name_that_it_keeps_and_a_replacement_gets_another(cloud: Session) -> None:
    made = cloud.gcp().create(NETWORK, "net", {})
    assert re.fullmatch(r"net-[0-9a-f]{7}", made.inputs["name"])
    kept, _ = cloud.gcp().check(made.urn, {"mtu": 1500}, made.inputs, seed=b"another")
    assert kept["name"] == made.inputs["name"]
    anew, _ = cloud.gcp().check(made.urn, {}, seed=b"another")
    assert anew["name"] != made.inputs["name"]


def test_a_name_that_the_program_gave_and_no_longer_gives_is_not_kept(cloud: Session) -> None:
    made = cloud.gcp().create(NETWORK, "net", {"name": "mine"})
    checked, _ = cloud.gcp().check(made.urn, {}, made.inputs)
    assert checked["name"] != "mine"


def test_the_engines_rules_of_naming_are_followed(cloud: Session) -> None:
    options = provider_pb2.CheckRequest.AutonamingOptions
    for mode, proposed, name in ((options.ENFORCE, "from-the-engine", "from-the-engine"), (options.DISABLE, "", None)):
        request = provider_pb2.CheckRequest(urn=urn_of(NETWORK, "net"), news=encode({}))
        request.autonaming.CopyFrom(options(mode=mode, proposed_name=proposed))
        response = cloud.gcp().call("Check", request)
        assert (response.inputs["name"] if "name" in response.inputs else None) == name
        assert bool(response.failures) == (name is None)


def test_names_are_cut_to_the_longest_allowed() -> None:
    assert (
        Autonaming(b"seed").name("a" * 50, max_length=20) == "a" * 12 + "-" + (Autonaming(b"seed").name("") or "")[1:]
    )


def test_a_project_must_come_from_somewhere(cloud: Session) -> None:
    failures = cloud.provider("gcp").failures(NETWORK, {"name": "net"})
    assert "gcp:project in the stack's configuration" in failures["project"]
    assert cloud.provider("gcp").failures(NETWORK, {"name": "net", "project": UNKNOWN}) == {}


@pytest.mark.parametrize("how", ["name", "id", "selfLink"])
def test_parents_are_found_by_name_id_and_self_link(cloud: Session, how: str) -> None:
    network = cloud.gcp().create(NETWORK, "net", {"name": "net"})
    reference = {"name": "net", "id": network.id, "selfLink": network.outputs["selfLink"]}[how]
    subnetwork = {"name": "sub", "network": reference, "ipCidrRange": "10.0.0.0/20", "region": "us-central1"}
    made = cloud.gcp().create(SUBNETWORK, "sub", subnetwork)
    assert made.outputs["network"] == reference


def test_a_parent_that_does_not_exist_is_not_found(cloud: Session) -> None:
    subnetwork = {"name": "sub", "network": "nowhere", "ipCidrRange": "10.0.0.0/20", "region": "us-central1"}
    with pytest.raises(Refused, match="Error 404: The resource 'projects/acme/global/networks/nowhere' was not found"):
        cloud.gcp().create(SUBNETWORK, "sub", subnetwork)
    assert cloud.cloud.resources() == []


def test_a_parent_of_another_project_is_not_meant(cloud: Session) -> None:
    cloud.gcp(project="other").create(NETWORK, "net", {"name": "net"})
    subnetwork = {"name": "sub", "network": "net", "ipCidrRange": "10.0.0.0/20", "region": "us-central1"}
    with pytest.raises(Refused, match="Error 404"):
        cloud.gcp().create(SUBNETWORK, "sub", subnetwork)


def test_every_project_has_a_default_network(cloud: Session) -> None:
    subnetwork = {"name": "sub", "network": "default", "ipCidrRange": "10.0.0.0/20", "region": "us-central1"}
    cloud.gcp().create(SUBNETWORK, "sub", subnetwork)


def test_computed_outputs_follow_an_update_and_times_of_creation_do_not(cloud: Session) -> None:
    made = cloud.gcp().create(BUCKET, "data", {"location": "US", "labels": {"a": "1"}})
    updated = cloud.gcp().update(made, {"location": "US", "labels": {"a": "2"}})
    assert updated.outputs["effectiveLabels"] == {"a": "2"}
    assert updated.outputs["timeCreated"] == made.outputs["timeCreated"]


def test_text_numbers_come_back_as_numbers(cloud: Session) -> None:
    made = cloud.gcp().create(NETWORK, "net", {"mtu": "1500", "autoCreateSubnetworks": "false"})
    assert (made.outputs["mtu"], made.outputs["autoCreateSubnetworks"]) == (1500, False)


def test_what_is_left_out_later_is_gone_from_the_outputs(cloud: Session) -> None:
    made = cloud.gcp().create(NETWORK, "net", {"description": "old"})
    updated = cloud.gcp().update(made, {})
    assert "description" not in updated.outputs
    assert "description" not in cloud.cloud.resources(NETWORK)[0].outputs


def test_an_update_of_what_is_gone_is_not_found(cloud: Session) -> None:
    made = cloud.gcp().create(NETWORK, "net", {"name": "net"})
    cloud.cloud.remove(NETWORK, made.id)
    with pytest.raises(Refused, match="'projects/acme/global/networks/net' was not found"):
        cloud.gcp().update(made, made.inputs)


def test_an_update_respects_what_the_program_ignores(cloud: Session) -> None:
    made = cloud.gcp().create(BUCKET, "data", {"location": "US", "labels": {"a": "1"}})
    changed = {"location": "US", "labels": {"a": "2", "b": "2"}}
    updated = cloud.gcp().update(made, changed, ignore=["labels.a"])
    assert updated.outputs["labels"] == {"a": "1", "b": "2"}


def test_a_key_ring_is_forgotten_and_its_name_stays_taken(cloud: Session) -> None:
    made = cloud.gcp().create(KEY_RING, "ring", {"name": "ring", "location": "us"})
    cloud.gcp().delete(made)
    assert cloud.cloud.log()[-1].op == "forget"
    assert cloud.cloud.resources(KEY_RING) == []
    assert [found.id for found in cloud.cloud.resources(KEY_RING, forgotten=True)] == [made.id]
    with pytest.raises(Refused, match="Error 409"):
        cloud.gcp().create(KEY_RING, "ring", {"name": "ring", "location": "us"})


def test_a_deletion_policy_prevents_or_abandons(cloud: Session) -> None:
    kept = cloud.gcp().create(NETWORK, "kept", {"deletionPolicy": "PREVENT"})
    with pytest.raises(Refused, match="cannot destroy"):
        cloud.gcp().delete(kept)
    left = cloud.gcp().create(NETWORK, "left", {"deletionPolicy": "ABANDON"})
    cloud.gcp().delete(left)
    assert {found.id for found in cloud.cloud.resources(NETWORK)} == {kept.id, left.id}


def test_a_type_without_facts_is_recorded_and_updated_in_place(cloud: Session) -> None:
    made = cloud.gcp().create(TOPIC, "news", {"messageRetentionDuration": "86400s"})
    assert made.id == made.outputs["name"] == made.inputs["name"]
    assert not cloud.gcp().diff(made, made.inputs | {"messageRetentionDuration": "90000s"}).replaces
    assert cloud.gcp().refresh(made) == made


def test_aws_resources_have_an_arn_and_azure_resources_an_id_of_their_kind(cloud: Session) -> None:
    aws = cloud.provider("aws", region="eu-west-1")
    queue = aws.create("aws:sqs/queue:Queue", "jobs", {"name": "jobs"})
    assert queue.outputs["arn"] == "arn:aws:sqs:eu-west-1:123456789012:queue/jobs"
    azure = cloud.provider("azure-native")
    group = azure.create(
        "azure-native:resources:ResourceGroup", "apps", {"resourceGroupName": "apps", "location": "westeurope"}
    )
    made = azure.create(
        "azure-native:servicebus:Queue",
        "jobs",
        {
            "resourceGroupName": "apps",
            "namespaceName": "main",
            "queueName": "jobs",
        },
    )
    assert made.id == f"{group.id}/providers/Microsoft.Servicebus/queues/main/jobs"
    assert made.outputs["name"] == "jobs"


@pytest.mark.parametrize(
    ("package", "type_", "inputs"),
    [
        ("aws", "aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"}),
        ("azure-native", "azure-native:network:ApplicationSecurityGroup", {"resourceGroupName": "rg"}),
        ("gcp", TOPIC, {}),
    ],
)
def test_every_output_that_the_sdk_promises_is_unknown_in_preview(
    cloud: Session, package: str, type_: str, inputs: dict[str, object]
) -> None:
    settings = {"aws": {"region": "eu-west-1"}, "gcp": {"project": "acme"}}
    provider = cloud.provider(package, **settings.get(package, {}))
    outputs = provider.preview(urn_of(type_, "thing"), dict(inputs))
    made = provider.create(type_, "thing", dict(inputs))
    assert {name for name in made.outputs if outputs.get(name) is not UNKNOWN} <= {
        name for name in made.inputs if not name.startswith("__")
    }
