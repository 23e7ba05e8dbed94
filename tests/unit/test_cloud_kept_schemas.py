"""What is read from the SDKs is kept between runs: the same as if read anew, and nothing stale or damaged."""

from __future__ import annotations

import ast
import gc
import json
import os
import subprocess
import sys
import threading
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pulumi_random as random
import pytest

from sandbox.cloud.schema import ResourceType, Sdk, kept
from sandbox.cloud.schema.kept import Kept, key_of
from sandbox.cloud.schema.sdk import OutputType
from sandbox.cloud.schema.shapes import Object

ROOT = Path(__file__).parents[2]
RESOURCES = [
    "gcp:container/cluster:Cluster",
    "gcp:container/nodePool:NodePool",
    "pulumi:providers:gcp",
    "aws:eks/nodeGroup:NodeGroup",
    "aws:rds/instance:Instance",
    "azure-native:containerservice:ManagedCluster",
    "azure-native:network:Subnet",
    "kubernetes:apps/v1:Deployment",
    "kubernetes:helm.sh/v3:Release",
    # Its schema contains itself.
    "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
    "random:index/randomPassword:RandomPassword",
]
FUNCTIONS = [
    "gcp:container/getCluster:getCluster",
    "aws:ec2/getVpc:getVpc",
    "azure-native:network:getVirtualNetwork",
]
BUCKET = "gcp:storage/bucket:Bucket"


def package_of(token: str) -> str:
    return token.rsplit(":", 1)[1] if token.startswith("pulumi:providers:") else token.split(":")[0]


def spelled(value: Any, seen: dict[int, int]) -> Any:
    """A schema as plain values; an object that was met before is told by its number."""
    match value:
        case Object() | ResourceType() if id(value) in seen:
            return f"object {seen[id(value)]}"
        case Object():
            seen[id(value)] = len(seen)
            parts = {name: spelled(shape, seen) for name, shape in value.properties.items()}
            return [type(value).__name__, value.name, parts, sorted(value.required)]
        case ResourceType():
            return [
                value.token,
                spelled(value.inputs, seen),
                {name: spelled(output, seen) for name, output in value.outputs.items()},
                sorted(value.secret_outputs),
            ]
        case dict():
            return {name: spelled(item, seen) for name, item in value.items()}
        case list() | tuple():
            return [spelled(item, seen) for item in value]
        case frozenset():
            return sorted(value)
        case _ if is_dataclass(value):
            parts = {field.name: spelled(getattr(value, field.name), seen) for field in fields(value)}
            return [type(value).__name__, parts]
        case _:
            return value


def forbid_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Sdk, token: str) -> None:
        raise AssertionError(f"{token} is read anew")

    monkeypatch.setattr(Sdk, "_load_resource", refuse)
    monkeypatch.setattr(Sdk, "_load_function", refuse)


