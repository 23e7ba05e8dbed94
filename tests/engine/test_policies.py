"""The policy packs stop a preview through the real engine, also on what is not known yet."""

import json
import re
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from sandbox import Sandbox
from tests.engine.conftest import ROOT, MakeSandbox

CAPACITY = str(ROOT / "policies" / "capacity")
COST = str(ROOT / "policies" / "cost")
ALL = str(ROOT / "policies" / "all")

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

WORKLOADS = """
import pulumi
import pulumi_kubernetes as k8s


def deployment(name, replicas=None, sleep=5):
    main = {"name": "main", "image": "x", "lifecycle": {"preStop": {"sleep": {"seconds": sleep}}}}
    return k8s.apps.v1.Deployment(
        name,
        metadata={"name": name, "namespace": "shop"},
        spec={
            "replicas": replicas, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [main]}},
        },
    )


def scaler(name, target, most=5):
    k8s.autoscaling.v2.HorizontalPodAutoscaler(
        name,
        metadata={"name": name, "namespace": "shop"},
        spec={
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target.metadata.name},
            "minReplicas": 2, "maxReplicas": most,
        },
    )


def budget(name, **spec):
    k8s.policy.v1.PodDisruptionBudget(
        name,
        metadata={"name": name, "namespace": "shop"}, spec={"selector": {"matchLabels": {"app": name}}, **spec},
    )


good = deployment("good")
scaler("good", good)
budget("good", max_unavailable=1)
bad = deployment("bad", replicas=3, sleep=45)
scaler("one", bad, most=500)
scaler("two", bad)
budget("bad", min_available="100%")
"""

NODE_GROUP = """
import json
import pulumi
import pulumi_aws as aws

west = aws.Provider("west", region="us-west-2")
trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
role = aws.iam.Role("r", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))


class Team(pulumi.ComponentResource):
    def __init__(self, name, most, **options):
        super().__init__("x:index:Team", name, {"cost": {"tenant": name}})
        aws.eks.NodeGroup(
            f"{name}-gpu", cluster_name="c", node_role_arn="arn:aws:iam::123456789012:role/n", subnet_ids=["subnet-1"],
            instance_types=["p3.2xlarge"], scaling_config={"min_size": 2, "max_size": most, "desired_size": 2},
            opts=pulumi.ResourceOptions(parent=self, provider=west),
        )


Team("acme", MOST)
"""
TEN = NODE_GROUP.replace("MOST", "10")


def foreign(sandbox: MakeSandbox, program: str) -> Sandbox:
    """A project that uses nothing of Penstock."""
    files = {
        "Pulumi.yaml": "name: foreign\nruntime: python\n",
        "Pulumi.dev.yaml": "config:\n  gcp:project: p\n  gcp:region: us-central1\n  aws:region: us-east-1\n",
        "__main__.py": program,
    }
    return sandbox(files=files)


def preview(
    of: Sandbox, pack: str, config: dict[str, Any] | None, folder: Path, stack: str = "dev"
) -> CompletedProcess[str]:
    """A preview under a pack with this configuration."""
    args = ["--policy-pack", pack]
    if config is not None:
        file = folder / "policy-config.json"
        file.write_text(json.dumps(config))
        args += ["--policy-pack-config", str(file)]
    return of.pulumi("preview", stack=stack, args=args)


def text(done: CompletedProcess[str]) -> str:
    return done.stdout + done.stderr


def test_prod_is_within_the_default_ceiling_and_stopped_above_a_lower_one(sandbox: MakeSandbox, tmp_path: Path) -> None:
    repository = sandbox(ROOT)
    repository.pulumi("preview", stack="prod", args=["--policy-pack", CAPACITY], check=True)
    stopped = preview(repository, CAPACITY, {"node-pool-maximum": {"max_nodes": 20}}, tmp_path, "prod")
    assert stopped.returncode != 0
    assert "'spot' may have 50 nodes, 30 above the ceiling of 20." in text(stopped)
    assert "'cpu' may have" not in text(stopped)


