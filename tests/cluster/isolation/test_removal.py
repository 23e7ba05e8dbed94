"""What is left of a tenant that was removed."""

from __future__ import annotations

from sandbox.cluster import Cluster
from tests.cluster.isolation.tenants import (
    ACME,
    GLOBEX,
    SPACE,
    As,
    Tenants,
)


def test_dropping_a_tenant_is_refused_until_it_is_confirmed_and_leaves_nothing(
    cluster: Cluster, stack: Tenants, developer: As
) -> None:
    """26: no object with its name is left, and a namespace of the same name begins empty."""
    note = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "note"}, "data": {"a": "b"}}
    assert developer.refusal(note, dry=False) is None
    said = stack.run("preview", {"globex": GLOBEX}, check=False)
    assert "protect" in said
    assert cluster.api.find(f"/api/v1/namespaces/{SPACE}/configmaps/note")
    stack.run("up", {"acme": {**ACME, "removal": {"confirm": "acme"}}, "globex": GLOBEX})
    stack.run("up", {"globex": GLOBEX})
    assert cluster.api.find(f"/api/v1/namespaces/{SPACE}") is None
    left = [
        each["metadata"]["name"]
        for path in (
            "/apis/rbac.authorization.k8s.io/v1/clusterroles",
            "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
            "/apis/rbac.authorization.k8s.io/v1/rolebindings",
            "/api/v1/secrets",
            "/api/v1/persistentvolumeclaims",
            "/api/v1/configmaps",
            "/apis/batch/v1/jobs",
        )
        for each in cluster.api.get(path)["items"]
        if "acme" in str(each["metadata"].get("labels", {}).get("penstock.dev/tenant"))
        or "acme" in each["metadata"]["name"]
    ]
    assert left == []
    stack.run("up", {"acme": ACME, "globex": GLOBEX})
    assert cluster.api.find(f"/api/v1/namespaces/{SPACE}/configmaps/note") is None
