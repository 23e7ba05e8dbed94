"""The components as other projects use them: imported in Python, or as a package from any Pulumi language."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import penstock
from tests.engine.conftest import ROOT, MakeSandbox

COMPONENTS = {name for name in penstock.__all__ if hasattr(getattr(penstock, name), "register_outputs")}

# What a generated SDK does, without one: it registers the component by its type and lets its host construct it.
CONSUMER = """
import pulumi

class Remote(pulumi.ComponentResource):
    def __init__(self, kind, name, inputs, outputs):
        super().__init__(f"penstock:index:{kind}", name, {**inputs, **dict.fromkeys(outputs)}, remote=True)

cluster = Remote(
    "Cluster", "llm",
    {"cloud": "gcp", "location": "us-central1", "zones": ["us-central1-a"], "deletionProtection": False},
    ["ref", "kubeconfig"],
)
pool = Remote(
    "GpuNodePool", "gpu",
    {"cluster": cluster.ref, "cloud": "gcp", "machineTypes": ["g2-standard-8"], "minNodes": 0, "maxNodes": 2, **MORE},
    ["ref"],
)
pulumi.export("pool", pool.ref)
"""


def consumer(more: dict[str, Any]) -> dict[str, str]:
    plugin = f"plugins:\n  providers:\n    - name: penstock\n      path: {ROOT / 'components'}\n"
    return {
        "Pulumi.yaml": f"name: consumer\nruntime: python\n{plugin}",
        "Pulumi.dev.yaml": "config:\n  gcp:project: penstock-dev\n  gcp:region: us-central1\n",
        "__main__.py": CONSUMER.replace("MORE", repr(more)),
    }


def undescribed(schema: dict[str, Any]) -> list[str]:
    """Every component, type, property and enum value that has no description."""
    missing = []
    for token, item in {**schema["resources"], **schema["types"]}.items():
        parts = {**item.get("inputProperties", {}), **item.get("properties", {})}
        parts |= {value["name"]: value for value in item.get("enum", [])}
        missing += [token] if not item.get("description") else []
        missing += [f"{token}.{name}" for name, part in parts.items() if not part.get("description")]
    return missing


def test_the_schema_lists_every_public_component_and_describes_everything(sandbox: MakeSandbox) -> None:
    shown = sandbox(ROOT).pulumi("package get-schema", stack=None, args=[str(ROOT / "components")], check=True)
    schema = json.loads(shown.stdout)
    assert {token.rpartition(":")[2] for token in schema["resources"]} == COMPONENTS
    assert undescribed(schema) == []


def test_another_language_passes_a_cluster_on_and_gets_a_pool(sandbox: MakeSandbox) -> None:
    project = sandbox(files=consumer({"purchase": "spot", "accelerator": {"driver": "latest"}}))
    project.pulumi("up", check=True)
    (pool,) = project.cloud.resources("gcp:container/nodePool:NodePool")
    assert pool.inputs["nodeConfig"]["spot"] is True
    assert pool.inputs["nodeConfig"]["serviceAccount"] == "llm-nodes@penstock-dev.iam.gserviceaccount.com"
    outputs = json.loads(project.pulumi("stack output", args=["--json"], check=True).stdout)
    assert outputs["pool"]["machineTypes"] == ["g2-standard-8"]
    assert outputs["pool"]["capacity"]["acceleratorResource"] == "nvidia.com/gpu"
    project.pulumi("up", args=["--expect-no-changes"], check=True)


def test_another_language_is_told_every_problem_by_its_own_names(sandbox: MakeSandbox) -> None:
    project = sandbox(files=consumer({"purchase": "spot", "capacityReservation": {"create": True}, "maxRunHours": 5}))
    refused = project.pulumi("preview")
    said = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert "GpuNodePool 'gpu' cannot be deployed" in said
    for name in ("zones", "capacityReservation", "maxRunHours"):
        assert re.search(rf"property {name} (with value .* )?has a problem", said)


def test_the_example_project_deploys_a_workload_onto_its_pool_and_comes_down_in_order(
    sandbox: MakeSandbox, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "docs" / "examples" / "own-project", tmp_path / "own")
    project = sandbox(tmp_path / "own")
    project.pulumi("up", check=True)
    (deployment,) = project.cloud.resources("kubernetes:apps/v1:Deployment")
    pod = deployment.inputs["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"penstock/pool": "gpu-l4", "penstock/purchase": "spot"}
    assert {toleration["key"] for toleration in pod["tolerations"]} == {"nvidia.com/gpu"}

    project.pulumi("destroy", check=True)
    deleted = [done.type for done in project.cloud.log() if done.op == "delete"]
    order = [deleted.index(kind) for kind in (
        "kubernetes:apps/v1:Deployment",
        "kubernetes:core/v1:Namespace",
        "gcp:container/nodePool:NodePool",
        "gcp:container/cluster:Cluster",
        "gcp:compute/network:Network",
    )]  # fmt: skip
    assert order == sorted(order)