def test_a_foreign_programs_unknown_missing_and_zonal_bounds_are_stopped(sandbox: MakeSandbox, tmp_path: Path) -> None:
    stopped = preview(foreign(sandbox, FOREIGN), CAPACITY, None, tmp_path)
    assert stopped.returncode != 0
    assert "'unknown' cannot be told: autoscaling.totalMaxNodeCount is not known at preview" in text(stopped)
    assert "'boundless' has no maximum" in text(stopped)
    assert "'by-zone' may have 120 nodes" in text(stopped)
    assert "'fine'" not in text(stopped)


def test_a_pool_above_its_maximum_is_not_even_created_where_nobody_previewed(sandbox: MakeSandbox) -> None:
    project = foreign(sandbox, FOREIGN)
    stopped = project.pulumi("up", stack="dev", args=["--skip-preview", "--yes", "--policy-pack", CAPACITY])
    assert stopped.returncode != 0
    made = [one.id for one in project.cloud.resources("gcp:container/nodePool:NodePool")]
    assert not [one for one in made if "by-zone" in one or "boundless" in one], made


def test_scalers_budgets_and_grace_periods_of_a_foreign_program_are_judged(
    sandbox: MakeSandbox, tmp_path: Path
) -> None:
    stopped = preview(foreign(sandbox, WORKLOADS), CAPACITY, None, tmp_path)
    said = text(stopped)
    assert stopped.returncode != 0
    assert "Deployment 'bad' is scaled by HorizontalPodAutoscaler 'one' and HorizontalPodAutoscaler 'two'." in said
    assert "'bad' states spec.replicas" in said
    assert "'one' may have 500 replicas: 400 above the ceiling of 100." in said
    assert "PodDisruptionBudget 'bad' has minAvailable: 100%" in said
    assert "'bad' has a grace period of the default of 30 s, and needs 45 s" in said
    assert "'good'" not in said


@pytest.mark.parametrize(
    ("pack", "config", "told"),
    [
        (CAPACITY, {"node-pool-maximum": {"max_nodes": 0}}, "max_nodes: Must be greater than or equal to 1"),
        (CAPACITY, {"node-pool-maximum": {"max_node": 5}}, "node-pool-maximum.max_node: There is no such property."),
        (CAPACITY, {"one-scalr": "mandatory"}, "one-scalr: This pack has no such policy. Did you mean one-scaler?"),
        (COST, {"stack-ceiling": {"usd": "much"}}, "usd: Must validate"),
        (COST, {"stack-ceiling": {"limit": 5}}, "stack-ceiling.limit: There is no such property."),
        (COST, {"estimate": {"annotations": {"a": {"schedule": ["Mon 8=6"]}}}}, "annotations: a.schedule[0]: "),
    ],
)
def test_a_wrong_configuration_stops_the_preview_with_a_sentence(
    sandbox: MakeSandbox, tmp_path: Path, pack: str, config: dict[str, Any], told: str
) -> None:
    stopped = preview(foreign(sandbox, "import pulumi\n"), pack, config, tmp_path)
    assert stopped.returncode != 0
    assert told in text(stopped)


def test_a_ceiling_is_met_with_the_fix_that_is_told_and_the_floor_is_told_below_it(
    sandbox: MakeSandbox, tmp_path: Path
) -> None:
    project = foreign(sandbox, TEN)
    free = preview(project, COST, None, tmp_path)
    assert free.returncode == 0, text(free)
    told = re.search(r"\$([\d,.]+) \(floor\).* to \$([\d,.]+) \(ceiling\)", text(free))
    assert told
    floor, ceiling = (float(one.replace(",", "")) for one in told.groups())

    between = {"stack-ceiling": {"usd": round((floor + ceiling) / 2)}}
    stopped = preview(project, COST, between, tmp_path)
    assert stopped.returncode != 0
    assert f"which exceeds ${between['stack-ceiling']['usd']:,.2f} by $" in text(stopped)
    fix = re.search(r"maximum (\d+) of 'acme-gpu'", text(stopped))
    assert fix
    for most, passes in ((int(fix[1]), True), (int(fix[1]) + 1, False)):
        changed = foreign(sandbox, NODE_GROUP.replace("MOST", str(most)))
        assert (preview(changed, COST, between, tmp_path).returncode == 0) is passes

    below = preview(project, COST, {"stack-ceiling": {"usd": int(floor / 2)}}, tmp_path)
    assert below.returncode != 0
    assert f"The floor is ${floor:,.2f}; no maximum can meet this ceiling." in text(below)


