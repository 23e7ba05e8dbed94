"""What `ClusterAutoscaler` registers, in a preview and in a deployment."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pulumi
import pytest

import penstock
from penstock.autoscaling.cluster_autoscaler import ClusterAutoscaler
from sandbox.cloud.store import CloudResource, Store
from tests.support.mocked import Registered, of_type, run
from tests.support.pool_refs import SPOT, pool

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
REF: dict[str, Any] = {
    "cloud": "aws",
    "name": "llm",
    "location": "eu-west-1",
    "zones": ["eu-west-1a", "eu-west-1b"],
    "labels": {"team": "llm"},
    "version": "1.34",
}
EKS: dict[str, Any] = {"cluster": REF, "cloud": "aws", "pools": [pool("web"), pool("web-spot", **SPOT)]}
SELF_MANAGED: dict[str, Any] = {
    "cluster": {"cloud": "existing", "name": "llm", "location": "", "zones": []},
    "cloud": "existing",
    "pools": [pool("web", cloud="existing")],
    "self_managed": {"provider": "gce", "groups": {"web": ["web-"]}},
}


def both(args: dict[str, Any]) -> list[Registered]:
    """Registers it in a preview and in a deployment, which have to be the same."""
    previewed = run(lambda: ClusterAutoscaler("scaler", args), preview=True)
    deployed = deploy(lambda: ClusterAutoscaler("scaler", args))
    assert {(r.type, r.name) for r in previewed} == {(r.type, r.name) for r in deployed}
    return deployed


def deploy(program: Callable[[], Any]) -> list[Registered]:
    """Deploys `program` to a cloud in which the EKS cluster exists already."""
    with TemporaryDirectory() as cloud:
        name = {"name": REF["name"]}
        where = REF["location"]
        Store(Path(cloud)).add(CloudResource("aws:eks/cluster:Cluster", REF["name"], "theirs", name, name, where))
        return run(program, cloud=Path(cloud))


def container(registered: list[Registered]) -> dict[str, Any]:
    (deployment,) = of_type(registered, DEPLOYMENT).values()
    (found,) = deployment["spec"]["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found


def test_on_eks_it_has_a_role_of_its_own() -> None:
    registered = both(EKS)
    association = of_type(registered, "aws:eks/podIdentityAssociation:PodIdentityAssociation")["scaler-identity"]
    account = of_type(registered, "kubernetes:core/v1:ServiceAccount")["scaler-account"]
    assert association["clusterName"] == "llm"
    assert association["region"] == "eu-west-1"
    assert association["namespace"] == account["metadata"]["namespace"] == "kube-system"
    assert association["serviceAccount"] == account["metadata"]["name"] == "cluster-autoscaler"
    role = of_type(registered, "aws:iam/role:Role")["scaler-role"]
    assert role["tags"] == {"team": "llm"}
    assert (
        "k8s.io/cluster-autoscaler/llm"
        in of_type(registered, "aws:iam/rolePolicy:RolePolicy")["scaler-policy"]["policy"]
    )


def test_elsewhere_it_has_none_of_aws() -> None:
    assert not [r.type for r in both(SELF_MANAGED) if r.type.startswith("aws:")]


def test_it_runs_the_clusters_version_in_the_clusters_region() -> None:
    made = container(both(EKS))
    assert made["image"].startswith("registry.k8s.io/autoscaling/cluster-autoscaler:v1.34.")
    assert {"name": "AWS_REGION", "value": "eu-west-1"} in made["env"]
    assert (
        "--node-group-auto-discovery=asg:tag=k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/llm"
        in (made["args"])
    )


def test_an_isolated_cluster_pulls_from_its_mirror_and_uses_what_the_image_knows() -> None:
    made = container(both({**EKS, "cluster": {**REF, "isolated": True, "registry": "mirror.example.com"}}))
    assert made["image"].startswith("mirror.example.com/autoscaling/cluster-autoscaler:v1.34.")
    assert "--aws-use-static-instance-list=true" in made["args"]


def test_its_own_registry_goes_before_the_clusters() -> None:
    args = {**EKS, "cluster": {**REF, "registry": "theirs.example.com"}, "registry": "mine.example.com"}
    assert container(both(args))["image"].startswith("mine.example.com/")


@pytest.mark.parametrize("ref", [REF, pulumi.Output.from_input(REF)], ids=["value", "output"])
def test_it_takes_its_cluster_as_a_value_or_as_an_output(ref: Any) -> None:
    made = container(both({**EKS, "cluster": ref}))
    assert made["image"].startswith("registry.k8s.io/autoscaling/cluster-autoscaler:v1.34.")


def test_priorities_are_there_only_where_they_are_read() -> None:
    kind = "kubernetes:core/v1:ConfigMap"
    made = of_type(both(EKS), kind)["scaler-priorities"]
    assert made["metadata"]["name"] == "cluster-autoscaler-priority-expander"
    assert made["metadata"]["namespace"] == "kube-system"
    assert '- ".*"' in made["data"]["priorities"]
    assert not of_type(both({**EKS, "pools": [pool("web")]}), kind)


def test_its_rights_are_bound_to_its_service_account() -> None:
    registered = run(lambda: ClusterAutoscaler("scaler", {**EKS, "namespace": "platform"}), preview=True)
    for kind in ("ClusterRoleBinding", "RoleBinding"):
        (binding,) = of_type(registered, f"kubernetes:rbac.authorization.k8s.io/v1:{kind}").values()
        assert binding["subjects"] == [
            {"kind": "ServiceAccount", "name": "cluster-autoscaler", "namespace": "platform"}
        ]
        (role,) = of_type(registered, f"kubernetes:rbac.authorization.k8s.io/v1:{kind[:-7]}").values()
        assert binding["roleRef"]["name"] == role["metadata"]["name"]


def test_it_tells_what_it_runs() -> None:
    seen: list[Any] = []

    def program() -> None:
        made = ClusterAutoscaler("scaler", EKS)
        pulumi.Output.all(made.image, made.expander).apply(seen.append)

    deploy(program)
    ((image, expander),) = seen
    assert image == container(both(EKS))["image"]
    assert expander == "priority"


@pytest.mark.parametrize(
    ("args", "path"),
    [
        ({**EKS, "cloud": "gcp"}, "cloud"),
        ({**EKS, "cloud": "moon"}, "cloud"),
        ({**EKS, "cluster": None}, "cluster"),
        ({**EKS, "cluster": {**REF, "isolated": True}}, "registry"),
        ({**EKS, "cluster": {**REF, "version": "1.20"}}, "version"),
        ({**SELF_MANAGED, "self_managed": {"provider": "aws"}}, "self_managed.region"),
    ],
)
def test_a_refused_autoscaler_names_the_path_and_registers_nothing(args: dict[str, Any], path: str) -> None:
    with pytest.raises(penstock.InvalidInputs) as refused:
        run(lambda: ClusterAutoscaler("scaler", args))
    assert path in [problem.path for problem in refused.value.problems]
    assert "ClusterAutoscaler 'scaler' cannot be deployed" in str(refused.value)
