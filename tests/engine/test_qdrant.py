"""A Qdrant cluster on the real engine: deployed twice, rotated, grown; its certificate renewed when it is due."""

import base64
import json
from typing import Any

from sandbox import Sandbox
from tests.engine.conftest import MakeSandbox

PROGRAM = """
import pulumi
import penstock
from penstock.data import certificates

settings = pulumi.Config("vectors")
# As if the server's certificate had been signed that much earlier.
certificates.RENEWAL_HOURS = settings.require_int("early")
pool = {
    "name": "database", "cloud": "gcp", "purchase": "on_demand", "machine_types": ["n2-standard-8"],
    "min_nodes": 3, "max_nodes": 3, "labels": {"penstock/pool": "database"}, "taints": [],
    "capacity": {"cpu_millicores": 7910, "memory_mib": 30000, "accelerators": 0},
}
space = penstock.ServiceNamespace("data", {})
made = penstock.QdrantCluster("vectors", {
    "namespace": space.namespace, "pools": [pool], "monitoring": False,
    "rotation": settings.require_int("rotation"), "volume_gib": settings.require_int("volume"),
    "collection": {"vector_size": settings.require_int("size")},
})
pulumi.export("token", made.service_token)
pulumi.export("key", made.ref["api_key"])
"""
STATEFUL, CLAIM = "kubernetes:apps/v1:StatefulSet", "kubernetes:core/v1:PersistentVolumeClaimPatch"


def deployed(sandbox: MakeSandbox, rotation: int = 1, volume: int = 100, size: int = 384, early: int = 720) -> Sandbox:
    said = {"rotation": rotation, "volume": volume, "size": size, "early": early}
    settings = "config:\n" + "".join(f"  vectors:{name}: {value}\n" for name, value in said.items())
    files = {"Pulumi.yaml": "name: vectors\nruntime: python\n", "Pulumi.dev.yaml": settings, "__main__.py": PROGRAM}
    return sandbox(files=files, previews=False)


def outputs(stack: Sandbox) -> dict[str, Any]:
    shown = stack.pulumi("stack", args=["output", "--json", "--show-secrets"], check=True).stdout
    return dict(json.loads(shown))


def test_a_second_up_changes_nothing_and_a_rotation_or_more_room_replaces_no_node(sandbox: MakeSandbox) -> None:
    first = deployed(sandbox, 1, 100)
    first.pulumi("up", check=True)
    first.pulumi("up", args=["--expect-no-changes"], check=True)
    key = outputs(first)["key"]
    assert key not in first.pulumi("stack export", check=True).stdout, "keys are encrypted in the state"

    second = deployed(sandbox, 2, 200)
    second.pulumi("up", check=True)
    operations = {(each.op, each.type) for each in second.cloud.log()}
    assert ("update", STATEFUL) in operations
    assert ("delete", STATEFUL) not in operations
    assert changes(second, STATEFUL)[-1] > changes(second, "kubernetes:core/v1:Secret")[-1], "keys before their readers"
    claims = second.cloud.resources(CLAIM)
    assert {claim.inputs["spec"]["resources"]["requests"]["storage"] for claim in claims} == {"200Gi"}
    assert len(claims) == 6
    (secret,) = [
        each for each in second.cloud.resources("kubernetes:core/v1:Secret") if each.id.endswith("vectors-keys")
    ]
    assert base64.b64decode(secret.outputs["data"]["previous-api-key"]).decode() == key
    assert outputs(second)["key"] != key
    second.pulumi("up", args=["--expect-no-changes"], check=True)

    smaller = deployed(sandbox, 2, 100, size=768).pulumi("preview")
    assert smaller.returncode
    said = smaller.stdout + smaller.stderr
    assert "volume_gib: The volumes have 200 GiB" in said or "collection.vector_size: The collection" in said
    fixed = deployed(sandbox, 2, 200, size=768).pulumi("preview")
    assert fixed.returncode
    assert "collection.vector_size: The collection 'tenants' has 384" in fixed.stdout + fixed.stderr


def test_a_certificate_that_is_due_is_renewed_at_an_up_and_no_node_is_replaced(sandbox: MakeSandbox) -> None:
    fresh = deployed(sandbox)
    fresh.pulumi("up", check=True)
    before = note(fresh)
    due = deployed(sandbox, early=8760)
    due.pulumi("up", check=True)
    assert note(due) != before, "pods start anew with it"
    made = [each.urn.rpartition("::")[2] for each in due.cloud.log() if each.op == "create"]
    assert made.count("vectors-authority") == 2, "its key and its certificate, once"
    assert ("delete", STATEFUL) not in {(each.op, each.type) for each in due.cloud.log()}
    assert changes(due, STATEFUL)[-1] > changes(due, "kubernetes:core/v1:Secret")[-1], "the Secret before its readers"


def note(stack: Sandbox) -> str:
    """By what the nodes' pods know their certificate."""
    (nodes,) = stack.cloud.resources(STATEFUL)
    return str(nodes.inputs["spec"]["template"]["metadata"]["annotations"]["penstock.dev/certificate"])


def changes(stack: Sandbox, type_: str) -> list[int]:
    """When resources of a type were made or changed."""
    return [at for at, each in enumerate(stack.cloud.log()) if each.type == type_ and each.op != "delete"]