def test_a_ceiling_fails_on_what_is_not_known_and_names_the_property(sandbox: MakeSandbox, tmp_path: Path) -> None:
    project = foreign(sandbox, NODE_GROUP.replace("MOST", "role.unique_id.apply(len)"))
    stopped = preview(project, COST, {"stack-ceiling": {"usd": 1e9}}, tmp_path)
    assert stopped.returncode != 0
    assert "'acme-gpu' (aws:eks/nodeGroup:NodeGroup) has no price" in text(stopped)
    assert "scalingConfig.maxSize is not known" in text(stopped)
    assert "[mandatory]  stack-ceiling" in text(stopped)


def test_a_component_tells_the_tenant_and_an_explicit_provider_the_region(sandbox: MakeSandbox, tmp_path: Path) -> None:
    limits = {"tenant-ceilings": {"limits": [{"pattern": "acme", "usd": 1000}]}}
    stopped = preview(foreign(sandbox, TEN), COST, limits, tmp_path)
    assert stopped.returncode != 0
    assert "Tenant 'acme': 10 × p3.2xlarge" in text(stopped)  # noqa: RUF001


def test_a_purchase_for_ever_has_to_be_acknowledged(sandbox: MakeSandbox, tmp_path: Path) -> None:
    program = """
import pulumi_gcp as gcp
gcp.compute.RegionCommitment(
    "planned", region="us-central1", plan="TWELVE_MONTH", resources=[{"type": "VCPU", "amount": "4"}]
)
"""
    project = foreign(sandbox, program)
    stopped = preview(project, COST, None, tmp_path)
    assert stopped.returncode != 0
    assert "'planned' cannot be undone" in text(stopped)
    assert preview(project, COST, {"purchases": {"acknowledged": ["planned"]}}, tmp_path).returncode == 0


def test_the_example_configuration_is_valid(sandbox: MakeSandbox, tmp_path: Path) -> None:
    config = json.loads((ROOT / "policies" / "cost" / "example-config.json").read_text())
    done = preview(foreign(sandbox, "import pulumi\n"), COST, config, tmp_path)
    assert "configur" not in text(done), text(done)


def test_the_pack_of_all_policies_holds_what_each_of_them_holds(sandbox: MakeSandbox, tmp_path: Path) -> None:
    config = {"stack-ceiling": {"usd": 40000}, "node-pool-maximum": {"max_nodes": 20}}
    stopped = preview(sandbox(ROOT), ALL, config, tmp_path, "prod")
    assert stopped.returncode != 0
    assert "exceeds $40,000.00" in text(stopped)
    assert "'spot' may have 50 nodes, 30 above the ceiling of 20." in text(stopped)


@pytest.mark.parametrize(
    ("usd", "fix"), [(40000, "Fits: "), (10000, "Fits: together: without 'gpu-a100-x4', maximum 3 of 'spot', ")]
)
def test_prod_under_a_ceiling_is_stopped_with_fixes_and_holds_no_unpriced_resource(
    sandbox: MakeSandbox, tmp_path: Path, usd: int, fix: str
) -> None:
    stopped = preview(sandbox(ROOT), COST, {"stack-ceiling": {"usd": usd}}, tmp_path, "prod")
    assert stopped.returncode != 0
    assert fix in text(stopped)
    assert "has no price" not in text(stopped)
