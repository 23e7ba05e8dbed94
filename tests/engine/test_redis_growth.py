"""A Redis cluster with the real engine: made once, grown in place, and never made smaller."""

from sandbox import Sandbox
from tests.engine.conftest import MakeSandbox

PROGRAM = """
import pulumi

from penstock.data.redis.cluster import RedisCluster

settings = pulumi.Config("shop")
pool = {
    "name": "database", "cloud": "gcp", "purchase": "on_demand", "machine_types": ["n2-highmem-4"],
    "min_nodes": 8, "max_nodes": 8, "labels": {"node-type": "database"}, "taints": [],
    "capacity": {"cpu_millicores": 3920, "memory_mib": 28000, "accelerators": 0},
}
cache = RedisCluster(
    "cache",
    {"namespace": "default", "pools": [pool], "replicas": settings.require_int("replicas"),
     "volume_gib": settings.require_int("volume"), "rotation": settings.require_int("rotation")},
)
pulumi.export("placement", cache.placement)
"""


def shop(
    sandbox: MakeSandbox, replicas: int, volume: int = 20, rotation: int = 1, *, previews: bool = False
) -> Sandbox:
    settings = f"config:\n  shop:replicas: {replicas}\n  shop:volume: {volume}\n  shop:rotation: {rotation}\n"
    files = {"Pulumi.yaml": "name: shop\nruntime: python\n", "Pulumi.dev.yaml": settings, "__main__.py": PROGRAM}
    return sandbox(files=files, previews=previews)


def uid(made: Sandbox) -> str:
    found = [each.outputs["metadata"]["uid"] for each in made.cloud.resources() if each.type.endswith(":StatefulSet")]
    return str(*found)


def test_it_grows_in_place_and_never_becomes_smaller(sandbox: MakeSandbox) -> None:
    made = shop(sandbox, 6)
    made.pulumi("up", check=True)
    made.pulumi("up", args=["--expect-no-changes"], check=True)

    before = uid(made)
    grown = shop(sandbox, 8, 30, 2)
    grown.pulumi("up", check=True)
    assert uid(grown) == before
    grown.pulumi("up", args=["--expect-no-changes"], check=True)

    fewer = shop(sandbox, 6, 20, 2)
    preview = fewer.pulumi("preview")
    said = preview.stdout + preview.stderr
    assert preview.returncode
    assert "replicas: It has 8 nodes" in said
    assert "volume_gib: The volumes have 30 GiB" in said
    assert "Traceback" not in said
    fewer.pulumi("destroy", check=True)
