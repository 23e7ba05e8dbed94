"""Who a tenant is, and who sees that: passwords, keys and tokens."""

from __future__ import annotations

import base64
import copy

import pytest

from sandbox.cluster import Cluster
from sandbox.cluster.api import ApiError, Object
from tests.cluster.isolation.tenants import (
    BARE,
    OTHERS,
    SPACE,
    As,
    Tenants,
)
from tests.cluster.isolation.things import (
    changed,
)

READS = ("get", "list", "watch")
WRITES = ("create", "update", "patch", "delete", "deletecollection")
FOREIGN = (OTHERS, "kube-system", "data", "default", "")
"""Namespaces of others, and the whole cluster."""


def test_a_tenants_credentials_lie_in_its_namespace_alone(cluster: Cluster, people: dict[str, As]) -> None:
    """20: who they are in each store; that the stores refuse them what is another's is tried on the stores."""

    def secrets(space: str) -> dict[str, dict[str, str]]:
        listed = cluster.api.get(f"/api/v1/namespaces/{space}/secrets")["items"]
        return {
            each["metadata"]["name"]: {key: base64.b64decode(value).decode() for key, value in each["data"].items()}
            for each in listed
        }

    acme, globex = secrets(SPACE), secrets(OTHERS)
    assert {"api-keys", "postgres", "qdrant"} <= acme.keys()
    assert acme["postgres"]["username"] != globex["postgres"]["username"]
    assert acme["postgres"]["schema"] != globex["postgres"]["schema"]
    values = {
        value for entries in acme.values() for key, value in entries.items() if key in ("password", "token", "key")
    }
    everywhere = [
        each
        for each in cluster.api.get("/api/v1/secrets")["items"]
        if each["metadata"]["namespace"] != SPACE
        for text in (each.get("data") or {}).values()
        if base64.b64decode(text).decode(errors="replace") in values
    ]
    assert everywhere == []
    pods = cluster.api.get("/api/v1/namespaces/data/pods")
    assert not any(value in str(pods) for value in values), "the stores' Jobs have verifiers, not passwords"
    assert "token" not in globex["qdrant"], "a partition of the shared collection is reached by the platform alone"


def test_viewers_see_no_secret_and_developers_do_not_list_them(cluster: Cluster, people: dict[str, As]) -> None:
    """20: nor do they change those of the platform, which a rotation changes."""
    viewer, developer, admin = (people[role] for role in ("viewer", "developer", "admin"))
    assert not any(viewer.may(verb, "secrets", SPACE) for verb in (*READS, *WRITES))
    assert not any(developer.may(verb, "secrets", SPACE) for verb in ("list", "watch", "deletecollection"))
    assert admin.may("list", "secrets", SPACE)
    path = f"/api/v1/namespaces/{SPACE}/secrets/postgres"
    for refused in (
        admin.refusal_to_change(path, {"stringData": {"password": "mine"}}),
        developer.refusal_to_delete(path),
    ):
        assert refused
        assert "This Secret is the platform's" in refused


def test_pods_get_no_token_for_the_api_server(cluster: Cluster, developer: As, pod: Object) -> None:
    """21."""
    for account in ("default", "workload"):
        found = cluster.api.get(f"/api/v1/namespaces/{SPACE}/serviceaccounts/{account}")
        assert found["automountServiceAccountToken"] is False
        plain = copy.deepcopy(pod)
        del plain["spec"]["automountServiceAccountToken"]
        plain["spec"]["serviceAccountName"] = account
        admitted = developer.create(f"/api/v1/namespaces/{SPACE}/pods?dryRun=All", plain)
        assert "serviceAccountToken" not in str(admitted["spec"].get("volumes"))
    source = {"serviceAccountToken": {"path": "token"}}
    by_hand = [{"name": "token", "projected": {"sources": [source]}}]
    for wrong in (
        changed(pod, "spec.automountServiceAccountToken", True),
        changed(pod, "spec.volumes", by_hand),
    ):
        refused = developer.refusal(wrong)
        assert refused
        assert "no token for the API server" in refused
        assert developer.refusal(wrong, BARE) is None
    legacy = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/service-account-token",
        "metadata": {"name": "legacy", "annotations": {"kubernetes.io/service-account.name": "workload"}},
    }
    refused = developer.refusal(legacy)
    assert refused
    assert "Tokens that never end" in refused


def test_a_token_of_its_account_opens_nothing(cluster: Cluster, stack: Tenants) -> None:
    """21: even where somebody of the platform makes one."""
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    path = f"/api/v1/namespaces/{SPACE}/serviceaccounts/workload/token"
    bearer = cluster.api_of(cluster.api.create(path, request)["status"]["token"])
    whoami = bearer.create(
        "/apis/authentication.k8s.io/v1/selfsubjectreviews",
        {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"},
    )
    assert whoami["status"]["userInfo"]["username"] == f"system:serviceaccount:{SPACE}:workload"
    for space in (SPACE, OTHERS, "kube-system"):
        with pytest.raises(ApiError, match="forbidden"):
            bearer.get(f"/api/v1/namespaces/{space}/pods")
