"""The language host of an official release asks for every provider whose SDK is installed; ours asks for none.

Pulumi takes the request as advice: with automatic acquisition off it downloads nothing, goes on, and attaches the
sandbox's providers by name. (`installPlugins` in `pkg/engine/update.go` of v3.258.0, and the same for refresh and
destroy.) Here our host is made to ask as the official one does.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from sandbox import Sandbox
from tests.engine.conftest import ROOT, MakeSandbox

HOST = f"""#!{sys.executable}
import pathlib, sys
sys.path.insert(0, {str(ROOT)!r})
from pulumi.runtime.proto import language_pb2, plugin_pb2
from sandbox.engine.language_host import LanguageHost, serve

class LikeTheOfficialOne(LanguageHost):
    def GetRequiredPackages(self, request, context):
        with open(pathlib.Path(__file__).with_name("asked"), "a") as asked:
            asked.write("asked ")
        wanted = {{"gcp": "v10.2.0", "kubernetes": "v4.34.2", "random": "v4.21.4"}}
        return language_pb2.GetRequiredPackagesResponse(
            packages=[plugin_pb2.PackageDependency(name=n, version=v, kind="resource") for n, v in wanted.items()]
        )

serve([sys.argv.pop(1), *sys.argv[1:]], LikeTheOfficialOne)
"""
FILES = {
    "Pulumi.yaml": "name: shop\nruntime: python\n",
    "Pulumi.dev.yaml": "config:\n  gcp:project: my-project\n",
    "__main__.py": "from pulumi_gcp import storage\nstorage.Bucket('b', name='shop-b', location='EU')\n",
}


@pytest.fixture
def shop(sandbox: MakeSandbox, tmp_path: Path) -> Sandbox:
    """A sandbox whose pulumi finds the test's language host before any other."""
    folder = tmp_path / "host"
    folder.mkdir()
    (folder / "host.py").write_text(HOST)
    made = sandbox(files=FILES)
    executor = made.engine.resolve().parent / "pulumi-language-python-exec"
    launcher = folder / "pulumi-language-python"
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{folder}/host.py" "{executor}" "$@"\n')
    launcher.chmod(0o755)
    return made


def test_every_operation_works_without_a_download(shop: Sandbox, tmp_path: Path) -> None:
    env = {"PATH": f"{tmp_path / 'host'}{os.pathsep}{os.environ['PATH']}"}
    for command in ("preview", "up", "refresh", "destroy"):
        done = shop.pulumi(command, env=env, check=True)
        assert "ownloading" not in done.stdout + done.stderr
        assert ("shop-b" in {found.id for found in shop.cloud.resources()}) == (command in ("up", "refresh"))
    assert (tmp_path / "host" / "asked").read_text().split()
    assert not list((shop.home / "pulumi").glob("plugins/*"))
