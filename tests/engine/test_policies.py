"""The policy packs stop a preview through the real engine, also on what is not known yet."""

import json
from pathlib import Path

from tests.engine.conftest import ROOT, MakeSandbox

PACK = str(ROOT / "policies" / "capacity")

FOREIGN = """
import pulumi_gcp as gcp

address = gcp.compute.Address("somewhere", region="us-central1")
cluster = gcp.container.Cluster("c", location="us-central1", initial_node_count=1, deletion_protection=False)
gcp.container.NodePool(
    "unknown", cluster=cluster.name, location="us-central1",
    autoscaling={"total_max_node_count": address.id.apply(len), "total_min_node_count": 0},
)
gcp.container.NodePool("boundless", cluster=cluster.name, location="us-central1", node_count=3)
gcp.container.NodePool(
    "by-zone", cluster=cluster.name, location="us-central1", node_locations=["us-central1-a", "us-central1-b"],
    autoscaling={"min_node_count": 0, "max_node_count": 60},
)
gcp.container.NodePool(
    "fine", cluster=cluster.name, location="us-central1", node_locations=["us-central1-a"],
    autoscaling={"min_node_count": 0, "max_node_count": 60},
)
"""


def test_prod_is_within_the_default_ceiling_and_stopped_above_a_lower_one(sandbox: MakeSandbox, tmp_path: Path) -> None:
    limits = tmp_path / "limits.json"
    limits.write_text(json.dumps({"node-pool-maximum": {"max_nodes": 20}}))
    repository = sandbox(ROOT)
    repository.pulumi("preview", stack="prod", args=["--policy-pack", PACK], check=True)
    stopped = repository.pulumi(
        "preview", stack="prod", args=["--policy-pack", PACK, "--policy-pack-config", str(limits)]
    )
    assert stopped.returncode != 0
    assert "'spot' may have 50 nodes, 30 above the ceiling of 20." in stopped.stdout + stopped.stderr
    assert "'cpu' may have" not in stopped.stdout + stopped.stderr


def test_a_foreign_programs_unknown_missing_and_zonal_bounds_are_stopped(sandbox: MakeSandbox) -> None:
    foreign = sandbox(
        files={
            "Pulumi.yaml": "name: foreign\nruntime: python\n",
            "Pulumi.dev.yaml": "config:\n  gcp:project: p\n  gcp:region: us-central1\n",
            "__main__.py": FOREIGN,
        }
    )
    stopped = foreign.pulumi("preview", args=["--policy-pack", PACK])
    said = stopped.stdout + stopped.stderr
    assert stopped.returncode != 0
    assert "'unknown' cannot be told: autoscaling.totalMaxNodeCount is not known at preview" in said
    assert "'boundless' has no maximum" in said
    assert "'by-zone' may have 120 nodes" in said
    assert "'fine'" not in said
