"""Policy packs and component packages in the real engine, and how long it takes to end after them."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.engine.conftest import ROOT, MakeSandbox

PROGRAM = """
import atexit, pathlib, time
import pulumi, pulumi_random
pulumi_random.RandomPet("rex", length={length})
atexit.register(lambda: pathlib.Path("ended").write_text(str(time.time())))
"""
POLICY = """
import sys
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

def short(args, report):
    if args.resource_type == "random:index/randomPet:RandomPet" and args.props.get("length", 2) > 3:
        report("Nobody can call this pet.")

print("the pack is read", file=sys.stderr)
PolicyPack(
    "pets",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[ResourceValidationPolicy(name="short-names", description="Short names only.", validate=short)],
)
"""
COMPONENT = '''
from typing import Optional, TypedDict

import pulumi
from pulumi.provider.experimental import component_provider_host

class KennelArgs(TypedDict):
    owner: pulumi.Input[str]
    """Who pays."""

class Kennel(pulumi.ComponentResource):
    """A house for a pet."""

    sign: pulumi.Output[str]

    def __init__(self, name: str, args: KennelArgs, opts: Optional[pulumi.ResourceOptions] = None):
        super().__init__("kennels:index:Kennel", name, {}, opts)
        self.sign = pulumi.Output.from_input(args["owner"])
        self.register_outputs({"sign": self.sign})

component_provider_host(name="kennels", components=[Kennel])
'''


def files(length: int = 2) -> dict[str, str]:
    return {
        "Pulumi.yaml": "name: pets\nruntime: python\nmain: infra\n",
        "Pulumi.dev.yaml": "",
        "infra/__main__.py": PROGRAM.format(length=length),
        "policies/PulumiPolicy.yaml": "runtime: python\n",
        "policies/__main__.py": POLICY,
        "kennels/PulumiPlugin.yaml": "runtime: python\n",
        "kennels/__main__.py": COMPONENT,
    }


def test_a_policy_pack_lets_a_good_stack_pass(sandbox: MakeSandbox) -> None:
    preview = sandbox(files=files()).pulumi("preview", args=["--policy-pack", "policies"], check=True)
    assert "pets" in preview.stdout
    assert "the pack is read" in preview.stdout


def test_a_mandatory_violation_fails_the_preview_and_names_the_resource(sandbox: MakeSandbox) -> None:
    preview = sandbox(files=files(length=5)).pulumi("preview", args=["--policy-pack", "policies"])
    assert preview.returncode != 0
    assert "Nobody can call this pet." in preview.stdout
    assert "rex" in preview.stdout


def test_a_policy_pack_that_cannot_start_fails_the_preview_with_its_reason(sandbox: MakeSandbox) -> None:
    broken = {**files(), "policies/__main__.py": "import no_such_module\n"}
    preview = sandbox(files=broken).pulumi("preview", args=["--policy-pack", "policies"])
    assert preview.returncode != 0
    assert "no_such_module" in preview.stdout + preview.stderr


def test_a_component_package_tells_its_schema(sandbox: MakeSandbox) -> None:
    answer = sandbox(files=files()).pulumi("package get-schema", args=["./kennels"], stack=None, check=True)
    kennel = json.loads(answer.stdout)["resources"]["kennels:index:Kennel"]
    assert kennel["description"] == "A house for a pet."
    assert kennel["requiredInputs"] == ["owner"]


def test_a_package_without_main_is_run_by_its_name(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """The form of a component package that is installed: `pyproject.toml` and the components in a module."""
    module = COMPONENT.replace('component_provider_host(name="kennels", components=[Kennel])', "")
    packaged = {
        **{name: text for name, text in files().items() if not name.startswith("kennels/__main__")},
        "kennels/pyproject.toml": '[project]\nname = "kennels"\nversion = "1.0"\n',
        "lib/kennels/__init__.py": module,
    }
    pets = sandbox(files=packaged)
    env = {"PYTHONPATH": str(tmp_path / "project" / "lib")}
    answer = pets.pulumi("package get-schema", args=["./kennels"], stack=None, env=env, check=True)
    assert "kennels:index:Kennel" in json.loads(answer.stdout)["resources"]


@pytest.mark.timed
@pytest.mark.parametrize("args", [[], ["--policy-pack", "policies"]], ids=["program", "program and pack"])
def test_pulumi_ends_at_once_when_the_program_has_ended(sandbox: MakeSandbox, args: list[str]) -> None:
    """A language host or pack that ignored the engine's interrupt would cost 5 s each here."""
    pets = sandbox(files=files())
    pets.pulumi("preview", args=args, check=True)
    took = time.time() - float((pets.project / "infra" / "ended").read_text())
    assert took < 3


def test_components_of_this_repository_tell_their_schema(sandbox: MakeSandbox) -> None:
    answer = sandbox(ROOT).pulumi("package get-schema", args=["./components"], stack=None, check=True)
    assert json.loads(answer.stdout)["name"] == "penstock"
