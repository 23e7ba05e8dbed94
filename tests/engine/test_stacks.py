"""The platform's own stacks through the real engine: what a newcomer sees, and what an autoscaler must not upset."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings

from penstock.nodes.spec import ACKNOWLEDGEMENT
from sandbox import Sandbox
from tests.engine.conftest import ROOT, MakeSandbox, sandboxes_in
from tests.support import stacks
from tests.support.mutations import mutated

CLUSTER, POOL = "gcp:container/cluster:Cluster", "gcp:container/nodePool:NodePool"
CHANGELESS = ["--expect-no-changes"]


class Platform:
    """A copy of the repository's project whose stack file a test may change: at first the machines of `dev`, without
    what runs on them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        whole = stacks.config("dev")
        self.config = {key: whole[key] for key in whole if key not in ("penstock:metrics", "penstock:services")}

    def write(self, change: Callable[[dict[str, Any]], object] = lambda config: None) -> None:
        change(self.config)
        (self.sandbox.project / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": self.config}))

    def pool(self, name: str) -> Any:
        (found,) = [
            p for p in self.sandbox.cloud.resources(POOL) if p.inputs["nodeConfig"]["labels"]["penstock/pool"] == name
        ]
        return found


@pytest.fixture
def platform(sandbox: MakeSandbox, tmp_path: Path) -> Platform:
    return platform_in(tmp_path, sandbox)


@pytest.fixture(scope="module")
def standing(engine: Path, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """A platform that is deployed, for tests that only preview what they change."""
    folder = tmp_path_factory.mktemp("standing")
    platform = platform_in(folder, sandboxes_in(folder, engine))
    platform.sandbox.pulumi("up", check=True)
    return platform


def platform_in(folder: Path, sandbox: MakeSandbox) -> Platform:
    project = folder / "platform"
    project.mkdir()
    (project / "infra").symlink_to(ROOT / "infra")
    (project / "Pulumi.yaml").write_text((ROOT / "Pulumi.yaml").read_text())
    platform = Platform(sandbox(project))
    platform.write()
    return platform


def settings(config: dict[str, Any], pool: str) -> dict[str, Any]:
    return dict(config["penstock:pools"])[pool]


@pytest.mark.parametrize(("stack", "created"), [("dev", 44), ("prod", 240)])
def test_a_newcomer_previews_a_stack_and_git_sees_nothing_of_it(sandbox: MakeSandbox, stack: str, created: int) -> None:
    before = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True).stdout
    repository = sandbox(ROOT)
    events = json.loads(repository.pulumi("preview", stack=stack, args=["--json"], check=True).stdout)
    steps = [step["op"] for step in events["steps"]]
    assert set(steps) == {"create"}
    assert len(steps) == created
    assert repository.cloud.resources() == []
    after = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True).stdout
    assert after == before


def test_a_second_up_changes_nothing_and_destroy_leaves_nothing(platform: Platform) -> None:
    platform.config = stacks.config("dev")
    platform.write()
    platform.sandbox.pulumi("up", check=True)
    platform.sandbox.pulumi("up", args=CHANGELESS, check=True)
    platform.sandbox.pulumi("refresh", args=CHANGELESS, check=True)
    platform.sandbox.pulumi("destroy", check=True)
    assert platform.sandbox.cloud.resources() == []
    platform.sandbox.pulumi("up", check=True)  # a key ring's name stays taken for ever: the next one has another


