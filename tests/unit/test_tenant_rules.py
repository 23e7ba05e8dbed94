"""What may be asked of a tenant, of all tenants together, and what is refused with its path."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.component import InvalidInputs
from penstock.problems import InvalidSpec
from penstock.spec import check
from penstock.tenancy.check import check_tenants
from penstock.tenancy.spec import TenantSpec
from penstock.tenancy.tenant import Tenant
from tests.support.mocked import run
from tests.support.tenants import POSTGRES, REDIS, asked, gpu_pool, pool


def problems(**said: Any) -> dict[str, str]:
    try:
        check(TenantSpec, asked(**said))
    except InvalidSpec as refused:
        return {problem.path: problem.reason for problem in refused.problems}
    return {}


def quota(**said: Any) -> dict[str, Any]:
    return {"quota": {"cpu": "8", "memory": "16Gi", **said}}


@pytest.mark.parametrize(
    ("said", "path", "reason"),
    [
        ({"pools": []}, "pools", "at least 1"),
        ({"pools": [pool(), pool()]}, "pools", "stands there 2 times"),
        ({"pools": [pool(labels={"a": "b"})]}, "pools[0]", "have no label penstock/pool=cpu"),
        (quota(cpu="999"), "quota.cpu", "999 CPU is promised, and the pools 'cpu' hold at most 31.64"),
        (quota(memory="1Ti"), "quota.memory", "1Ti is promised, and the pools 'cpu' hold at most 117Gi"),
        (quota(gpus=1), "quota.gpus", "1 GPUs are promised, and the pools 'cpu' hold at most 0 of a kind"),
        ({**quota(gpus=9), "pools": [pool(), gpu_pool()]}, "quota.gpus", "hold at most 4 of a kind"),
        (quota(cpu="many"), "quota.cpu", "'many' is no amount above 0"),
        (quota(cpu="-4"), "quota.cpu", "no amount above 0"),
        (quota(memory="0"), "quota.memory", "no amount above 0"),
        (quota(memory="64"), "quota.memory", "64 bytes"),
        (quota(cpu=8), "quota.cpu", "Write a text, not 8"),
        (quota(gpus=-1), "quota.gpus", "at least 0"),
        (quota(gpus=0.5), "quota.gpus", "whole number"),
        (quota(gpus="1"), "quota.gpus", "whole number"),
        (quota(storage_gib=-5), "quota.storage_gib", "at least 0"),
        (quota(pods=0), "quota.pods", "at least 1"),
        (quota(limits={}), "quota.limits", "Write memory"),
        (quota(objects={"services.loadbalancers": 1}), "quota.objects.services.loadbalancers", "platform's Gateway"),
        (quota(objects={"count/pots": 1}), "quota.objects.count/pots", "Nothing of this name"),
        (quota(objects={"secrets": -1}), "quota.objects.secrets", "Write 0 or more"),
        ({"images": {"registries": []}}, "images.registries", "at least 1"),
        ({"images": {"registries": ["nginx"]}}, "images.registries[0]", "'nginx' is no registry"),
        ({"images": {"registries": ["https://r.example.com"]}}, "images.registries[0]", "no registry"),
        ({"images": {"registries": ["r.example.com/a:1.0"]}}, "images.registries[0]", "no registry"),
        ({"images": {"registries": ["r.example.com,docker.io"]}}, "images.registries[0]", "no registry"),
        ({"namespace": "Acme"}, "namespace", "no name that Kubernetes takes"),
        ({"namespace": "kube-system"}, "namespace", "not a tenant's"),
        ({"namespace": "services"}, "namespace", "not a tenant's"),
        ({"pod_security_version": "latest"}, "pod_security_version", "v1.34"),
        ({"labels": {"pod-security.kubernetes.io/enforce": "privileged"}},
         "labels.pod-security.kubernetes.io/enforce", "the platform's"),
        ({"labels": {"penstock.dev/tenant": "globex"}}, "labels.penstock.dev/tenant", "the platform's"),
        ({"labels": {"plan": "gold plan"}}, "labels.plan", "cannot be the value of a label"),
        ({"labels": {"the plan": "gold"}}, "labels.the plan", "no valid key"),
        ({"priority_classes": [{"name": "a..b"}]}, "priority_classes[0].name", "no name of a PriorityClass"),
        ({"priority_classes": [{"name": "a" * 250}]}, "priority_classes[0].name", "up to 240"),
        (quota(cpu="1n"), "quota.cpu", "less than 1m"),
        (quota(cpu="1e9999999999999999999999"), "quota.cpu", "no amount"),
        ({**quota(memory="512Mi"), "containers": {"max_memory": "600Mi"}}, "containers.max_memory", "quota has, 512Mi"),
        ({"egress": {"cidrs": ["::ffff:169.254.169.254/128"]}}, "egress.cidrs[0]", "no network"),
        ({"egress": {"cidrs": ["2001:db8::%eth0/64"]}}, "egress.cidrs[0]", "no network"),
        ({"redis": {**REDIS, "labels": None}}, "redis", "no ref of a store"),
        ({"cost_center": "R&D"}, "cost_center", "cannot be the value of a label"),
        ({"groups": {"admin": ["system:masters"]}}, "groups.admin[0]", "a group of Kubernetes' own"),
        ({"groups": {"viewer": ["system:authenticated"]}}, "groups.viewer[0]", "a group of Kubernetes' own"),
        ({"groups": {"developer": [""]}}, "groups.developer[0]", "required"),
        ({"groups": {"owner": ["a"]}}, "groups.owner", "no such setting"),
        ({"priority_classes": [{"name": "system-node-critical"}]}, "priority_classes[0].name", "evicts all others"),
        ({"priority_classes": [{"name": "a"}, {"name": "a"}]}, "priority_classes", "2 times"),
        ({"containers": {"max_cpu": "16"}}, "containers.max_cpu", "more than a node of its pools or its quota has, 7.91"),
        ({"containers": {"default_memory": "20Gi"}}, "containers.default_memory", "quota has, 16Gi"),
        ({"containers": {"default_cpu": "2", "max_cpu": "1"}}, "containers.max_cpu", "at least 2"),
        ({"scaling": {"triggers": ["prometheus"]}}, "scaling.prometheus_address", "other tenants' too"),
        ({"scaling": {"triggers": ["a,b"]}}, "scaling.triggers[0]", "no KEDA trigger"),
        ({"scaling": {"max_replicas": 0}}, "scaling.max_replicas", "at least 1"),
        ({"egress": {"cidrs": ["everywhere"]}}, "egress.cidrs[0]", "no network"),
        ({"egress": {"cidrs": ["203.0.113.7/24"]}}, "egress.cidrs[0]", "no network"),
        ({"egress": {"cidrs": ["169.254.169.254/32"]}}, "egress.cidrs[0]", "give machines their identity"),
        ({"egress": {"cidrs": ["10.4.0.0/16"]}}, "egress.cidrs[0]", "internal_cidrs says so"),
        ({"egress": {"cidrs": ["0.0.0.0/0"], "ports": [0]}}, "egress.ports[0]", "1 to 65535"),
        ({"routes": {"gateways": ["public"], "hostnames": ["a.example.com"]}}, "routes.gateways[0]", "namespace/name"),
        ({"routes": {"gateways": ["g/p"], "hostnames": ["*"]}}, "routes.hostnames[0]", "no host name"),
        ({"postgres_database": True}, "postgres_database", "uses no Postgres"),
        ({"qdrant_collection": True}, "qdrant_collection", "uses no Qdrant"),
        (
            {
                **quota(gpus=1),
                "pools": [gpu_pool(capacity={**gpu_pool()["capacity"], "accelerator_shared": True})],
            },
            "pools[0]",
            "shared by several pods at a time",
        ),
        ({"redis": {"name": "cache"}}, "redis", "no ref of a store"),
        ({"redis": "cache"}, "redis", "Write a map"),
        ({"rotation": 0}, "rotation", "at least 1"),
        ({"rotation": 1.5}, "rotation", "whole number"),
        ({"registries": ["x"]}, "registries", "Write images"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_what_a_tenant_cannot_have_is_refused_with_its_path(said: dict[str, Any], path: str, reason: str) -> None:
    assert reason in problems(**said)[path]


def test_every_problem_is_told_at_once() -> None:
    found = problems(**quota(cpu="999", gpus=3), images={"registries": ["nginx"]}, rotation=0)
    assert {"quota.cpu", "quota.gpus", "images.registries[0]", "rotation"} <= found.keys()


@pytest.mark.parametrize(
    ("name", "said", "reason"),
    [
        ("Acme", {}, "'Acme' is no name for a tenant"),
        ("acme_corp", {}, "is no name for a tenant"),
        ("1acme", {}, "is no name for a tenant"),
        ("a" * 33, {}, "is no name for a tenant"),
        ("", {}, "is no name for a tenant"),
        ("admin", {}, "the name of a user of Redis itself"),
        ("acme", {"removal": {"confirm": "acne"}}, "removal.confirm: Whoever wants this tenant removed writes its name, 'acme'"),
        ("acme", {"removal": {}}, "removal.confirm: This is required"),
    ],
)  # fmt: skip
def test_a_name_that_is_none_and_a_removal_of_somebody_else_are_refused(
    name: str, said: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InvalidInputs, match="cannot be deployed") as refused:
        run(lambda: Tenant(name, asked(**said)))
    assert reason in str(refused.value)


POOLS: dict[str, Any] = {"cpu": pool(), "gpu": gpu_pool()}


def together(tenants: dict[str, Any], **said: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for problem in check_tenants(tenants, POOLS, **said):
        found[problem.path] = f"{found.get(problem.path, '')} {problem.reason}"
    return found


def settings(*pools: str, cpu: str = "4", **said: Any) -> dict[str, Any]:
    return {**asked(**said), "pools": list(pools or ["cpu"]), "quota": {"cpu": cpu, "memory": "8Gi"}}


def test_tenants_that_fit_are_accepted_with_stores_that_are_only_named() -> None:
    assert (
        together({"acme": settings(redis="cache", postgres=True, postgres_database=True), "globex": settings()}) == {}
    )


@pytest.mark.parametrize(
    ("tenants", "path", "reason"),
    [
        ({"acme": settings("gold")}, "tenants.acme.pools[0]", "'gold' is none of the cluster's pools: cpu, gpu"),
        ({"acme": settings(), "Acme": settings()}, "tenants.Acme", "is no name for a tenant"),
        ({"a-b": settings(), "a_b": settings()}, "tenants.a_b", "is no name for a tenant"),
        (
            {"acme": settings(namespace="shared"), "globex": settings(namespace="shared")},
            "tenants.globex.namespace",
            "'shared' is the namespace of 'acme' already",
        ),
        (
            {"acme": settings(), "globex": settings(namespace="tenant-acme")},
            "tenants.globex.namespace",
            "the namespace of 'acme' already",
        ),
        ({"acme": settings(cpu="99")}, "tenants.acme.quota.cpu", "99 CPU is promised"),
        ({"acme": "gold"}, "tenants.acme", "Write a map of settings"),
        ({"acme": {}}, "tenants.acme.quota", "required"),
        ({"acme": settings(cpu="20"), "globex": settings(cpu="20")}, "tenants", "promised 40 cpu on the pools 'cpu'"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_tenants_that_cannot_be_together_are_refused(tenants: dict[str, Any], path: str, reason: str) -> None:
    assert reason in together(tenants)[path]


def test_two_tenants_of_one_name_but_for_capitals_are_told_as_such() -> None:
    reasons = [
        p.reason for p in check_tenants({"acme": settings(), "ACME": settings()}, POOLS) if p.path == "tenants.ACME"
    ]
    assert any("'ACME' and 'acme' are the same name" in reason for reason in reasons)


def test_a_pool_that_is_not_there_is_told_once() -> None:
    assert together({"acme": settings("gold")}).keys() == {"tenants.acme.pools[0]"}


def test_more_may_be_promised_than_there_is_where_that_is_said() -> None:
    tenants = {"acme": settings(cpu="20"), "globex": settings(cpu="20")}
    assert together(tenants, overcommit=1.5) == {}
    assert "tenant_overcommit" in together(tenants, overcommit=1.2)["tenants"]


def test_who_may_use_more_pools_does_not_count_against_those_who_have_one() -> None:
    assert together({"acme": settings("cpu", cpu="30"), "globex": settings("cpu", "gpu", cpu="17")}) == {}
    assert "tenants" in together({"acme": settings("cpu", cpu="30"), "globex": settings("cpu", "gpu", cpu="40")})


def test_a_thousand_tenants_are_checked_in_a_moment() -> None:
    tenants = {f"tenant-{n}": settings(cpu="10m", postgres=POSTGRES) for n in range(1000)}
    assert set(together(tenants)) == {"tenants"}, "1,000 times 8Gi are more than there is"
