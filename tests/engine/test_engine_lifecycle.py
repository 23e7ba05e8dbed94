"""A small program through the real engine and the sandbox's cloud."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from sandbox import Sandbox
from tests.engine.conftest import MakeSandbox, write_files

BUCKETS = """
import pulumi
from pulumi_gcp import storage

config = pulumi.Config()
for name in config.require_object("names"):
    storage.Bucket(name, name=f"shop-{name}", location="EU", labels={"tier": config.require("tier")})
pulumi.export("tier", config.require("tier"))
"""
SETTINGS = "config:\n  gcp:project: my-project\n  shop:names: [{names}]\n  shop:tier: {tier}\n"


def project(program: str = BUCKETS, tier: str = "small", names: str = "a, b") -> Mapping[str, str]:
    return {
        "Pulumi.yaml": "name: shop\nruntime: python\nmain: infra/\n",
        "Pulumi.dev.yaml": SETTINGS.format(tier=tier, names=names),
        "infra/__main__.py": program,
    }


def test_preview_up_update_and_destroy_do_what_the_program_says(sandbox: MakeSandbox) -> None:
    shop = sandbox(files=project())
    preview = shop.pulumi("preview", check=True)
    assert "3 to create" in preview.stdout
    assert shop.cloud.resources() == []

    shop.pulumi("up", check=True)
    assert [bucket.id for bucket in shop.cloud.resources()] == ["shop-a", "shop-b"]
    shop.pulumi("up", args=["--expect-no-changes"], check=True)

    write_files(shop.project, project(tier="large", names="b, c"))
    shop.pulumi("up", check=True)
    assert [bucket.id for bucket in shop.cloud.resources()] == ["shop-b", "shop-c"]
    assert all(bucket.inputs["labels"] == {"tier": "large"} for bucket in shop.cloud.resources())
    assert json.loads(shop.pulumi("stack output", args=["--json"]).stdout) == {"tier": "large"}

    shop.pulumi("destroy", check=True)
    assert shop.cloud.resources() == []
    assert "dev" in shop.pulumi("stack ls").stdout


def test_destroy_with_remove_drops_the_stack_and_up_makes_it_anew(sandbox: MakeSandbox) -> None:
    shop = sandbox(files=project())
    shop.pulumi("up", check=True)
    shop.pulumi("destroy", args=["--remove"], check=True)
    assert "dev" not in shop.pulumi("stack ls", stack=None).stdout
    shop.pulumi("up", check=True)
    assert len(shop.cloud.resources()) == 2


def test_what_exists_in_the_cloud_can_be_imported(sandbox: MakeSandbox) -> None:
    shop = sandbox(files={**project(), "Pulumi.new.yaml": SETTINGS.format(tier="small", names="")})
    shop.pulumi("up", check=True)
    shop.pulumi("import", stack="new", args=["gcp:storage/bucket:Bucket", "a", "shop-a"], check=True)
    state = json.loads(shop.pulumi("stack export", stack="new", check=True).stdout)["deployment"]["resources"]
    buckets = [resource["id"] for resource in state if resource["type"] == "gcp:storage/bucket:Bucket"]
    assert buckets == ["shop-a"]


def test_two_stacks_have_their_own_state_and_settings(sandbox: MakeSandbox) -> None:
    files = {**project(names="a"), "Pulumi.prod.yaml": SETTINGS.format(tier="large", names="p")}
    shop = sandbox(files=files)
    shop.pulumi("up", stack="dev", check=True)
    shop.pulumi("up", stack="prod", check=True)
    shop.pulumi("destroy", stack="dev", check=True)
    assert [bucket.id for bucket in shop.cloud.resources()] == ["shop-p"]


def test_nothing_of_a_run_shows_in_the_project(sandbox: MakeSandbox) -> None:
    shop = sandbox(files={**project(), ".gitignore": "__pycache__/\n"})

    def git(*words: str) -> str:
        return subprocess.check_output(["git", *words], cwd=shop.project, text=True)

    git("init", "--quiet")
    git("add", ".")
    inside = type(shop)(shop.project, engine=shop.engine)  # with its home in the project, as users have it
    for command in ("preview", "up", "destroy"):
        inside.pulumi(command, check=True)
    assert (shop.project / ".sandbox").is_dir()
    assert [line for line in git("status", "--porcelain").splitlines() if not line.startswith("A ")] == []


def test_a_program_runs_in_its_own_folder_and_knows_the_project(sandbox: MakeSandbox) -> None:
    program = """
import pathlib, pulumi
from beside import text
pulumi.export("read", pathlib.Path("data.txt").read_text() + text)
pulumi.export("root", (pathlib.Path(pulumi.get_root_directory()) / "at_root.txt").read_text())
pulumi.export("who", [pulumi.get_project(), pulumi.get_stack()])
"""
    extra = {"infra/data.txt": "da", "infra/beside.py": "text = 'ta'\n", "at_root.txt": "here"}
    shop = sandbox(files={**project(program), **extra})
    shop.pulumi("up", check=True)
    outputs = json.loads(shop.pulumi("stack output", args=["--json"]).stdout)
    assert outputs == {"read": "data", "root": "here", "who": ["shop", "dev"]}


def test_what_a_program_prints_reaches_the_engines_log(sandbox: MakeSandbox) -> None:
    program = "import sys\nprint('to standard output')\nprint('to standard error', file=sys.stderr)\n"
    preview = sandbox(files=project(program)).pulumi("preview", check=True)
    assert "to standard output" in preview.stdout
    assert "to standard error" in preview.stdout


def test_a_program_that_fails_shows_its_own_lines_and_nothing_else(sandbox: MakeSandbox) -> None:
    preview = sandbox(files=project("def broken():\n    raise ValueError('out of cheese')\nbroken()\n")).pulumi(
        "preview"
    )
    assert preview.returncode not in (0, 32)
    assert "ValueError: out of cheese" in preview.stdout
    assert "infra/__main__.py" in preview.stdout
    assert "language_host" not in preview.stdout + preview.stderr


def test_a_program_that_exits_early_fails_the_preview(sandbox: MakeSandbox) -> None:
    preview = sandbox(files=project("import sys\nsys.exit(3)\n")).pulumi("preview")
    assert preview.returncode != 0
    assert "3" in preview.stdout


def test_a_project_of_any_path_works(engine: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a folder, with ünusual 100% #name"
    write_files(folder, project())
    shop = Sandbox(folder, engine=engine)
    shop.pulumi("up", check=True)
    shop.pulumi("up", args=["--expect-no-changes"], check=True)
    assert len(shop.cloud.resources()) == 2
    assert list(tmp_path.iterdir()) == [folder]
