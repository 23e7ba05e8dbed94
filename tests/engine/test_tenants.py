"""Tenants through the real engine: they stay as they are, rotate in place, and do not go without having been asked."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tests.engine.conftest import MakeSandbox
from tests.support.tenants import POSTGRES, QDRANT, REDIS, asked

PROGRAM = """
import pulumi
import pulumi_kubernetes as k8s

from penstock.tenancy.policies import TenantPolicies
from penstock.tenancy.tenant import Tenant
from penstock.workloads.namespace import ServiceNamespace

inside = k8s.Provider("cluster", kubeconfig=KUBECONFIG, enable_secret_mutable=True)
opts = pulumi.ResourceOptions(provider=inside)
policies, data = TenantPolicies("tenants", {}, opts), ServiceNamespace("data", {}, opts)
for name, args in TENANTS.items():
    after = pulumi.ResourceOptions(provider=inside, depends_on=[policies, data])
    pulumi.export(name, Tenant(name, args, after).api_key_hashes)
"""
KUBECONFIG = json.dumps({"clusters": [{"name": "c", "cluster": {"server": "https://cluster.example.com"}}]})
NAMESPACE, SECRET, JOB = (f"kubernetes:{kind}" for kind in ("core/v1:Namespace", "core/v1:Secret", "batch/v1:Job"))
CLOSED = ("networking.k8s.io/v1:NetworkPolicy", "core/v1:ResourceQuota", "core/v1:LimitRange")
STORES: dict[str, Any] = {"redis": REDIS, "postgres": POSTGRES, "qdrant": QDRANT}
GLOBEX = asked(namespace="globex-production")


class Tenants:
    """A stack of tenants."""

    def __init__(self, sandbox: MakeSandbox, folder: Path) -> None:
        self._program = folder / "project" / "__main__.py"
        files = {"Pulumi.yaml": "name: tenants\nruntime: python\n", "Pulumi.dev.yaml": "config: {}\n"}
        self.sandbox: Sandbox = sandbox(files=files)
        self.with_previews = sandbox(files=files, previews=True)

    def run(self, command: str, *args: str, check: bool = True, **tenants: Any) -> str:
        """What a command says with these tenants; it must pass, or with `check=False` fail."""
        self._program.write_text(f"TENANTS = {tenants!r}\nKUBECONFIG = {KUBECONFIG!r}\n{PROGRAM}")
        done = self.sandbox.pulumi(command, args=[*args], check=check)
        assert check or done.returncode
        assert "Traceback" not in done.stdout + done.stderr
        return done.stdout + done.stderr

    def secrets(self) -> dict[str, dict[str, str]]:
        return {each.id: each.inputs["stringData"] for each in self.sandbox.cloud.resources(SECRET)}

    def spaces(self) -> set[str]:
        return {each.id for each in self.sandbox.cloud.resources(NAMESPACE)}


@pytest.fixture
def tenants(sandbox: MakeSandbox, tmp_path: Path) -> Tenants:
    return Tenants(sandbox, tmp_path)


def test_a_second_up_changes_nothing(tenants: Tenants) -> None:
    tenants.run("up", acme=asked(**STORES), globex=GLOBEX)
    assert tenants.spaces() == {"data", "tenant-acme", "globex-production"}
    tenants.run("up", "--expect-no-changes", acme=asked(**STORES), globex=GLOBEX)
    tenants.run("refresh", "--expect-no-changes", acme=asked(**STORES), globex=GLOBEX)


def test_dropping_a_tenant_is_refused_at_preview_until_its_removal_is_confirmed(tenants: Tenants) -> None:
    tenants.run("up", acme=asked(**STORES), globex=GLOBEX)
    before = tenants.sandbox.cloud.resources()

    tenants.sandbox = tenants.with_previews
    for command in ("preview", "up", "destroy"):
        said = tenants.run(command, globex=GLOBEX, check=False)
        assert re.search(r"Tenant\$\S+::acme\S* cannot be deleted\s+because it is protected", said)
        assert tenants.sandbox.cloud.resources() == before, "nothing has changed"

    said = tenants.run("preview", check=False, acme=asked(removal={"confirm": "globex"}), globex=GLOBEX)
    assert "removal.confirm: Whoever wants this tenant removed writes its name, 'acme', not 'globex'." in said

    tenants.run("up", acme=asked(**STORES, removal={"confirm": "acme"}), globex=GLOBEX)
    assert "tenant-acme" in tenants.spaces(), "it is only let go"
    tenants.run("up", globex=GLOBEX)
    assert tenants.spaces() == {"data", "globex-production"}
    assert not [each for each in tenants.sandbox.cloud.resources() if "acme" in each.id]


def test_without_a_preview_a_tenant_that_is_dropped_stays_closed_and_keeps_its_passwords(tenants: Tenants) -> None:
    tenants.run("up", acme=asked(**STORES))
    before = tenants.secrets()
    said = tenants.run("up", check=False)
    assert "because it is protected" in said
    left = {each.type for each in tenants.sandbox.cloud.resources() if each.id.startswith("tenant-acme/")}
    assert {f"kubernetes:{kind}" for kind in CLOSED} <= left
    tenants.run("up", acme=asked(**STORES))
    assert tenants.secrets() == before


def test_another_namespace_is_another_tenants_data_and_refused_likewise(tenants: Tenants) -> None:
    tenants.run("up", acme=asked())
    assert "protect" in tenants.run("preview", acme=asked(namespace="other"), check=False)


def test_a_rotation_keeps_what_was_valid_beside_the_new_and_ends_it_when_told(tenants: Tenants) -> None:
    tenants.run("up", acme=asked(**STORES))
    first = tenants.secrets()
    tenants.run("up", acme=asked(**STORES, rotation=2))
    second = tenants.secrets()
    assert second["tenant-acme/redis"]["previous-password"] == first["tenant-acme/redis"]["password"]
    assert second["tenant-acme/redis"]["password"] != first["tenant-acme/redis"]["password"]
    assert second["tenant-acme/postgres"]["previous-username"] == first["tenant-acme/postgres"]["username"]
    assert second["tenant-acme/postgres"]["previous-password"] == first["tenant-acme/postgres"]["password"]
    assert second["tenant-acme/api-keys"]["previous-key"] == first["tenant-acme/api-keys"]["key"]
    tenants.run("up", "--expect-no-changes", acme=asked(**STORES, rotation=2))
    assert "protected" in tenants.run("preview", acme=asked(**STORES, rotation=4), check=False), "one after the other"
    tenants.run("up", acme=asked(**STORES, rotation=2, retire_previous=True))
    third = tenants.secrets()
    assert third["tenant-acme/redis"] == {
        key: value for key, value in second["tenant-acme/redis"].items() if "previous" not in key
    }
    names = {each.id for each in tenants.sandbox.cloud.resources(JOB)}
    assert len(names) == 2, "one Job for each store, named by what it runs last"


def test_what_a_tenant_cannot_have_is_refused_before_anything_changes(tenants: Tenants) -> None:
    tenants.run("up", acme=asked())
    before = tenants.sandbox.cloud.resources()
    said = tenants.run("up", check=False, acme=asked(quota={"cpu": "4000", "memory": "16Gi"}, rotation=0))
    assert "Tenant 'acme' cannot be deployed" in said
    assert "- quota.cpu: 4000 CPU is promised, and the pools 'cpu' hold at most" in said
    assert "- rotation: Write a number of at least 1" in said
    assert tenants.sandbox.cloud.resources() == before