def test_prod_goes_up_is_protected_and_comes_down_pools_first(sandbox: MakeSandbox, platform: Platform) -> None:
    platform.sandbox = sandbox(platform.sandbox.project, previews=True)
    platform.config = stacks.config("prod")
    platform.write()
    platform.sandbox.pulumi("up", check=True)
    platform.sandbox.pulumi("up", args=CHANGELESS, check=True)
    assert len(platform.sandbox.cloud.resources(POOL)) == 13

    refused = platform.sandbox.pulumi("destroy")
    assert refused.returncode != 0
    assert "protect" in refused.stdout + refused.stderr
    assert len(platform.sandbox.cloud.resources(POOL)) == 13

    def let_go(config: dict[str, Any]) -> None:
        config["penstock:cluster"].update(deletion_protection=False)
        for name, tenant in config["penstock:tenants"].items():
            tenant["removal"] = {"confirm": name}

    platform.write(let_go)
    done = platform.sandbox.pulumi("up", check=True)
    assert "to replace" not in done.stdout, "a cluster that changes keeps all that is in it"
    platform.sandbox.pulumi("destroy", check=True)
    assert platform.sandbox.cloud.resources() == []
    deleted = [done.type for done in platform.sandbox.cloud.log() if done.op == "delete"]
    assert max(i for i, kind in enumerate(deleted) if kind == POOL) < deleted.index(CLUSTER)
    assert deleted.index(CLUSTER) < deleted.index("gcp:compute/network:Network")
    assert deleted.index(CLUSTER) < deleted.index("gcp:serviceaccount/account:Account")


def test_a_size_that_the_autoscaler_moved_is_no_change(platform: Platform) -> None:
    platform.sandbox.pulumi("up", check=True)
    platform.sandbox.cloud.scale("spot", 4)
    platform.sandbox.pulumi("up", args=CHANGELESS, check=True)
    platform.sandbox.pulumi("up", args=["--refresh", *CHANGELESS], check=True)
    platform.sandbox.pulumi("refresh", args=CHANGELESS, check=True)


def test_raising_the_minimum_above_the_live_size_updates_in_place(platform: Platform) -> None:
    platform.sandbox.pulumi("up", check=True)
    before = platform.pool("spot").id
    platform.sandbox.cloud.scale(before, 2)
    platform.write(lambda config: settings(config, "spot").update(min_nodes=4, max_nodes=9))
    platform.sandbox.pulumi("up", check=True)
    after = platform.pool("spot")
    assert after.id == before
    assert (after.inputs["autoscaling"]["totalMinNodeCount"], after.inputs["autoscaling"]["totalMaxNodeCount"]) == (
        4,
        9,
    )
    platform.sandbox.pulumi("up", args=["--refresh", *CHANGELESS], check=True)


