"""What else a tenant may make: quotas, Services, autoscalers and routes."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from penstock.tenancy.policies_plan import policy_names
from sandbox.cluster import Cluster
from sandbox.cluster.api import Object
from tests.cluster.isolation.tenants import (
    BARE,
    OTHERS,
    SPACE,
    As,
    Tenants,
)
from tests.cluster.isolation.things import (
    changed,
    claim,
    job,
    route,
    scaled,
    service,
    used,
)
from tests.cluster.objects import await_


def test_the_api_server_finds_nothing_odd_in_the_policies(cluster: Cluster, stack: Tenants) -> None:
    """It checks their expressions against the types of all that they judge."""
    root = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
    for name in policy_names():
        path = f"{root}/penstock-tenant-{name}"
        await_("it has been looked at", partial(_looked_at, cluster, path))
        assert cluster.api.get(path)["status"].get("typeChecking", {}) == {}


def _looked_at(cluster: Cluster, path: str) -> bool:
    return bool(cluster.api.get(path).get("status", {}).get("observedGeneration"))


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"type": "NodePort"}, "Write a Service of type ClusterIP"),
        ({"type": "LoadBalancer"}, "Write a Service of type ClusterIP"),
        (
            {"type": "ExternalName", "externalName": f"web.{OTHERS}.svc.cluster.local"},
            "Write a Service of type ClusterIP",
        ),
        ({"externalIPs": ["203.0.113.7"]}, "Drop externalIPs"),
    ],
    ids=["node port", "load balancer", "name of another's", "address of another's"],
)
def test_a_service_that_leads_out_of_its_namespace_is_refused(developer: As, spec: dict[str, Any], reason: str) -> None:
    """7."""
    refused = developer.refusal(service(**spec))
    assert refused
    assert reason in refused
    assert developer.refusal(service()) is None
    assert developer.refusal(service(**spec), BARE) is None


TOO_MUCH = {
    "cpu": {"cpu": "1900m"},
    "memory": {"memory": "4Gi"},
    "ephemeral-storage": {"ephemeral-storage": "4Gi"},
    "nvidia.com/gpu": {"nvidia.com/gpu": "1"},
}


@pytest.mark.parametrize("resource", TOO_MUCH)
def test_pods_above_the_quota_are_refused(cluster: Cluster, developer: As, pod: Object, resource: str) -> None:
    """8: of CPU, memory, the nodes' disks and GPUs. Two pods fill the quota, or one the GPUs; the next is refused."""
    each = changed(pod, "spec.containers.0.resources", {"requests": TOO_MUCH[resource], "limits": TOO_MUCH[resource]})
    paths = [f"/api/v1/namespaces/{SPACE}/pods/full-{n}" for n in range(3)]
    try:
        for n in range(3):
            refused = developer.refusal(changed(each, "metadata.name", f"full-{n}"), dry=False)
            if refused:
                break
        assert refused
        assert n > 0
        assert "exceeded quota: quota" in refused
        assert f"requests.{resource}" in refused
    finally:
        for path in paths:
            cluster.api.delete(f"{path}?gracePeriodSeconds=0")
        await_("the pods are gone", lambda: not any(cluster.api.find(path) for path in paths))
        await_("their quota is free", lambda: used(cluster, "pods") == "0")
    assert developer.refusal(each, BARE) is None


COUNTED = ("pods", "count/jobs.batch", "persistentvolumeclaims", "services", "count/scaledobjects.keda.sh")


@pytest.mark.parametrize("what", ["jobs", "cron jobs", "claims", "storage", "services", "scaled objects"])
def test_objects_above_their_count_are_refused(cluster: Cluster, developer: As, pod: Object, what: str) -> None:
    """8: of objects, those of KEDA too, and of volumes' size."""
    cron = {"schedule": "0 * * * *", "jobTemplate": {"spec": job("x", pod)["spec"]}}
    things = {
        "jobs": [job(f"job-{n}", pod) for n in range(2)],
        "cron jobs": [{"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "cron"}, "spec": cron}],
        "claims": [claim(f"claim-{n}", "1Gi") for n in range(3)],
        "storage": [claim("large-0", "15Gi"), claim("large-1", "15Gi")],
        "services": [changed(service(), "metadata.name", f"web-{n}") for n in range(2)],
        "scaled objects": [changed(scaled(), "metadata.name", f"web-{n}") for n in range(2)],
    }[what]
    for thing in things[:-1]:
        assert developer.refusal(thing, dry=False) is None
    refused = developer.refusal(things[-1])
    for thing in things[:-1]:
        cluster.api.delete(cluster.api.path(changed(thing, "metadata.namespace", SPACE)))
    await_("nothing is left of it", lambda: all(used(cluster, name) == "0" for name in COUNTED))
    assert refused
    assert "exceeded quota: quota" in refused
    assert developer.refusal(things[-1], BARE) is None


def test_a_claim_on_a_volume_that_is_there_already_is_refused(developer: As) -> None:
    """26: it may be what another tenant has left."""
    refused = developer.refusal(changed(claim("mine", "1Gi"), "spec.volumeName", "pv-of-somebody"))
    assert refused
    assert "Drop volumeName" in refused
    assert developer.refusal(claim("mine", "1Gi")) is None


@pytest.mark.parametrize("spec", [{"maxUnavailable": 0}, {"maxUnavailable": "0%"}, {"minAvailable": "100%"}])
def test_a_budget_that_keeps_nodes_from_being_drained_is_refused(developer: As, spec: dict[str, Any]) -> None:
    """24: nodes are everybody's."""

    def budget(**spec: Any) -> Object:
        kind = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}}
        return {**kind, "spec": {"selector": {"matchLabels": {"app": "web"}}, **spec}}

    refused = developer.refusal(budget(**spec))
    assert refused
    assert "Let a pod be away" in refused
    assert developer.refusal(budget(**spec), BARE) is None
    for fine in ({"maxUnavailable": 1}, {"maxUnavailable": "25%"}, {"minAvailable": 1}):
        assert developer.refusal(budget(**fine)) is None


