"""The pretend cloud behind the real engine: refusals in the preview, secrets, drift, imports, replacements, faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tests.engine.conftest import MakeSandbox, write_files

NODE_POOL = "gcp:container/nodePool:NodePool"
PASSWORD = "random:index/randomPassword:RandomPassword"
SETTINGS = "config:\n  gcp:project: acme\n  gcp:region: us-central1\n"

POOL = """
import pulumi
from pulumi_gcp import container
cluster = container.Cluster("main", name="main", initial_node_count=1, remove_default_node_pool=True,
                            deletion_protection=False)
pool = container.NodePool("pool", cluster=cluster.name, location=cluster.location, {arguments})
"""
IN_CLUSTER = """
import json
import pulumi
from pulumi_gcp import container
from pulumi_kubernetes import Provider
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import Namespace

cluster = container.Cluster("main", initial_node_count=1, deletion_protection=False)
kubeconfig = cluster.endpoint.apply(lambda endpoint: json.dumps({{
    "current-context": "c", "contexts": [{{"name": "c", "context": {{"cluster": "c"}}}}],
    "clusters": [{{"name": "c", "cluster": {{"server": f"https://{{endpoint}}"}}}}]}}))
inside = pulumi.ResourceOptions(provider=Provider("inside", kubeconfig=kubeconfig))
team = Namespace("team", opts=inside)
pod = {{"containers": [{{"name": "web", "image": "nginx"}}]}}
Deployment("web", metadata={{"namespace": team.metadata.name}}, opts=inside, spec={{
    "replicas": {replicas}, "selector": {{"match_labels": {{"app": "web"}}}},
    "template": {{"metadata": {{"labels": {{"app": "web"}}}}, "spec": pod}}}})
