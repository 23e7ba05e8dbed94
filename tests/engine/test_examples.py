"""The example's stacks, whole: previewed, deployed, deployed again, changed and destroyed in the right order."""

import json
from collections.abc import Callable
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox import Sandbox
from tests.engine.conftest import ROOT, MakeSandbox

PLATFORM = ROOT / "docs" / "examples" / "platform"
STACKS = sorted(path.name.split(".")[1] for path in PLATFORM.glob("Pulumi.*.yaml"))
CONTROLLERS = ("penstock:index:ClusterAutoscaler", "penstock:index:GpuDevicePlugin")
POOLS = (
    "gcp:container/nodePool:NodePool",
    "aws:eks/nodeGroup:NodeGroup",
    "azure-native:containerservice:AgentPool",
    "kubernetes:core/v1:NodePatch",
)
CLUSTERS = (
    "gcp:container/cluster:Cluster",
    "aws:eks/cluster:Cluster",
    "azure-native:containerservice:ManagedCluster",
)


@pytest.fixture
def example(sandbox: MakeSandbox, tmp_path: Path) -> Sandbox:
    """The example's project, its stack files copied so that a test may change them."""
    project = tmp_path / "platform"
    project.mkdir()
    for file in PLATFORM.glob("*.yaml"):
        (project / file.name).write_text(file.read_text())
    (project / "__main__.py").symlink_to(PLATFORM / "__main__.py")
    return sandbox(project)


def layer(urn: str) -> str | None:
    """Which of workloads, controllers, pools and cluster a resource is, if it is one of these."""
    if not urn:
        return None  # what the cloud itself made or took along
    types, name = urn.split("::")[2], urn.rsplit("::", 1)[-1]
    type_ = types.rpartition("$")[2]
    if type_ in CLUSTERS:
        return "cluster"
    if type_ in POOLS:
        return "pools"
    if not type_.startswith("kubernetes:"):
        return None
    if any(controller in types for controller in CONTROLLERS):
        return "controllers"
    return "workloads" if name in ("gateway", "model", "models") else None


def change(sandbox: Sandbox, stack: str, alter: Callable[[dict[str, Any]], None]) -> None:
    file = sandbox.project / f"Pulumi.{stack}.yaml"
    written = yaml.safe_load(file.read_text())
    alter(written["config"])
    file.write_text(yaml.safe_dump(written))


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_is_deployed_kept_changed_and_destroyed_in_order(example: Sandbox, stack: str) -> None:
    example.pulumi("preview", stack=stack, check=True)
    assert example.cloud.resources() == []
    example.pulumi("up", stack=stack, check=True)
    example.pulumi("up", stack=stack, args=["--expect-no-changes"], check=True)
    # Also with what the cloud has made of it: AKS lists in its cluster all pools that were made apart.
    example.pulumi("up", stack=stack, args=["--refresh", "--expect-no-changes"], check=True)

    def wider(config: dict[str, Any]) -> None:
        config["penstock:pools"]["web"]["labels"]["added"] = "later"

    change(example, stack, wider)
    plan = json.loads(example.pulumi("preview", stack=stack, args=["--json"], check=True).stdout)
    replaced = [s["urn"] for s in plan["steps"] if s["op"] not in ("same", "update", "create", "read", "refresh")]
    assert replaced == []
    assert any(s["op"] in ("update", "create") for s in plan["steps"])
    example.pulumi("up", stack=stack, check=True)

    order = example.cloud.log()
    depends_on_the_next(example, stack)
    example.pulumi("destroy", stack=stack, check=True)
    assert example.cloud.resources() == []
    deleted = [layer(done.urn) for done in example.cloud.log()[len(order) :] if done.op == "delete"]
    gone = [kind for kind in deleted if kind]
    present: list[str] = [kind for kind in ("workloads", "controllers", "pools", "cluster") if kind in gone]
    assert gone == sorted(gone, key=present.index), "workloads go before controllers before pools before the cluster"
    assert {"workloads", "pools"} <= set(present)
    made = [kind for done in order if done.op == "create" and (kind := layer(done.urn))]
    assert made == sorted(made, key=present[::-1].index), "and they are made the other way round"


def depends_on_the_next(sandbox: Sandbox, stack: str) -> None:
    """Asserts on the state's graph that each workload depends on each controller, pool and the cluster, and so on."""
    state = json.loads(sandbox.pulumi("stack export", stack=stack, check=True).stdout)
    resources = {r["urn"]: r for r in state["deployment"]["resources"]}

    def needs(urn: str) -> set[str]:
        found: set[str] = set()
        waiting = [urn]
        while waiting:
            resource = resources[waiting.pop()]
            direct = {*resource.get("dependencies", []), *chain(*resource.get("propertyDependencies", {}).values())}
            # A component passes on to its children what it depends on itself.
            direct |= {resource.get("provider", "").rpartition("::")[0], resource.get("parent")} & resources.keys()
            waiting += direct - found
            found |= direct
        return found

    layers: dict[str, list[str]] = {}
    for urn in resources:
        if kind := layer(urn):
            layers.setdefault(kind, []).append(urn)
    order = [kind for kind in ("workloads", "controllers", "pools", "cluster") if kind in layers]
    for upper, lower in pairwise(order):
        for urn in layers[upper]:
            assert set(layers[lower]) <= needs(urn), f"{urn} does not depend on all {lower}"


@pytest.mark.parametrize("stack", ["aks", "eks", "gke"])
def test_a_cloud_adds_nothing_to_the_settings_but_its_places_and_machine_types(stack: str) -> None:
    def neutral(name: str) -> dict[str, Any]:
        config = yaml.safe_load((PLATFORM / f"Pulumi.{name}.yaml").read_text())["config"]
        for key in ("cloud", "location", "zones"):
            config["penstock:cluster"].pop(key)
        for pool in config["penstock:pools"].values():
            pool.pop("machine_types")
        config.pop("gcp:project", None)
        return dict(config)

    assert neutral(stack) == neutral("gke")


def test_make_knows_the_examples_by_their_stacks() -> None:
    assert STACKS == ["airgapped", "aks", "eks", "gke", "kind"]