def trigger(kind: str, reference: dict[str, str] | None = None, **metadata: Any) -> dict[str, Any]:
    return {"type": kind, "metadata": metadata, **({"authenticationRef": reference} if reference else {})}


PROMETHEUS: dict[str, Any] = {"serverAddress": "http://acme.prom", "query": "up", "threshold": "1"}
SCALING = {
    "above the most": ({"maxReplicaCount": 6}, "State the most replicas, up to 5"),
    "no most": ({"maxReplicaCount": None}, "State the most replicas, up to 5"),
    "a trigger that reaches further": (
        {"triggers": [trigger("metrics-api", url="http://api.services", valueLocation="x", targetValue="1")]},
        "Triggers of this tenant are cpu cron prometheus",
    ),
    "everybody's series": (
        {"triggers": [trigger("prometheus", **{**PROMETHEUS, "serverAddress": "http://prometheus.monitoring"})]},
        "Ask the Prometheus at 'http://acme.prom'",
    ),
    "the platform's credentials": (
        {"triggers": [trigger("prometheus", {"name": "all", "kind": "ClusterTriggerAuthentication"}, **PROMETHEUS)]},
        "ClusterTriggerAuthentication is the platform's",
    ),
}


@pytest.mark.parametrize(("spec", "reason"), SCALING.values(), ids=SCALING)
def test_an_autoscaler_that_takes_or_sees_more_than_the_tenants_is_refused(
    developer: As, spec: dict[str, Any], reason: str
) -> None:
    """13."""
    stated = {key: value for key, value in scaled(**spec)["spec"].items() if value is not None}
    wrong = {**scaled(), "spec": stated}
    refused = developer.refusal(wrong)
    assert refused
    assert reason in refused
    for right in (scaled(), scaled(triggers=[trigger("prometheus", {"name": "own"}, **PROMETHEUS)])):
        assert developer.refusal(right) is None


def test_credentials_of_an_autoscaler_come_from_secrets_of_its_namespace(developer: As) -> None:
    """13: a pod identity or a vault would be asked as KEDA itself."""
    kind = {"apiVersion": "keda.sh/v1alpha1", "kind": "TriggerAuthentication", "metadata": {"name": "own"}}
    own = {"secretTargetRef": [{"parameter": "password", "name": "redis", "key": "password"}]}
    assert developer.refusal({**kind, "spec": own}) is None
    for foreign in ({"podIdentity": {"provider": "aws"}}, {"podIdentity": {"provider": "gcp"}, **own}):
        refused = developer.refusal({**kind, "spec": foreign})
        assert refused
        assert "identity or a vault" in refused


def test_a_horizontal_autoscaler_is_capped_as_well(developer: As) -> None:
    """13."""

    def horizontal(most: int) -> Object:
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
        kind = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"}}
        return {**kind, "spec": {"maxReplicas": most, "scaleTargetRef": target}}

    assert developer.refusal(horizontal(5)) is None
    refused = developer.refusal(horizontal(6))
    assert refused
    assert "up to 5" in refused
    assert developer.refusal(horizontal(6), BARE) is None


ROUTES = {
    "another's Gateway": ({"parentRefs": [{"name": "private", "namespace": "gateway"}]}, "attach to gateway/public"),
    "a Gateway of its own": ({"parentRefs": [{"name": "public"}]}, "attach to gateway/public"),
    "another's host name": ({"hostnames": ["globex.example.com"]}, "State host names of this tenant"),
    "a name that ends likewise": ({"hostnames": ["evil-acme.example.com"]}, "State host names of this tenant"),
    "any host name": ({"hostnames": []}, "State host names of this tenant"),
    "another's Service": (
        {"rules": [{"backendRefs": [{"name": "web", "namespace": OTHERS, "port": 80}]}]},
        "Send requests to Services of this namespace",
    ),
}


@pytest.mark.parametrize(("spec", "reason"), ROUTES.values(), ids=ROUTES)
def test_a_route_by_anothers_gateway_or_name_is_refused(developer: As, spec: dict[str, Any], reason: str) -> None:
    """14."""
    refused = developer.refusal(route(**spec))
    assert refused
    assert reason in refused
    assert developer.refusal(route(hostnames=["acme.example.com", "eu.acme.example.com"])) is None
