"""The cluster autoscaler's objects in Kubernetes, and what it may do there and in AWS."""

import json
from typing import Any

import kubernetes_validate
import pytest

from penstock.autoscaling import identity, manifests, plan
from penstock.autoscaling.args import Expander
from penstock.autoscaling.images import cluster_autoscaler_image
from penstock.autoscaling.spec import ClusterAutoscalerSpec
from tests.support.pool_refs import AZURE, GPU, SPOT, eks, pool, self_managed

HERE = plan.Whereabouts(cluster="llm", isolated=False)


def objects(spec: ClusterAutoscalerSpec) -> list[dict[str, Any]]:
    return [
        manifests.service_account(spec),
        manifests.cluster_role(),
        manifests.cluster_role_binding(spec),
        manifests.role(spec),
        manifests.role_binding(spec),
        *([manifests.priorities(spec)] if spec.chosen_expander is Expander.PRIORITY else []),
        manifests.disruption_budget(spec),
        manifests.deployment(
            spec,
            image=cluster_autoscaler_image("1.34").reference(),
            flags=plan.flags(spec, HERE),
            environment=plan.environment(spec, "us-east-1"),
        ),
    ]


SPECS = {
    "eks": eks(pool("web-spot", **SPOT), pool("web")),
    "aws": self_managed("aws", [pool("web", min_nodes=0)], machines={"identity": "arn:aws:iam::1:role/ca"}),
    "azure": self_managed("azure", [pool("web")], machines={**AZURE, "identity": "client"}),
    "gce": self_managed("gce", [pool("web")], machines={"groups": {"web": ["web-"]}}),
}


@pytest.mark.parametrize("version", ["1.32", "1.34", "1.36"])
@pytest.mark.parametrize("kind", SPECS)
def test_its_objects_are_what_kubernetes_takes(kind: str, version: str) -> None:
    for each in objects(SPECS[kind]):
        kubernetes_validate.validate(each, version, strict=True)


def pod(spec: ClusterAutoscalerSpec) -> dict[str, Any]:
    found: dict[str, Any] = objects(spec)[-1]["spec"]["template"]["spec"]
    return found


