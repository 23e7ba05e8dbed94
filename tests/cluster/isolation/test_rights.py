"""What people and pods of a tenant may do, by the API server's own authorizer."""

from __future__ import annotations

import pytest

from sandbox.cluster import Cluster
from tests.cluster.isolation.tenants import (
    BARE,
    OTHERS,
    SPACE,
    As,
    Tenants,
)

READS = ("get", "list", "watch")
WRITES = ("create", "update", "patch", "delete", "deletecollection")
FOREIGN = (OTHERS, "kube-system", "data", "default", "")
"""Namespaces of others, and the whole cluster."""


@pytest.fixture(scope="module")
def kinds(cluster: Cluster, stack: Tenants) -> dict[bool, list[tuple[str, str]]]:
    """Every resource that the API server serves, as (group, name), by whether it lives in namespaces."""
    found: dict[bool, list[tuple[str, str]]] = {True: [], False: []}
    groups = cluster.api.get("/apis")["groups"]
    for version in ("v1", *(group["preferredVersion"]["groupVersion"] for group in groups)):
        listed = cluster.api.get(f"/apis/{version}" if "/" in version else f"/api/{version}")["resources"]
        for each in listed:
            found[each["namespaced"]].append((version.rpartition("/")[0], each["name"]))
    return found


def test_a_tenants_people_and_pods_reach_nothing_of_another_namespace(
    cluster: Cluster, people: dict[str, As], kinds: dict[bool, list[tuple[str, str]]]
) -> None:
    """1: verbs x resources x namespaces, by SubjectAccessReviews over all that the API server serves."""
    developer = people["developer"]
    assert developer.may("list", "pods", SPACE), "there are rights to be confined"
    assert developer.may("list", "secrets", BARE), "where he may do everything, this is allowed"
    resources = [(group, name) for group, name in kinds[True] if not group.startswith("authorization")]
    assert {"pods", "secrets", "configmaps"} <= {name for _, name in resources}
    allowed = [
        (who, verb, name, space)
        for who in ("workload", "developer", "admin")
        for group, name in resources
        for space in FOREIGN
        for verb in ("get", "list", "create", "delete")
        if people[who].may(verb, name, space, group=group)
    ]
    assert allowed == []


def test_what_the_rules_of_everybody_allow_is_all_that_a_tenant_may_elsewhere(people: dict[str, As]) -> None:
    """1: the other way round, what the authorizer lists of each by itself."""
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview"}
    path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"

    def rules(who: As, space: str) -> set[tuple[str, str]]:
        status = who.create(path, {**review, "spec": {"namespace": space}})["status"]
        assert not status["incomplete"]
        return {
            (verb, name) for rule in status["resourceRules"] for verb in rule["verbs"] for name in rule["resources"]
        }

    own_reviews = {
        ("create", name) for name in ("selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews")
    }
    for who in people.values():
        for space in ("kube-system", OTHERS, "data"):
            assert rules(who, space) == own_reviews
    assert rules(people["workload"], SPACE) == own_reviews, "its pods may nothing, not even at home"
    assert ("list", "pods") in rules(people["viewer"], SPACE)


def test_a_tenant_cannot_read_what_belongs_to_the_cluster(cluster: Cluster, people: dict[str, As]) -> None:
    """2."""
    listed = {
        "": ("nodes", "persistentvolumes", "namespaces"),
        "apiextensions.k8s.io": ("customresourcedefinitions",),
        "admissionregistration.k8s.io": ("validatingwebhookconfigurations", "validatingadmissionpolicies"),
        "scheduling.k8s.io": ("priorityclasses",),
        "storage.k8s.io": ("storageclasses",),
        "rbac.authorization.k8s.io": ("clusterroles", "clusterrolebindings"),
    }
    allowed = [
        (who.user, verb, name)
        for who in people.values()
        for group, names in listed.items()
        for name in names
        for verb in READS
        if who.may(verb, name, group=group)
    ]
    assert allowed == []


