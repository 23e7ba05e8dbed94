"""The plan of the operator: pure functions from its specification to charts and their values."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import Any

from penstock.autoscaling.placement import on_pools, tolerations
from penstock.data.postgres.operator_spec import PostgresOperatorSpec
from penstock.names import MANAGED_BY
from penstock.observability.charts import Chart

OPERATOR, PLUGIN = "cloudnative-pg", "plugin-barman-cloud"
PLUGIN_SERVICE = "barman-cloud"
"""The name of the plugin's Service, which its certificates have to be for."""
SERVER_CERTIFICATE, CLIENT_CERTIFICATE = "barman-cloud-server", "barman-cloud-client"
"""Of these Secrets, with `-tls` behind, the chart and the operator know the names."""
_AMOUNTS = {"requests": {"cpu": "100m", "memory": "200Mi"}, "limits": {"memory": "400Mi"}}


@cache
def charts() -> dict[str, Chart]:
    """Both charts by their names."""
    lines = (files(__package__) / "data" / "charts.csv").read_text(encoding="utf-8").splitlines()
    return {row["chart"]: Chart(**row) for row in csv.DictReader(lines)}


def namespace(spec: PostgresOperatorSpec) -> dict[str, Any]:
    """Their namespace. Neither needs privileges."""
    security = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"metadata": {"name": spec.namespace, "labels": {**MANAGED_BY, **security}}}


def operator_values(spec: PostgresOperatorSpec, registry: str | None) -> dict[str, Any]:
    """With what the operator is installed: two of it, of which one leads."""
    image = {"repository": f"{registry.rstrip('/')}/cloudnative-pg/cloudnative-pg"} if registry else {}
    return {"replicaCount": 2, "image": image, "resources": _AMOUNTS, **_placed(spec)}


def plugin_values(spec: PostgresOperatorSpec, registry: str | None) -> dict[str, Any]:
    """With what the plugin is installed. Its chart's certificates need cert-manager; without it they are made here."""
    make = spec.cert_manager
    certificates = {"createClientCertificate": make, "createServerCertificate": make, "createIssuer": make}
    mirrored: dict[str, Any] = {}
    if registry:
        mirrored = {part: {"registry": registry.rstrip("/")} for part in ("image", "sidecarImage")}
    return {"replicaCount": 1, "certificate": certificates, "resources": _AMOUNTS, **mirrored, **_placed(spec)}


def _placed(spec: PostgresOperatorSpec) -> dict[str, Any]:
    if not spec.hosts:
        return {}
    return {"affinity": on_pools(spec.hosts), "tolerations": tolerations(spec.hosts)}
