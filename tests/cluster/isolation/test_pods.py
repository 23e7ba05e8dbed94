"""Which pods the API server takes in a tenant's namespace, and refuses there though it takes them elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.cluster import Cluster
from sandbox.cluster.api import Object
from tests.cluster.isolation.tenants import (
    BARE,
    DIGEST,
    OTHERS,
    SPACE,
    As,
)
from tests.cluster.isolation.things import (
    changed,
    deployment,
    job,
    used,
)
from tests.cluster.objects import await_

PRIVILEGES = {
    "privileged": ("spec.containers.0.securityContext", {"privileged": True}),
    "host path": ("spec.volumes", [{"name": "host", "hostPath": {"path": "/"}}]),
    "host network": ("spec.hostNetwork", True),
    "host pid": ("spec.hostPID", True),
    "host ipc": ("spec.hostIPC", True),
    "host port": ("spec.containers.0.ports", [{"containerPort": 80, "hostPort": 80}]),
    "capability": ("spec.containers.0.securityContext.capabilities", {"drop": ["ALL"], "add": ["NET_ADMIN"]}),
    "capabilities kept": ("spec.containers.0.securityContext.capabilities", {}),
    "escalation": ("spec.containers.0.securityContext.allowPrivilegeEscalation", True),
    "root": ("spec.securityContext", {"runAsUser": 0, "seccompProfile": {"type": "RuntimeDefault"}}),
    "no seccomp": ("spec.securityContext", {"runAsNonRoot": True}),
    "unmasked proc": ("spec.containers.0.securityContext.procMount", "Unmasked"),
}


@pytest.mark.parametrize(("path", "value"), PRIVILEGES.values(), ids=PRIVILEGES)
def test_a_pod_with_privileges_is_refused(developer: As, pod: Object, path: str, value: Any) -> None:
    """6."""
    wrong = changed(pod, path, value)
    if path.endswith("procMount"):
        wrong["spec"]["hostUsers"] = False  # what the API asks for with it
    assert developer.refusal(pod) is None
    refused = developer.refusal(wrong)
    assert refused
    assert 'violates PodSecurity "restricted:v1.34"' in refused
    assert developer.refusal(wrong, BARE) is None


def test_a_container_that_says_nothing_gets_limits_and_one_above_the_most_is_refused(
    developer: As, pod: Object
) -> None:
    """9."""
    path = f"/api/v1/namespaces/{SPACE}/pods?dryRun=All"
    got = developer.create(path, pod)["spec"]["containers"][0]["resources"]
    assert got["requests"] == {"cpu": "100m", "memory": "128Mi", "ephemeral-storage": "1Gi"}
    assert got["limits"]["memory"] == "128Mi"
    for large in ({"cpu": "2500m"}, {"memory": "5Gi"}):
        wrong = changed(pod, "spec.containers.0.resources", {"requests": large, "limits": large})
        refused = developer.refusal(wrong)
        assert refused
        assert "maximum" in refused
        assert developer.refusal(wrong, BARE) is None


@pytest.mark.parametrize("name", ["platform-high", "system-cluster-critical", "system-node-critical"])
def test_a_priority_above_the_tenants_is_refused(developer: As, pod: Object, name: str) -> None:
    """10."""
    refused = developer.refusal(changed(pod, "spec.priorityClassName", name))
    assert refused
    assert f"'{name}' is not for this tenant. It may have acme-high" in refused
    assert developer.refusal(changed(pod, "spec.priorityClassName", "acme-high")) is None
    if not name.startswith("system-"):  # Kubernetes itself keeps those to kube-system where it is told so
        assert developer.refusal(changed(pod, "spec.priorityClassName", name), BARE) is None


def test_only_so_many_pods_have_a_priority(cluster: Cluster, developer: As, pod: Object) -> None:
    """10: by a quota of its own."""
    high = changed(pod, "spec.priorityClassName", "acme-high")
    path = f"/api/v1/namespaces/{SPACE}/pods/web"
    assert developer.refusal(high, dry=False) is None
    refused = developer.refusal(changed(high, "metadata.name", "next"))
    cluster.api.delete(f"{path}?gracePeriodSeconds=0")
    assert refused
    assert "exceeded quota: priority-acme-high" in refused
    await_("its quota is free", lambda: cluster.api.find(path) is None and used(cluster, "pods") == "0")


OTHER_NODES = {
    "no pool": ("spec.nodeSelector", {}, "affinity with penstock/pool=cpu or penstock/pool=gpu or workload-type=gpu."),
    "another's pool": (
        "spec.nodeSelector",
        {"penstock/pool": "other"},
        "affinity with penstock/pool=cpu or penstock/pool=gpu or workload-type=gpu.",
    ),
    "a label that others have as well": (
        "spec.nodeSelector",
        {"workload-type": "cpu"},
        "Say on which of this tenant's pools",
    ),
    "everything tolerated": ("spec.tolerations", [{"operator": "Exists"}], "Drop the toleration of everything"),
    "another's taint": (
        "spec.tolerations",
        [{"key": "workload-type", "operator": "Equal", "value": "other"}],
        "Drop the toleration of 'workload-type'",
    ),
    "any value of a taint": (
        "spec.tolerations",
        [{"key": "workload-type", "operator": "Exists"}],
        "Drop the toleration",
    ),
    "control plane": (
        "spec.tolerations",
        [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}],
        "Drop the toleration of 'node-role.kubernetes.io/control-plane'",
    ),
    "a node by its name": ("spec.nodeName", "somebody", "Drop nodeName"),
}


@pytest.mark.parametrize(("path", "value", "reason"), OTHER_NODES.values(), ids=OTHER_NODES)
def test_a_pod_for_nodes_of_others_is_refused(developer: As, pod: Object, path: str, value: Any, reason: str) -> None:
    """11."""
    wrong = changed(pod, path, value)
    for thing in (wrong, deployment(wrong), job("job", wrong)):
        if path == "spec.nodeName" and thing["kind"] != "Pod":
            continue  # its pods are refused
        refused = developer.refusal(thing)
        assert refused
        assert reason in refused
        assert developer.refusal(thing, BARE) is None


def test_a_pod_may_say_by_an_affinity_on_which_of_its_pools_it_runs(developer: As, pod: Object) -> None:
    """11."""

    def among(operator: str, *values: str) -> Object:
        term = {"matchExpressions": [{"key": "penstock/pool", "operator": operator, "values": list(values)}]}
        needed = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
        return changed(changed(pod, "spec.nodeSelector", {}), "spec.affinity", {"nodeAffinity": needed})

    assert developer.refusal(among("In", "cpu", "gpu")) is None
    by_label = changed(pod, "spec.nodeSelector", {"workload-type": "gpu"})
    assert developer.refusal(by_label) is None, "no other pool has it"
    for wrong in (among("In", "cpu", "other"), among("NotIn", "other")):
        refused = developer.refusal(wrong)
        assert refused
        assert "Say on which of this tenant's pools" in refused


def test_gpus_are_whole_and_counted_and_none_for_who_has_none(cluster: Cluster, pod: Object, developer: As) -> None:
    """23: a part of one cannot be asked for, and a quota of 0 holds for who was promised none."""
    half = {"nvidia.com/gpu": "500m"}
    refused = developer.refusal(changed(pod, "spec.containers.0.resources", {"requests": half, "limits": half}))
    assert refused
    assert "must be an integer" in refused
    others = As(cluster, "oidc:hank@globex.example", "oidc:globex-developers")
    theirs = changed(pod, "spec.nodeSelector", {"penstock/pool": "other"})
    theirs["spec"]["tolerations"] = []
    theirs["spec"]["containers"][0]["image"] = f"registry.example.com/globex/web@{DIGEST}"
    assert others.refusal(theirs, OTHERS) is None
    one = {"nvidia.com/gpu": "1"}
    refused = others.refusal(changed(theirs, "spec.containers.0.resources", {"requests": one, "limits": one}), OTHERS)
    assert refused
    assert "exceeded quota" in refused