def test_it_runs_as_nobody_with_nothing_that_it_does_not_need() -> None:
    (container,) = pod(eks())["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod(eks())["securityContext"]["runAsNonRoot"] is True
    assert pod(eks())["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert "volumes" not in pod(eks())
    assert list(container["resources"]["limits"]) == ["memory"]
    assert container["livenessProbe"]["httpGet"] == {"path": "/health-check", "port": "metrics"}


def test_one_of_two_takes_over_and_nodes_can_still_be_drained() -> None:
    made = {each["kind"]: each for each in objects(eks())}
    assert made["Deployment"]["spec"]["replicas"] == 2
    assert made["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1
    selector = made["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]
    assert selector.items() <= made["Deployment"]["spec"]["template"]["metadata"]["labels"].items()
    assert pod(eks())["priorityClassName"] == "system-cluster-critical"


def hosts(spec: ClusterAutoscalerSpec) -> dict[str, Any]:
    terms = pod(spec)["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    (expression,) = terms[0]["matchExpressions"]
    found: dict[str, Any] = expression
    return found


def test_it_runs_where_its_node_stays() -> None:
    spec = eks(
        pool("web"),
        pool("base", purchase="reserved", min_nodes=10),
        pool("web-spot", purchase="spot"),
        pool("empty", min_nodes=0),
        pool("gpu", **{**GPU, "min_nodes": 1}),
        pool("tainted", taints=[{"key": "dedicated", "value": "db", "effect": "NoSchedule"}]),
    )
    assert hosts(spec) == {"key": "penstock/pool", "operator": "In", "values": ["base", "web"]}
    assert pod(spec)["tolerations"] == []


def test_it_tolerates_the_taints_of_the_pools_that_it_is_placed_on() -> None:
    taints = [{"key": "dedicated", "value": "system", "effect": "NoSchedule"}, {"key": "CriticalAddonsOnly"}]
    spec = eks(pool("web"), pool("system", taints=taints), placed_on=["system"])
    assert hosts(spec)["values"] == ["system"]
    assert pod(spec)["tolerations"] == [
        {"key": "CriticalAddonsOnly", "operator": "Equal", "value": "", "effect": "NoSchedule"},
        {"key": "dedicated", "operator": "Equal", "value": "system", "effect": "NoSchedule"},
    ]


def test_where_no_pool_always_has_a_node_it_runs_beside_the_control_plane() -> None:
    spec = SPECS["aws"]
    assert hosts(spec) == {"key": "penstock/pool", "operator": "NotIn", "values": ["web"]}
    assert [each["key"] for each in pod(spec)["tolerations"]] == ["node-role.kubernetes.io/control-plane"]


def test_azure_gives_its_pods_a_token_only_where_an_identity_is_named() -> None:
    named = manifests.deployment(SPECS["azure"], image="i", flags=[], environment={})
    assert named["spec"]["template"]["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    assert manifests.service_account(SPECS["azure"])["metadata"]["annotations"] == {
        "azure.workload.identity/client-id": "client"
    }
    assert plan.environment(SPECS["azure"], "")["ARM_USE_WORKLOAD_IDENTITY_EXTENSION"] == "true"
    machines_own = self_managed("azure", [pool("web")], machines=AZURE)
    assert plan.environment(machines_own, "")["ARM_USE_MANAGED_IDENTITY_EXTENSION"] == "true"
    assert "annotations" not in manifests.service_account(machines_own)["metadata"]


def test_aws_is_asked_in_the_region_of_the_machines() -> None:
    assert plan.environment(eks(), "us-east-1") == {"AWS_REGION": "us-east-1", "AWS_STS_REGIONAL_ENDPOINTS": "regional"}
    elsewhere = self_managed("aws", [pool("web")], machines={"region": "eu-west-1"})
    assert plan.environment(elsewhere, "frankfurt")["AWS_REGION"] == "eu-west-1"


def test_its_role_changes_no_group_but_its_clusters() -> None:
    statements = json.loads(identity.aws_policy("llm"))["Statement"]
    reading = {"Describe", "Get"}
    for statement in statements:
        if not all(action.partition(":")[2].startswith(tuple(reading)) for action in statement["Action"]):
            assert statement["Condition"] == {
                "StringEquals": {"aws:ResourceTag/k8s.io/cluster-autoscaler/llm": "owned"}
            }
            assert set(statement["Action"]) == {
                "autoscaling:SetDesiredCapacity",
                "autoscaling:TerminateInstanceInAutoScalingGroup",
            }
    assert not [action for statement in statements for action in statement["Action"] if "*" in action]


def test_only_its_own_service_account_gets_its_role() -> None:
    (statement,) = json.loads(identity.aws_trust("llm", "kube-system"))["Statement"]
    assert statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert statement["Condition"]["StringEquals"] == {
        "aws:RequestTag/eks-cluster-name": "llm",
        "aws:RequestTag/kubernetes-namespace": "kube-system",
        "aws:RequestTag/kubernetes-service-account": "cluster-autoscaler",
    }


def test_it_may_write_nothing_but_what_it_says_and_does() -> None:
    rules = [*identity.cluster_rules(), *identity.own_rules(Expander.PRIORITY)]
    writes = {
        (resource, verb, tuple(rule.get("resourceNames", ())))
        for rule in rules
        for resource in rule["resources"]
        for verb in rule["verbs"]
        if verb not in ("get", "list", "watch")
    }
    assert writes == {
        ("nodes", "update", ()),
        ("pods/eviction", "create", ()),
        ("events", "create", ()),
        ("events", "patch", ()),
        ("leases", "create", ()),
        ("leases", "update", ("cluster-autoscaler",)),
        ("configmaps", "create", ()),
        ("configmaps", "delete", ("cluster-autoscaler-status",)),
        ("configmaps", "update", ("cluster-autoscaler-status",)),
    }
    assert not [rule for rule in rules if "*" in (*rule["resources"], *rule["verbs"], *rule["apiGroups"])]
    assert not [rule for rule in rules if "secrets" in rule["resources"]]


def test_only_the_priority_expander_sees_the_config_maps_of_its_namespace() -> None:
    listing = [rule for rule in identity.own_rules(Expander.LEAST_WASTE) if "list" in rule["verbs"]]
    assert listing == []