"""
SECRETS = """
import pulumi
from pulumi_kubernetes.core.v1 import Secret
from pulumi_random import RandomPassword
password = RandomPassword("password", length=20)
Secret("login", string_data={"password": password.result})
Secret("fixed", data={"key": "c2VjcmV0LWtleQ=="})
"""


def project(program: str) -> dict[str, str]:
    return {"Pulumi.yaml": "name: shop\nruntime: python\n", "Pulumi.dev.yaml": SETTINGS, "__main__.py": program}


def pool(arguments: str) -> dict[str, str]:
    return project(POOL.format(arguments=arguments))


def state(sandbox: Sandbox) -> str:
    """Everything that the engine has written about the stack."""
    return "".join(file.read_text() for file in sandbox.home.joinpath("backend").rglob("*.json"))


def resources(sandbox: Sandbox, type_: str) -> list[dict[str, Any]]:
    exported = json.loads(sandbox.pulumi("stack export", check=True).stdout)
    return [entry for entry in exported["deployment"]["resources"] if entry["type"] == type_]


def test_a_violation_fails_the_preview_and_names_resource_and_property(sandbox: MakeSandbox) -> None:
    shop = sandbox(files=pool('node_config={"guestAccelerators": [{"type": "nvidia-l4", "cuont": 1}]}'))
    preview = shop.pulumi("preview")
    assert preview.returncode != 0
    said = " ".join(preview.stdout.split())
    assert "gcp:container/nodePool:NodePool resource 'pool'" in said
    assert "nodeConfig.guestAccelerators[0].cuont" in said
    assert 'did you mean "count"' in said


@pytest.mark.parametrize(("replicas", "outcome"), [("2", 0), ('"two"', 255)])
def test_objects_in_a_cluster_to_come_are_checked_in_the_first_preview(
    sandbox: MakeSandbox, replicas: str, outcome: int
) -> None:
    shop = sandbox(files=project(IN_CLUSTER.format(replicas=replicas)))
    preview = shop.pulumi("preview")
    assert bool(preview.returncode) == bool(outcome), preview.stdout
    assert ("spec.replicas" in preview.stdout) == bool(outcome)


def test_what_runs_in_a_cluster_comes_and_goes_with_it(sandbox: MakeSandbox) -> None:
    shop = sandbox(files=project(IN_CLUSTER.format(replicas=2)))
    shop.pulumi("up", check=True)
    (web,) = shop.cloud.resources("kubernetes:apps/v1:Deployment")
    (cluster,) = shop.cloud.resources("gcp:container/cluster:Cluster")
    assert web.scope == cluster.outputs["endpoint"]
    assert web.outputs["status"]["readyReplicas"] == 2
    shop.pulumi("up", args=["--expect-no-changes", "--refresh"], check=True)
    shop.pulumi("destroy", check=True)
    assert shop.cloud.resources() == []
    deleted = [entry.type.rsplit(":", 1)[-1] for entry in shop.cloud.log() if entry.op == "delete"]
    assert deleted == ["Deployment", "Namespace", "Cluster"]


def test_no_secret_is_readable_in_the_engines_state(sandbox: MakeSandbox) -> None:
    shop = sandbox(files=project(SECRETS))
    shop.pulumi("up", check=True)
    shop.pulumi("refresh", check=True)
    shop.pulumi("import", args=[PASSWORD, "old", "correct-horse-battery", "--generate-code=false"], check=True)
    login = next(found for found in shop.cloud.resources() if "login" in found.id)
    written = state(shop)
    for secret in (
        login.inputs["stringData"]["password"],
        login.outputs["data"]["password"],
        "c2VjcmV0LWtleQ==",
        "correct-horse",
    ):
        assert secret not in written


def test_a_declared_node_count_fights_the_autoscaler_unless_its_changes_are_ignored(sandbox: MakeSandbox) -> None:
    shop = sandbox(files=pool("node_count=1"))
    shop.pulumi("up", check=True)
    (live,) = shop.cloud.resources(NODE_POOL)
    shop.cloud.scale(live.id, 6)
    shop.pulumi("refresh", check=True)
    assert shop.pulumi("preview", args=["--expect-no-changes"]).returncode != 0
    (seen,) = resources(shop, NODE_POOL)
    assert seen["outputs"]["nodeCount"] == seen["inputs"]["nodeCount"] == 2

    write_files(shop.project, pool("node_count=1, ignore_node_count_changes=True"))
    shop.pulumi("up", check=True)
    shop.cloud.scale(live.id, 9)
    shop.pulumi("refresh", check=True)
    shop.pulumi("preview", args=["--expect-no-changes"], check=True)


def test_ignore_changes_of_the_program_are_respected(sandbox: MakeSandbox) -> None:
    ignoring = 'node_config={{"labels": {{"a": "{value}"}}, "spot": {spot}}}, opts=pulumi.ResourceOptions(ignore_changes=["nodeConfig"])'
    shop = sandbox(files=pool(ignoring.format(value=1, spot=False)))
    shop.pulumi("up", check=True)
    write_files(shop.project, pool(ignoring.format(value=2, spot=True)))
    shop.pulumi("up", args=["--expect-no-changes"], check=True)


def test_a_nameless_pool_is_replaced_before_it_goes_and_a_named_one_after(sandbox: MakeSandbox) -> None:
    shop = sandbox(files=pool('node_config={"spot": False}'))
    shop.pulumi("up", check=True)
    write_files(shop.project, pool('node_config={"spot": True}'))
    shop.pulumi("up", check=True)
    write_files(shop.project, pool('name="pool", node_config={"spot": True}'))
    shop.pulumi("up", check=True)
    write_files(shop.project, pool('name="pool", node_config={"spot": False}'))
    shop.pulumi("up", check=True)
    steps = [entry.op for entry in shop.cloud.log() if entry.type == NODE_POOL]
    assert steps == ["create", "create", "delete", "create", "delete", "delete", "create"]


def test_what_somebody_deleted_is_made_again(sandbox: MakeSandbox) -> None:
    shop = sandbox(files=pool("node_count=1"))
    shop.pulumi("up", check=True)
    (live,) = shop.cloud.resources(NODE_POOL)
    shop.cloud.remove(NODE_POOL, live.id)
    shop.pulumi("refresh", check=True)
    assert resources(shop, NODE_POOL) == []
    shop.pulumi("up", check=True)
    assert len(shop.cloud.resources(NODE_POOL)) == 1


def test_an_import_takes_over_what_another_stack_made_and_changes_nothing(sandbox: MakeSandbox) -> None:
    shop = sandbox(files=pool('name="pool", node_count=1'))
    shop.pulumi("up", check=True)
    (live,) = shop.cloud.resources(NODE_POOL)
    shop.pulumi("import", args=[NODE_POOL, "taken", live.id, "--generate-code=false", "--protect=false"], check=True)
    taken = next(entry for entry in resources(shop, NODE_POOL) if entry["urn"].endswith("::taken"))
    assert (taken["id"], taken["inputs"]["nodeCount"]) == (live.id, 1)
    lost = shop.pulumi("import", args=[NODE_POOL, "lost", "us-central1/main/lost", "--generate-code=false"])
    assert lost.returncode != 0
    assert "does not exist" in lost.stdout + lost.stderr


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("quota", "Insufficient regional quota to satisfy request"),
        ("no_capacity", "does not have enough resources available"),
        ("timeout", "timeout while waiting for state"),
    ],
)
def test_after_a_fault_the_next_up_converges(sandbox: MakeSandbox, fault: str, text: str) -> None:
    shop = sandbox(files=pool("node_count=1"))
    failed = shop.pulumi("up", faults=[{"operation": "create", "resource": NODE_POOL, "fault": fault}])
    assert failed.returncode != 0
    assert text in " ".join(failed.stdout.split())
    assert "gcp:container:NodePool (pool)" in failed.stdout
    shop.pulumi("up", check=True)
    assert len(shop.cloud.resources(NODE_POOL)) == 1


def test_two_providers_of_one_package_keep_their_settings_through_the_engine(sandbox: MakeSandbox) -> None:
    program = """
import pulumi
from pulumi_gcp import Provider, compute
for project in ("north", "south"):
    compute.Network(project, name="net", opts=pulumi.ResourceOptions(provider=Provider(project, project=project)))
"""
    shop = sandbox(files=project(program))
    shop.pulumi("up", check=True)
    assert [network.id for network in shop.cloud.resources()] == [
        "projects/north/global/networks/net",
        "projects/south/global/networks/net",
    ]


def test_state_files_hold_what_exists_and_nothing_else(sandbox: MakeSandbox) -> None:
    shop = sandbox(files=pool("node_count=1"))
    shop.pulumi("up", check=True)
    files = [file for file in Path(shop.home, "cloud", "resources").rglob("*") if file.is_file()]
    assert len(files) == len(shop.cloud.resources()) == 2
