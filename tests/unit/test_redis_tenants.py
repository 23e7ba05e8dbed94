"""Users of tenants in Redis: what their Jobs are told."""

from typing import Any

import kubernetes_validate
import pytest

from penstock.data.redis.tenants import (
    RESERVED_USERS,
    password_hash,
    tenant_user,
    tenant_user_job,
)
from penstock.data.refs import RedisRef

REF = RedisRef(
    name="cache",
    namespace="data",
    host="cache.data.svc.cluster.local",
    port=6379,
    use="cache",
    replicas=6,
    memory_mib=6144,
    image="docker.io/library/redis:8.2.10",
    admin_secret="cache-users",
    tls_secret="cache-tls",
    labels={},
)
HASH = password_hash("secret")


def job(tenant: str = "acme", *hashes: str, rotation: int = 1, **said: Any) -> dict[str, Any]:
    return tenant_user_job(tenant, REF, hashes or [HASH], rotation=rotation, **said)


def variables(manifest: dict[str, Any]) -> dict[str, str]:
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each["value"] for each in container["env"] if "value" in each}


@pytest.mark.parametrize("manifest", [job(), job(scripting=True)])
def test_its_jobs_are_those_of_the_kubernetes_schema(manifest: dict[str, Any]) -> None:
    kubernetes_validate.validate({"apiVersion": "batch/v1", "kind": "Job", **manifest}, "1.34", strict=True)


def test_a_tenant_has_its_own_keys_and_channels_and_nothing_before_it_is_given() -> None:
    rules = tenant_user("acme")
    assert rules[:3] == ["~acme:*", "&acme:*", "-@all"]
    assert "+@all" not in rules
    assert rules.index("-@dangerous") > rules.index("+@write"), "what is taken stands behind what is given"


@pytest.mark.parametrize("name", sorted(RESERVED_USERS))
def test_a_tenant_cannot_have_the_name_of_an_own_user(name: str) -> None:
    with pytest.raises(ValueError, match="Choose another name"):
        tenant_user(name)


def test_a_job_is_told_hashes_and_no_password() -> None:
    manifest = job("acme", HASH, password_hash("before"))
    assert variables(manifest)["HASHES"] == "$(HASH_0) $(HASH_1)"
    assert variables(manifest)["HASH_0"] == HASH
    assert "secret" not in variables(manifest).values()


def test_a_job_runs_anew_when_what_it_does_changes() -> None:
    names = [
        each["metadata"]["name"]
        for each in (
            job(),
            job(rotation=2),
            job(scripting=True),
            job("globex"),
            tenant_user_job("acme", {**REF, "replicas": 8}, [HASH], rotation=1),
        )
    ]
    assert len(set(names)) == len(names)
    assert job()["metadata"]["name"] == names[0]


def test_long_names_of_tenants_stay_apart() -> None:
    names = [job("t" * 62 + end)["metadata"]["name"] for end in "ab"]
    assert len(set(names)) == 2
    assert all(len(name) <= 63 for name in names)


def test_its_pods_manage_the_cluster_and_are_none_of_its_nodes() -> None:
    labels = job()["spec"]["template"]["metadata"]["labels"]
    assert labels == {"app.kubernetes.io/name": "redis-administration", "app.kubernetes.io/instance": "cache"}
    assert job()["metadata"]["namespace"] == "data"
