"""`QdrantCluster` as a program declares it: what it makes, in which order, what it gives to others."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pulumi
import pytest
from cryptography import x509

import penstock
from penstock.component import InvalidInputs
from penstock.data.qdrant import tenants
from penstock.data.qdrant.cluster import QdrantCluster
from penstock.data.qdrant.tokens import Access, Grant, token
from tests.support.mocked import Registered, of_type, run
from tests.unit.test_qdrant_plan import DATABASE

SECRET, MAP = "kubernetes:core/v1:Secret", "kubernetes:core/v1:ConfigMap"
JOB, STATEFUL = "kubernetes:batch/v1:Job", "kubernetes:apps/v1:StatefulSet"
PASSWORD = "random:index/randomPassword:RandomPassword"


def program(seen: dict[str, Any] | None = None, **said: Any) -> Callable[[], None]:
    def declare() -> None:
        space = penstock.ServiceNamespace("data", {})
        args = {"namespace": space.namespace, "pools": [DATABASE], "monitoring": False, **said}
        made = QdrantCluster("vectors", cast(Any, args), pulumi.ResourceOptions(depends_on=[space]))
        if seen is not None:
            seen["ref"] = made.ref
            for name in ("settings", "service_token", "ca_pem"):
                getattr(made, name).apply(lambda value, name=name: seen.update({name: value}))
            pulumi.Output.from_input(cast(Any, made.ref)).apply(lambda value: seen.update(known=value))
            seen["secret"] = asyncio.ensure_future(pulumi.Output.from_input(made.ref["api_key"]).is_secret())

    return declare


def made(**said: Any) -> list[Registered]:
    return run(program(**said))


@pytest.mark.parametrize("preview", [True, False])
def test_it_makes_all_that_belongs_to_it_and_every_object_is_accepted(preview: bool) -> None:
    registered = run(program(monitoring=True) if preview else program(), preview=preview)
    kinds = {r.type for r in registered}
    assert {
        "penstock:index:QdrantCluster",
        STATEFUL,
        JOB,
        "kubernetes:batch/v1:CronJob",
        "kubernetes:core/v1:Service",
        "kubernetes:core/v1:PersistentVolumeClaimPatch",
        "kubernetes:networking.k8s.io/v1:NetworkPolicy",
        "kubernetes:policy/v1:PodDisruptionBudget",
        "tls:index/locallySignedCert:LocallySignedCert",
    } <= kinds
    assert ("kubernetes:monitoring.coreos.com/v1:PodMonitor" in kinds) is preview


def test_pods_start_anew_with_what_they_read_once() -> None:
    def notes(**said: Any) -> dict[str, str]:
        (stateful,) = of_type(made(**said), STATEFUL).values()
        return dict(stateful["spec"]["template"]["metadata"]["annotations"])

    plain = notes()
    assert plain.keys() == {"penstock.dev/content", "penstock.dev/rotation", "penstock.dev/certificate"}
    assert notes(rotation=2)["penstock.dev/rotation"] != plain["penstock.dev/rotation"]
    assert notes(tls=False)["penstock.dev/content"] != plain["penstock.dev/content"]
    assert notes(collection={"replicas": 3})["penstock.dev/content"] != plain["penstock.dev/content"]
    assert notes(cache={"threshold": 0.9})["penstock.dev/content"] == plain["penstock.dev/content"]


def test_two_keys_are_valid_side_by_side_after_a_rotation() -> None:
    first, second = made(), made(rotation=2)
    assert of_type(first, PASSWORD).keys() == {"vectors-api-key-1", "vectors-read-only-key-1"}
    assert {"vectors-api-key-1", "vectors-api-key-2"} <= of_type(second, PASSWORD).keys(), "the first stays as it is"
    assert of_type(first, SECRET)["vectors-keys"]["stringData"].keys() == {"api-key", "read-only-api-key"}
    keys = of_type(second, SECRET)["vectors-keys"]["stringData"]
    assert keys["api-key"] != keys["previous-api-key"]
    assert all(len(key) == 40 for key in keys.values())


def test_its_certificate_holds_for_clients_and_for_each_node() -> None:
    pem = of_type(made(), SECRET)["vectors-tls"]["stringData"]["tls.crt"]
    names = x509.load_pem_x509_certificate(pem.encode()).extensions
    alternatives = names.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"vectors.data.svc.cluster.local", "*.vectors-headless.data.svc.cluster.local", "localhost"} <= set(
        alternatives.get_values_for_type(x509.DNSName)
    )


def test_what_others_need_of_it() -> None:
    seen: dict[str, Any] = {}
    registered = run(program(seen))
    ref = seen["known"]
    assert (ref["host"], ref["port"], ref["grpc_port"]) == ("vectors.data.svc.cluster.local", 6333, 6334)
    assert (ref["collection"], ref["vector_size"], ref["replicas"], ref["nodes"]) == ("tenants", 384, 2, 3)
    pod = of_type(registered, "kubernetes:apps/v1:StatefulSet")["vectors"]["spec"]["template"]["spec"]
    assert ref["scheduling"] == {key: pod[key] for key in ("nodeSelector", "tolerations")}
    assert (ref["admin_secret"], ref["tls_secret"], ref["scripts"]) == ("vectors-keys", "vectors-tls", "vectors-admin")
    assert ref["api_key"] == of_type(registered, SECRET)["vectors-keys"]["stringData"]["api-key"]
    assert seen["secret"].result() is True
    assert ref["ca_pem"] == seen["ca_pem"] == of_type(registered, SECRET)["vectors-tls"]["stringData"]["ca.crt"]
    grants = [Grant("tenants", Access.POINTS), Grant("llm_cache", Access.POINTS)]
    assert seen["service_token"] == token(ref["api_key"], "services", grants)
    assert set(ref) == set(penstock_ref_fields()), "all that the reference tells of"


def penstock_ref_fields() -> set[str]:
    from penstock.data.refs import QdrantRef

    return set(QdrantRef.__annotations__)


def test_the_threshold_of_the_cache_lies_where_clients_find_it() -> None:
    seen: dict[str, Any] = {}
    settings = of_type(run(program(seen, cache={"threshold": 0.9})), MAP)["qdrant-vectors-settings"]["data"]
    assert settings["QDRANT_CACHE_SCORE_THRESHOLD"] == "0.9"
    assert settings["QDRANT_URL"] == "https://vectors.data.svc.cluster.local:6333"
    assert seen["settings"] == settings


def test_its_program_lies_in_its_map_whole() -> None:
    data = of_type(made(), MAP)["vectors-admin"]["data"]
    assert data.keys() == {
        "__init__.py",
        "__main__.py",
        "api.py",
        "collections.py",
        "join.py",
        "shards.py",
    }
    for name, text in data.items():
        compile(text, name, "exec")
        assert "penstock" not in text, "it runs where nothing of this is installed"


def test_a_secret_of_the_users_is_taken_for_tls() -> None:
    registered = made(tls_secret="from-cert-manager")
    assert not of_type(registered, "tls:index/privateKey:PrivateKey")
    (stateful,) = of_type(registered, STATEFUL).values()
    volumes = {each["name"]: each for each in stateful["spec"]["template"]["spec"]["volumes"]}
    assert volumes["tls"]["secret"]["secretName"] == "from-cert-manager"


def test_a_tenant_gets_a_collection_of_its_own() -> None:
    def declare() -> None:
        space = penstock.ServiceNamespace("data", {})
        args = {"namespace": space.namespace, "pools": [DATABASE], "monitoring": False}
        cluster = QdrantCluster("vectors", cast(Any, args))
        tenants.collection("acme", cluster.ref, parent=cluster)

    registered = run(declare)
    data = of_type(registered, MAP)["vectors-tenant-acme"]["data"]["collections.json"]
    assert '"name": "tenant-acme"' in data
    job = of_type(registered, JOB)["vectors-tenant-acme"]
    (container,) = job["spec"]["template"]["spec"]["containers"]
    variables = {each["name"]: each.get("value") for each in container["env"]}
    assert variables["QDRANT_URL"] == "https://vectors.data.svc.cluster.local:6333"
    assert container["command"][-1] == "ensure"


def test_what_is_wrong_is_said_before_anything_is_made() -> None:
    with pytest.raises(InvalidInputs, match="collection.replicas"):
        made(collection={"replicas": 9})
    with pytest.raises(InvalidInputs, match="begins with a letter"):
        run(lambda: QdrantCluster("1st", cast(Any, {"namespace": "data", "pools": [DATABASE]})))
