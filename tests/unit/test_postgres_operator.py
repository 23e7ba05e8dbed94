"""`PostgresOperator`: pinned charts, certificates without cert-manager, a home that always has a node."""

from typing import Any

import pytest

from penstock.data.postgres import operator_plan
from penstock.data.postgres.operator_spec import PostgresOperatorSpec
from penstock.data.postgres.postgres_operator import PostgresOperator
from penstock.spec import check
from tests.support.mocked import Registered, of_type, run
from tests.support.pool_refs import SPOT, pool
from tests.support.refused import reasons

RELEASE, SECRET = "kubernetes:helm.sh/v3:Release", "kubernetes:core/v1:Secret"


def registered(**said: Any) -> list[Registered]:
    def program() -> None:
        PostgresOperator("postgres", {"pools": [pool("web")], **said})  # type: ignore[typeddict-item]

    previewed, deployed = run(program, preview=True), run(program)
    assert {(r.type, r.name) for r in previewed} == {(r.type, r.name) for r in deployed}
    return deployed


def test_both_charts_are_installed_at_their_pinned_versions_in_the_operators_namespace() -> None:
    releases = of_type(registered(), RELEASE)
    assert {(r["chart"], r["version"], r["namespace"]) for r in releases.values()} == {
        ("cloudnative-pg", "0.29.0", "cnpg-system"),
        ("plugin-barman-cloud", "0.7.0", "cnpg-system"),
    }


def test_the_plugins_certificates_need_no_cert_manager() -> None:
    made = registered()
    assert of_type(made, SECRET).keys() == {"barman-cloud-server-tls", "barman-cloud-client-tls"}
    values = of_type(made, RELEASE)["postgres-plugin-barman-cloud"]["values"]["certificate"]
    assert values == {"createClientCertificate": False, "createServerCertificate": False, "createIssuer": False}


def test_with_cert_manager_the_chart_asks_it_for_them() -> None:
    made = registered(cert_manager=True)
    assert not of_type(made, SECRET)
    assert of_type(made, RELEASE)["postgres-plugin-barman-cloud"]["values"]["certificate"]["createIssuer"] is True


def test_without_backups_there_is_no_plugin() -> None:
    assert of_type(registered(backups=False), RELEASE).keys() == {"postgres-cloudnative-pg"}


def test_images_come_from_the_mirror() -> None:
    spec = check(PostgresOperatorSpec, {"pools": [pool("web")]})
    values = operator_plan.operator_values(spec, "mirror.example.com/k8s/")
    assert values["image"]["repository"] == "mirror.example.com/k8s/cloudnative-pg/cloudnative-pg"
    assert operator_plan.plugin_values(spec, "m.example.com")["sidecarImage"] == {"registry": "m.example.com"}


@pytest.mark.parametrize(
    ("said", "path", "reason"),
    [
        ({"pools": [pool("spot", **SPOT)]}, "pools", "No pool always has a node"),
        ({"placed_on": ["db"]}, "placed_on[0]", "none of the pools"),
        ({"namespace": "Cnpg"}, "namespace", "no name that Kubernetes takes"),
        ({"version": "1.29"}, "version", "pinned"),
    ],
)
def test_what_cannot_run_is_refused_with_its_path(said: dict[str, Any], path: str, reason: str) -> None:
    assert reason in reasons(PostgresOperatorSpec, {"pools": [pool("web")], **said})[path]
