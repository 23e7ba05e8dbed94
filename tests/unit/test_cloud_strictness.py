"""The sandbox refuses what the SDKs' types forbid, and says where and what to write instead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.cloud.schema import Sdk
from sandbox.cloud.schema.shapes import ANYTHING, ListOf, MapOf, OneOf, Scalar
from sandbox.cloud.values import UNKNOWN
from tests.support.cloud_client import Refused, Session, running_cloud, urn_of

NODE_POOL = "gcp:container/nodePool:NodePool"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
POD = {"containers": [{"name": "web", "image": "nginx"}]}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with running_cloud(tmp_path_factory.mktemp("cloud") / "state") as session:
        yield session


def deployment(**spec: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": POD}
    return {"spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template, **spec}}


def test_unknown_properties_are_refused_with_the_nearest_names(cloud: Session) -> None:
    failures = cloud.gcp().failures(NODE_POOL, {"cluster": "c", "nodeConfig": {"machineTyp": "e2-medium"}})
    assert list(failures) == ["nodeConfig.machineTyp"]
    assert 'did you mean "machineType"' in failures["nodeConfig.machineTyp"]


def test_required_properties_are_demanded_at_every_depth(cloud: Session) -> None:
    failures = cloud.gcp().failures(NODE_POOL, {"nodeConfig": {"guestAccelerators": [{"count": 1}]}})
    assert failures.keys() == {"cluster", "nodeConfig.guestAccelerators[0].type"}


def test_all_violations_come_at_once_with_full_paths(cloud: Session) -> None:
    inputs = {
        "cluster": ["c"],
        "nodeCount": "many",
        "nodeConfig": {"spot": "perhaps", "labels": ["a"], "guestAccelerators": [{"type": "nvidia-l4", "count": 1.5}]},
    }
    assert cloud.gcp().failures(NODE_POOL, inputs).keys() == {
        "cluster",
        "nodeCount",
        "nodeConfig.spot",
        "nodeConfig.labels",
        "nodeConfig.guestAccelerators[0].count",
    }


def test_map_keys_with_dots_are_quoted_in_paths(cloud: Session) -> None:
    inputs = {"cluster": "c", "nodeConfig": {"labels": {"example.com/team": {"not": "a text"}}}}
    assert list(cloud.gcp().failures(NODE_POOL, inputs)) == ['nodeConfig.labels["example.com/team"]']


@pytest.mark.parametrize("count", ["3", 3, 3.0])
def test_bridged_providers_take_numbers_as_text(cloud: Session, count: object) -> None:
    assert cloud.gcp().failures(NODE_POOL, {"cluster": "c", "nodeCount": count}) == {}


def test_kubernetes_takes_no_text_for_a_number(cloud: Session) -> None:
    failures = cloud.provider("kubernetes").failures(DEPLOYMENT, deployment(replicas="3"))
    assert failures == {"spec.replicas": 'A whole number is wanted here, not the text "3".'}


def test_kubernetes_takes_a_port_as_number_or_name(cloud: Session) -> None:
    kubernetes = cloud.provider("kubernetes")
    for port in (8080, "http"):
        service = {"spec": {"ports": [{"port": 80, "targetPort": port}]}}
        assert kubernetes.failures("kubernetes:core/v1:Service", service) == {}
    wrong = {"spec": {"ports": [{"port": 80, "targetPort": [8080]}]}}
    assert list(kubernetes.failures("kubernetes:core/v1:Service", wrong)) == ["spec.ports[0].targetPort"]


def test_unknown_values_pass_wherever_they_stand(cloud: Session) -> None:
    inputs = {"cluster": UNKNOWN, "nodeCount": UNKNOWN, "nodeConfig": {"guestAccelerators": UNKNOWN, "spot": UNKNOWN}}
    assert cloud.gcp().failures(NODE_POOL, inputs) == {}
    assert cloud.provider("kubernetes").failures(DEPLOYMENT, {"metadata": UNKNOWN, "spec": UNKNOWN}) == {}


@pytest.mark.parametrize(
    ("package", "type_"),
    [
        ("gcp", "gcp:container/nodePoool:NodePoool"),
        ("kubernetes", "kubernetes:apps/v1:Deploymnt"),
        ("random", "random:index/randomDice:RandomDice"),
        ("aws", "aws:ec2/instances:Instances"),
        ("azure-native", "azure-native:compute/v20150615:VirtualMachine"),
    ],
)
def test_types_that_the_sdk_lacks_are_refused(cloud: Session, package: str, type_: str) -> None:
    assert cloud.provider(package).failures(type_, {}) == {"": f"The {package} provider has no resource type {type_}."}


def test_the_other_clouds_are_checked_generically(cloud: Session) -> None:
    assert cloud.provider("aws", region="eu-west-1").failures(
        "aws:ec2/instance:Instance", {"instanceTyp": "m5.large"}
    ).keys() == {"instanceTyp"}
    machine = {"resourceGroupName": "rg", "storageProfile": {"osDisk": {}}, "zones": "1"}
    failures = cloud.provider("azure-native").failures("azure-native:compute:VirtualMachine", machine)
    assert failures.keys() == {"storageProfile.osDisk.createOption", "zones"}


def test_provider_settings_are_checked(cloud: Session) -> None:
    from pulumi.runtime.proto import provider_pb2

    from sandbox.cloud.values import encode

    request = provider_pb2.CheckRequest(
        urn=urn_of("pulumi:providers:gcp", "gcp"), news=encode({"projct": "acme", "disableGlobalProjectWarning": "yes"})
    )
    failures = cloud.gcp().call("CheckConfig", request).failures
    assert {failure.property for failure in failures} == {"projct", "disableGlobalProjectWarning"}


def test_a_kubeconfig_to_come_is_left_out_so_that_objects_are_checked_all_the_same(cloud: Session) -> None:
    from pulumi.runtime.proto import provider_pb2

    from sandbox.cloud.values import decode, encode

    news = encode({"kubeconfig": UNKNOWN, "namespace": "apps"})
    request = provider_pb2.CheckRequest(urn=urn_of("pulumi:providers:kubernetes", "k"), news=news)
    response = cloud.provider("kubernetes").call("CheckConfig", request)
    assert decode(response.inputs) == {"namespace": "apps"}


def test_a_component_that_the_real_provider_builds_is_refused_in_a_sentence(cloud: Session) -> None:
    from pulumi.runtime.proto import provider_pb2

    with pytest.raises(Refused, match="cannot build the component kubernetes:yaml/v2:ConfigFile"):
        cloud.provider("kubernetes").call(
            "Construct", provider_pb2.ConstructRequest(type="kubernetes:yaml/v2:ConfigFile")
        )


def test_shapes_follow_the_sdks_hints() -> None:
    properties = Sdk("azure-native").resource("azure-native:compute:VirtualMachine").inputs.properties  # type: ignore[union-attr]
    assert properties["zones"] == ListOf(Scalar("string"))
    assert properties["tags"] == MapOf(Scalar("string"))
    assert isinstance(properties["priority"], OneOf)
    release = Sdk("kubernetes").resource("kubernetes:helm.sh/v3:Release").inputs.properties  # type: ignore[union-attr]
    assert release["values"] == MapOf(ANYTHING)
