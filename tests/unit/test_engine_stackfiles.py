"""The copies of a project's Pulumi files."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from sandbox.errors import SandboxError
from sandbox.stackfiles import STAND_IN, StackFiles


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "infra").mkdir(parents=True)
    (folder / "infra" / "__main__.py").write_text("")
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\nmain: infra\nbackend: {url: s3://real}\n")
    (folder / "Pulumi.dev.yaml").write_text("config:\n  a:b: 1\n")
    return folder


def copies(project: Path, stack: str = "dev") -> StackFiles:
    files = StackFiles(project, project / ".sandbox")
    files.refresh()
    files.refresh_stack(stack)
    return files


def copied(project: Path, stack: str = "dev") -> str:
    return (copies(project, stack).folder / f"Pulumi.{stack}.yaml").read_text()


def test_the_folder_of_copies_shows_the_project_but_not_the_sandbox_or_git(project: Path) -> None:
    (project / ".git").mkdir()
    folder = copies(project).folder
    assert sorted(path.name for path in folder.iterdir()) == ["Pulumi.dev.yaml", "Pulumi.yaml", "infra"]
    assert (folder / "infra").readlink() == project / "infra"
    assert not (folder / "Pulumi.dev.yaml").is_symlink()


def test_links_follow_what_is_added_and_removed(project: Path) -> None:
    (project / "old.txt").touch()
    copies(project)
    (project / "old.txt").unlink()
    (project / "new.txt").touch()
    assert {path.name for path in copies(project).folder.iterdir()} >= {"new.txt"}
    assert not (copies(project).folder / "old.txt").is_symlink()


def test_the_real_backend_is_not_named_in_the_copy(project: Path) -> None:
    settings = yaml.safe_load((copies(project).folder / "Pulumi.yaml").read_text())
    assert settings == {"name": "shop", "runtime": "python", "main": "infra"}


def test_settings_are_refreshed_and_the_sandboxs_salt_is_kept(project: Path) -> None:
    copy = copies(project).folder / "Pulumi.dev.yaml"
    copy.write_text(copy.read_text() + "encryptionsalt: v1:ours\n")
    (project / "Pulumi.dev.yaml").write_text("encryptionsalt: v1:theirs\nconfig:\n  a:b: 2\n")
    assert yaml.safe_load(copied(project)) == {"config": {"a:b": 2}, "encryptionsalt": "v1:ours"}


def test_values_that_yaml_versions_read_differently_stay_as_they_are_written(project: Path) -> None:
    """PyYAML knows YAML 1.1, in which these are a number, a boolean and a number; pulumi reads them as texts."""
    (project / "Pulumi.dev.yaml").write_text("config:\n  a:start: 13:00\n  a:mode: on\n  a:zip: 0o14\n  a:café: '1'\n")
    assert copied(project) == "config:\n  a:start: 13:00\n  a:mode: on\n  a:zip: 0o14\n  a:café: '1'\n"


def test_secrets_of_another_key_are_replaced_and_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "Pulumi.prod.yaml").write_text(
        "secretsprovider: gcpkms://k\nencryptedkey: abc\nconfig:\n"
        "  shop:password:\n    secure: xyz\n  shop:nested:\n    list:\n      - plain\n      - secure: xyz\n"
    )
    content = yaml.safe_load(copied(project, "prod"))
    nested = {"list": ["plain", STAND_IN]}
    assert content == {"config": {"shop:password": STAND_IN, "shop:nested": nested}}
    said = capsys.readouterr().err
    assert "Pulumi.prod.yaml has values encrypted with a key that the sandbox does not have" in said
    assert "(shop:password, shop:nested.list[1])" in said


def test_environments_of_pulumi_cloud_are_left_out_and_said_so(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "Pulumi.dev.yaml").write_text("environment: [shared]\nconfig: {a:b: 1}\n")
    assert yaml.safe_load(copied(project)) == {"config": {"a:b": 1}}
    assert "imports environments of Pulumi Cloud" in capsys.readouterr().err


def test_stack_files_may_lie_in_a_folder_of_their_own(project: Path) -> None:
    (project / "Pulumi.yaml").write_text("name: shop\nruntime: python\nstackConfigDir: stacks\n")
    (project / "stacks").mkdir()
    (project / "stacks" / "Pulumi.test.yaml").write_text("config: {a:b: 7}\n")
    assert yaml.safe_load(copied(project, "test")) == {"config": {"a:b": 7}}


def test_an_empty_stack_file_is_a_stack_without_settings(project: Path) -> None:
    (project / "Pulumi.dev.yaml").write_text("")
    assert yaml.safe_load(copied(project)) == {}


def test_a_missing_stack_file_is_one_sentence_with_the_stacks_there_are(project: Path) -> None:
    (project / "Pulumi.prod.yaml").write_text("")
    with pytest.raises(SandboxError, match=r"There is no Pulumi.tset.yaml in .*\. Stacks that exist: dev, prod\."):
        copies(project, "tset")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("Pulumi.dev.yaml", "config: [", "Pulumi.dev.yaml is not valid YAML"),
        ("Pulumi.dev.yaml", "- a\n- b\n", "Pulumi.dev.yaml must hold keys and their values"),
        ("Pulumi.dev.yaml", "config: [1, 2]\n", "`config` in .*Pulumi.dev.yaml must hold keys and their values"),
        ("Pulumi.yaml", "runtime: python\n", "must give the project a `name`"),
        ("Pulumi.yaml", "name: ../escape\n", "must give the project a `name`"),
    ],
)
def test_files_that_cannot_be_used_are_named(project: Path, name: str, content: str, message: str) -> None:
    (project / name).write_text(content)
    with pytest.raises(SandboxError, match=message):
        copies(project)


def test_a_folder_without_a_project_is_named(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"There is no Pulumi.yaml in .*--project"):
        StackFiles(tmp_path, tmp_path / ".sandbox")