@pytest.mark.parametrize("token", RESOURCES)
def test_a_kept_resource_type_is_the_one_that_the_sdk_declares(
    token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = Sdk(package_of(token), tmp_path).resource(token)
    forbid_reading(monkeypatch)
    again = Sdk(package_of(token), tmp_path).resource(token)
    assert fresh is not None and fresh.outputs and again is not fresh
    assert spelled(again, {}) == spelled(fresh, {})


@pytest.mark.parametrize("token", FUNCTIONS)
def test_a_kept_data_source_is_the_one_that_the_sdk_declares(
    token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = Sdk(package_of(token), tmp_path).function(token)
    forbid_reading(monkeypatch)
    again = Sdk(package_of(token), tmp_path).function(token)
    assert fresh is not None and fresh.result.properties and again is not fresh
    assert spelled(again, {}) == spelled(fresh, {})


def test_what_the_sdk_lacks_stays_unknown(tmp_path: Path) -> None:
    for _ in range(2):
        assert Sdk("gcp", tmp_path).resource("gcp:container/nodePol:NodePol") is None
        assert Sdk("gcp", tmp_path).function("gcp:container/getNothing:getNothing") is None


def test_another_key_finds_nothing(tmp_path: Path) -> None:
    Kept(tmp_path, "one").put("name", 1)
    assert Kept(tmp_path, "one").get("name") == 1
    assert Kept(tmp_path, "other").get("name") is None


def test_the_key_tells_sdks_versions_and_installations_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key_of("pulumi_random")
    assert before == key_of("pulumi_random")
    assert before != key_of("pulumi_gcp")
    with monkeypatch.context() as patched:
        patched.setattr("importlib.metadata.version", lambda name: "0.0.1")
        assert key_of("pulumi_random") != before
    other = tmp_path / "__init__.py"
    other.touch()
    with monkeypatch.context() as patched:
        patched.setattr("importlib.util.find_spec", lambda name: type("Spec", (), {"origin": str(other)}))
        first = key_of("pulumi_random")
        os.utime(other, (1, 1))
        assert len({before, first, key_of("pulumi_random")}) == 3


def test_the_key_changes_with_the_code_that_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key_of("pulumi_random")
    for file in Path(kept.__file__).parent.glob("*.py"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(kept, "__file__", str(tmp_path / "kept.py"))
    assert key_of("pulumi_random") == before
    with (tmp_path / "shapes.py").open("a") as shapes:
        shapes.write("# changed\n")
    assert key_of("pulumi_random") != before


@pytest.mark.parametrize("damage", [lambda good: b"", lambda good: good[:-1], lambda good: b"x" * 32 + good[32:]])
def test_a_damaged_file_is_read_from_the_sdk_again_and_mended(tmp_path: Path, damage: Any) -> None:
    token = "random:index/randomPet:RandomPet"
    fresh = Sdk("random", tmp_path).resource(token)
    (file,) = tmp_path.rglob("*.pickle")
    good = file.read_bytes()
    file.write_bytes(damage(good))
    assert spelled(Sdk("random", tmp_path).resource(token), {}) == spelled(fresh, {})
    assert Kept(tmp_path, key_of("pulumi_random")).get(f"resource {token}") is not None


def test_without_a_folder_that_can_be_written_the_sdk_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert Sdk("random", tmp_path / "file").resource("random:index/randomPet:RandomPet") is not None


def test_many_at_once_see_a_whole_value_or_none(tmp_path: Path) -> None:
    large = list(range(20_000))
    seen: list[Any] = []

    def work() -> None:
        for _ in range(20):
            Kept(tmp_path, "key").put("name", large)
            seen.append(Kept(tmp_path, "key").get("name"))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 80 and all(value == large for value in seen)
    assert [file.suffix for file in tmp_path.rglob("*") if file.is_file()] == [".pickle"], "no drafts stay behind"


def test_what_is_kept_is_private(tmp_path: Path) -> None:
    Kept(tmp_path / "cache", "key").put("name", 1)
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "cache").rglob("*"))


def test_an_output_knows_that_it_may_be_absent_when_it_comes_from_disk(tmp_path: Path) -> None:
    for _ in range(2):
        network = Sdk("gcp", tmp_path).resource("gcp:compute/network:Network")
        assert network is not None
        assert isinstance(network.outputs["selfLink"], OutputType) and not network.outputs["selfLink"].optional


SERVE_A_BUCKET = f"""
import json, sys
from pathlib import Path
from sandbox.cloud.server import CloudServer
from sandbox.cloud.store import Store
from tests.support.cloud_client import GCP_SETTINGS, Provider
server = CloudServer(Store(Path(sys.argv[1])))
server.start()
Provider("gcp", server.ports["gcp"], GCP_SETTINGS).create("{BUCKET}", "data", {{"location": "US"}})
server.stop()
sdks = ("pulumi_aws", "pulumi_azure_native", "pulumi_gcp", "pulumi_kubernetes", "pulumi_random")
print(json.dumps([name for name in sdks if name in sys.modules]))
"""


def test_a_run_imports_the_sdk_of_its_own_cloud_alone_and_of_none_the_next_time(tmp_path: Path) -> None:
    imported = []
    for run in ("first", "second"):
        ended = subprocess.run(
            [sys.executable, "-c", SERVE_A_BUCKET, str(tmp_path / run)],
            cwd=ROOT,
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
            check=True,
        )
        imported.append(json.loads(ended.stdout))
    assert imported == [["pulumi_gcp"], []]


def test_looking_into_a_cloud_needs_no_pulumi() -> None:
    code = "import sandbox.cloud, sys; sys.exit('pulumi' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_the_words_of_the_wire_are_pulumis_own() -> None:
    from pulumi.runtime import rpc

    from sandbox.cloud import values

    assert rpc._special_sig_key == values.SIGNATURE
    assert rpc.UNKNOWN == values._Wire.UNKNOWN
    assert rpc._special_secret_sig == values._Wire.SECRET
    assert rpc._special_output_value_sig == values._Wire.OUTPUT
    assert rpc._special_asset_sig == values._Wire.ASSET
    assert rpc._special_archive_sig == values._Wire.ARCHIVE


class Garbage:
    """What, when it is collected, parses as a traceback does that is told."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        ast.parse("a + 1")


def test_an_sdk_is_read_whatever_is_collected_meanwhile() -> None:
    """Python before 3.11.8 ends with a SystemError where garbage that is collected amid a parse parses, too."""
    before = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(50):
            Garbage()
            read = ResourceType(
                "random:index/randomPassword:RandomPassword", random.RandomPassword, random.RandomPasswordArgs
            )
            assert read.secret_outputs == {"bcryptHash", "result"}
    finally:
        gc.set_threshold(*before)
