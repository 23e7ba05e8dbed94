"""A volume of data that would become smaller: refused by the real engine, in a preview and in an update, before
anything of the store changes."""

from sandbox import Sandbox
from tests.engine.conftest import MakeSandbox

PROGRAM = """
import pulumi
import pulumi_kubernetes as k8s

from penstock.data.kept import kept, shrinking

settings = pulumi.Config("shop")
TYPE = "shop:index:Store"


class Store(pulumi.ComponentResource):
    def __init__(self, name, sizes, tier, namespace, opts=None):
        super().__init__(TYPE, name, *kept(type(self), TYPE, name, sizes, opts, shrinking("volume_gib", "wal.volume_gib")))
        k8s.core.v1.ConfigMap(
            f"{name}-tier", metadata={"name": f"{name}-tier", "namespace": namespace}, data={"tier": tier},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


class Tier(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("shop:index:Tier", name, {})
        # A second store of that name: their hooks must not be taken for one another.
        Store("main", {"volume_gib": 7}, "other", "kube-public", pulumi.ResourceOptions(parent=self))


sizes = {"volume_gib": settings.require_int("data")}
if settings.get_int("wal"):
    sizes["wal.volume_gib"] = settings.get_int("wal")
Store("main", sizes, settings.require("tier"), "default")
Tier("tier")
"""


def store(sandbox: MakeSandbox, tier: str, data: int, wal: int = 0, *, previews: bool = False) -> Sandbox:
    settings = f"config:\n  shop:tier: {tier}\n  shop:data: {data}\n  shop:wal: {wal}\n"
    files = {"Pulumi.yaml": "name: shop\nruntime: python\n", "Pulumi.dev.yaml": settings, "__main__.py": PROGRAM}
    return sandbox(files=files, previews=previews)


def tiers(shop: Sandbox) -> set[str]:
    return {resource.inputs["data"]["tier"] for resource in shop.cloud.resources() if "data" in resource.inputs}


def test_a_smaller_volume_is_refused_before_anything_of_its_store_changes(sandbox: MakeSandbox) -> None:
    store(sandbox, "small", 50, 10).pulumi("up", check=True)
    # Sizes that stay or grow are taken, and recorded.
    store(sandbox, "medium", 50, 10).pulumi("up", check=True)
    grown = store(sandbox, "medium", 60, 10)
    grown.pulumi("up", check=True)
    grown.pulumi("up", args=["--expect-no-changes"], check=True)

    smaller = store(sandbox, "large", 55, 10)
    preview = smaller.pulumi("preview")
    assert preview.returncode
    said = preview.stdout + preview.stderr
    assert "Store 'main' cannot be deployed" in said
    assert "volume_gib: The volumes have 60 GiB" in said
    assert "Traceback" not in said

    # Nor without a preview, which a user may skip.
    update = smaller.pulumi("up")
    assert update.returncode
    assert "volume_gib: The volumes have 60 GiB" in update.stdout + update.stderr
    assert tiers(smaller) == {"medium", "other"}
    state = smaller.pulumi("stack export", check=True).stdout
    assert '"volume_gib": 60' in state


def test_a_volume_that_is_given_up_is_refused_with_all_other_problems(sandbox: MakeSandbox) -> None:
    store(sandbox, "small", 50, 10).pulumi("up", check=True)
    preview = store(sandbox, "small", 40).pulumi("preview")
    said = preview.stdout + preview.stderr
    assert preview.returncode
    assert "volume_gib: The volumes have 50 GiB" in said
    assert "wal.volume_gib: The volumes have 10 GiB" in said
