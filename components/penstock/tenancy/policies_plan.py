"""The objects of `TenantPolicies`: pure functions over `data/roles.yaml` and `data/policies.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from penstock.names import MANAGED_BY
from penstock.tenancy.plan import ROLES, TENANT, role_name


@cache
def _data(name: str) -> Any:
    return yaml.safe_load((files(__package__) / "data" / f"{name}.yaml").read_text(encoding="utf-8"))


def policy_names() -> list[str]:
    """What each policy is about."""
    return [policy["name"] for policy in _data("policies")]


def cluster_roles(labels: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each role and its ClusterRole. Tenants' RoleBindings give it, each within one namespace."""
    rules: list[dict[str, Any]] = []
    for role in reversed(ROLES):
        rules = [*rules, *_data("roles")[role]]
        yield role, {"metadata": _metadata(role_name(role), labels), "rules": rules}


def policies(labels: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """What each is about, its ValidatingAdmissionPolicy, and what binds it to all tenants' namespaces."""
    for policy in _data("policies"):
        called = f"penstock-tenant-{policy['name']}"
        about = {name: policy[name] for name in ("matchConditions", "variables", "validations") if name in policy}
        yield (
            policy["name"],
            {
                "metadata": _metadata(called, labels),
                "spec": {"failurePolicy": "Fail", "matchConstraints": {"resourceRules": policy["rules"]}, **about},
            },
            {
                "metadata": _metadata(called, labels),
                "spec": {
                    "policyName": called,
                    "validationActions": ["Deny"],
                    "matchResources": {
                        "namespaceSelector": {"matchExpressions": [{"key": TENANT, "operator": "Exists"}]}
                    },
                },
            },
        )


def _metadata(name: str, labels: Mapping[str, str]) -> dict[str, Any]:
    return {"name": name, "labels": {**labels, **MANAGED_BY}}