def test_a_tenant_cannot_change_what_keeps_it_apart_nor_take_more_rights(
    cluster: Cluster, people: dict[str, As]
) -> None:
    """3."""
    kept = {
        "": ("resourcequotas", "limitranges", "serviceaccounts", "serviceaccounts/token", "endpoints", "pods/proxy"),
        "networking.k8s.io": ("networkpolicies",),
        "rbac.authorization.k8s.io": ("roles", "rolebindings"),
        "discovery.k8s.io": ("endpointslices",),
        "apps": ("daemonsets",),
        "gateway.networking.k8s.io": ("referencegrants", "gateways"),
        "resource.k8s.io": ("resourceclaims", "resourceclaimtemplates"),
    }
    allowed = [
        (who.user, verb, name)
        for who in people.values()
        for group, names in kept.items()
        for name in names
        for verb in WRITES
        if who.may(verb, name, SPACE, group=group)
    ]
    allowed += [
        (who.user, verb, name)
        for who in people.values()
        for verb, group, name in (
            ("escalate", "rbac.authorization.k8s.io", "roles"),
            ("bind", "rbac.authorization.k8s.io", "clusterroles"),
            ("bind", "rbac.authorization.k8s.io", "roles"),
            ("impersonate", "", "users"),
            ("impersonate", "", "groups"),
            ("impersonate", "", "serviceaccounts"),
        )
        for space in (SPACE, "")
        if who.may(verb, name, space, group=group)
    ]
    assert allowed == []
    assert people["developer"].may("create", "rolebindings", BARE, group="rbac.authorization.k8s.io")
    quota = f"/api/v1/namespaces/{SPACE}/resourcequotas/quota"
    refused = people["admin"].refusal_to_change(quota, {"spec": {"hard": {"pods": "1000"}}})
    assert refused
    assert "forbidden" in refused


def test_a_tenant_can_make_nothing_that_has_no_namespace(
    cluster: Cluster, people: dict[str, As], kinds: dict[bool, list[tuple[str, str]]]
) -> None:
    """4."""
    reviews = {name for group, name in kinds[False] if name.startswith("selfsubject")}
    allowed = {
        (name, verb)
        for who in people.values()
        for group, name in kinds[False]
        for verb in ("create", "delete", "patch")
        if who.may(verb, name, group=group)
    }
    assert allowed == {(name, "create") for name in reviews}, "everybody may ask what he may"


def test_a_tenant_can_neither_delete_nor_label_its_namespace(people: dict[str, As]) -> None:
    """5: another label of Pod Security or of the platform would open all the rest."""
    path = f"/api/v1/namespaces/{SPACE}"
    for who in people.values():
        loose = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}}
        limits = {"metadata": {"annotations": {"penstock.dev/registries": "docker.io/"}}}
        for refused in (
            who.refusal_to_change(path, loose),
            who.refusal_to_change(path, limits),
            who.refusal_to_delete(path),
        ):
            assert refused
            assert "forbidden" in refused


def test_queues_of_kueue_are_not_a_tenants(cluster: Cluster, people: dict[str, As]) -> None:
    """12: the platform has no Kueue; where somebody adds it, tenants have no right to its objects."""
    names = ("localqueues", "clusterqueues", "workloads", "resourceflavors")
    assert not any(
        who.may(verb, name, SPACE, group="kueue.x-k8s.io")
        for who in people.values()
        for name in names
        for verb in (*READS, *WRITES)
    )


def test_requests_of_a_tenant_queue_behind_one_another_and_not_before_the_systems(
    cluster: Cluster, people: dict[str, As]
) -> None:
    """24: API priority and fairness sorts them by who asks, at a level below that of the system's own."""
    levels = {
        each["metadata"]["name"]: each["spec"]
        for each in cluster.api.get("/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas")["items"]
    }
    for schema in ("global-default", "service-accounts"):
        assert levels[schema]["distinguisherMethod"] == {"type": "ByUser"}
        assert levels[schema]["priorityLevelConfiguration"]["name"] in ("global-default", "workload-low")
    exempt = [name for name, spec in levels.items() if spec["priorityLevelConfiguration"]["name"] == "exempt"]
    groups = {
        subject["group"]["name"]
        for name in exempt
        for rule in levels[name].get("rules", [])
        for subject in rule["subjects"]
        if subject["kind"] == "Group"
    }
    assert not groups & {who.group for who in people.values()}