@pytest.mark.parametrize(
    "change",
    [
        {"labels": {"workload-type": "spot", "team": "search"}},
        {"taints": [{"key": "workload-type", "value": "other"}]},
        {"machine_types": ["e2-standard-16"]},
        {"disk": {"size_gib": 150}},
        {"surge": {"max_surge": 3}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_gke_changes_in_place_replaces_no_pool(standing: Platform, change: dict[str, Any]) -> None:
    platform = Platform(standing.sandbox)
    platform.write(lambda config: settings(config, "spot").update(change))
    steps = json.loads(platform.sandbox.pulumi("preview", args=["--json"], check=True).stdout)["steps"]
    changed = {step["op"] for step in steps if step["urn"].endswith("NodePool::spot") and POOL in step["urn"]}
    assert changed == {"update"}


def test_what_gke_cannot_change_replaces_the_pool_after_its_successor_stands(platform: Platform) -> None:
    platform.sandbox.pulumi("up", check=True)
    platform.write(lambda config: settings(config, "spot").update(purchase="on_demand"))
    platform.write(lambda config: settings(config, "gpu-l4").update(accelerator={"driver": "latest"}))
    platform.sandbox.pulumi("up", check=True)
    operations = [(done.op, done.id) for done in platform.sandbox.cloud.log() if done.type == POOL][3:]
    gpu = [op for op, id_ in operations if "gpu-l4" in id_]
    assert gpu == ["create", "delete"]


def test_a_bought_commitment_is_bought_once_and_outlives_its_stack(platform: Platform) -> None:
    kind = "gcp:compute/regionCommitment:RegionCommitment"
    pool = {
        "purchase": "reserved",
        "machine_types": ["n2-standard-8"],
        "min_nodes": 2,
        "max_nodes": 2,
        "commitment": {"term": "1y", "purchase": {"acknowledge": ACKNOWLEDGEMENT}},
    }
    platform.write(lambda config: config["penstock:pools"].update(base=pool))
    platform.sandbox.pulumi("up", check=True)
    (bought,) = platform.sandbox.cloud.resources(kind)

    platform.write(lambda config: config["penstock:pools"].update(base={**pool, "min_nodes": 3, "max_nodes": 3}))
    platform.sandbox.pulumi("up", check=True)
    assert platform.sandbox.cloud.resources(kind) == [bought]

    refused = platform.sandbox.pulumi("destroy", args=["--preview-only"])
    assert refused.returncode != 0
    assert "protected" in refused.stdout + refused.stderr
    state = json.loads(platform.sandbox.pulumi("stack export", check=True).stdout)["deployment"]["resources"]
    (urn,) = [resource["urn"] for resource in state if resource["type"] == kind]
    platform.sandbox.pulumi("state unprotect", args=[urn, "--yes"], check=True)
    platform.sandbox.pulumi("destroy", check=True)
    assert platform.sandbox.cloud.resources() == [bought]


def test_a_bad_file_is_refused_with_every_path_and_no_traceback(platform: Platform) -> None:
    def spoil(config: dict[str, Any]) -> None:
        config["penstock:cluster"]["zones"] = ["us-east1-b"]
        settings(config, "spot").update(min_nodes=9, machine_types=["e2-standart-8"])
        settings(config, "gpu-l4").update(capacity_reservation={"create": True})

    platform.write(spoil)
    refused = platform.sandbox.pulumi("preview")
    said = refused.stdout + refused.stderr
    assert refused.returncode != 0
    for path in (
        "cluster.zones[0]",
        "pools.spot.max_nodes",
        "pools.spot.machine_types[0]",
        "pools.gpu-l4.capacity_reservation",
    ):
        assert f"- {path}: " in said
    assert "Traceback" not in said
    assert platform.sandbox.cloud.resources() == []


@hypothesis_settings(
    max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)
@given(config=mutated())
def test_the_engine_previews_a_mutated_file_or_refuses_it_with_a_path(
    platform: Platform, config: dict[str, Any]
) -> None:
    platform.config = {**stacks.config("dev"), **config}
    platform.write()
    shown = platform.sandbox.pulumi("preview")
    said = shown.stdout + shown.stderr
    assert "Traceback" not in said
    assert shown.returncode == 0 or re.search(r"^ *- [\w\[].*: .*\.", said, re.MULTILINE), said


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("quota", "quota"),
        ("no_capacity", "resource"),
        ("throttled", "429"),
        ("timeout", "timeout"),
        ("permission", "403"),
        ("crash", ""),
        ("crash_after", ""),
    ],
)
def test_after_a_fault_the_message_names_the_pool_and_the_next_up_converges(
    platform: Platform, fault: str, words: str
) -> None:
    broken = {"operation": "create", "resource": "*NodePool::spot", "fault": fault, "times": 99}
    failed = platform.sandbox.pulumi("up", faults=[broken])
    said = failed.stdout + failed.stderr
    assert failed.returncode != 0
    assert "spot" in said
    assert words.lower() in said.lower()
    assert "Traceback" not in said

    platform.sandbox.pulumi("up", check=True)
    platform.sandbox.pulumi("up", args=CHANGELESS, check=True)
    state = json.loads(platform.sandbox.pulumi("stack export", check=True).stdout)["deployment"]["resources"]
    known = {resource["id"] for resource in state if resource["type"].startswith(("gcp:", "kubernetes:"))}
    assert {resource.id for resource in platform.sandbox.cloud.resources()} == known
    platform.sandbox.pulumi("destroy", check=True)
    assert platform.sandbox.cloud.resources() == []
