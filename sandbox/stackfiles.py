"""Copies of a project's Pulumi files, which pulumi may change without the project noticing.

The folder of the copies looks like the project's: `Pulumi.yaml` and `Pulumi.<stack>.yaml` are copies,
everything else is a link. So pulumi runs in it as it would in the project, relative paths included.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from sandbox.errors import SandboxError
from sandbox.progress import say

SALT = "encryptionsalt"
ENVIRONMENT = "environment"
OF_THE_REAL_BACKEND = {SALT, ENVIRONMENT, "secretsprovider", "encryptedkey"}
"""Keys of a stack file that say how secrets are kept and what Pulumi Cloud adds: the sandbox has its own."""

STAND_IN = "sandbox-stand-in"
"""What stands in the sandbox for a secret that it cannot decrypt."""


class StackFiles:
    """The Pulumi files of `project`, copied into a folder below `home`.

    Raises `SandboxError` on a file that is missing or cannot be read.
    """

    def __init__(self, project: Path, home: Path) -> None:
        self.project = project
        self._home = home
        settings = self._settings()
        self.name = scalar(settings, "name") or ""
        if not re.fullmatch(r"[\w.-]+", self.name):
            raise SandboxError(f"{project / 'Pulumi.yaml'} must give the project a `name`, such as my-project.")
        self.folder = home / "stacks" / self.name
        self._sources = project / (scalar(settings, "stackConfigDir") or ".")

    def stacks(self) -> list[str]:
        """The stacks that have a file, sorted."""
        return sorted(path.name.split(".", 1)[1][:-5] for path in self._sources.glob("Pulumi.?*.yaml"))

    def refresh(self) -> None:
        """Bring the links and `Pulumi.yaml` up to date with the project."""
        self.folder.mkdir(parents=True, exist_ok=True)
        wanted = {path.name: path for path in self.project.iterdir() if not self._is_ours(path)}
        for link in self.folder.iterdir():
            if link.is_symlink() and link.readlink() != wanted.get(link.name):
                link.unlink()
        for name, path in wanted.items():
            link = self.folder / name
            if not link.is_symlink() and not link.exists():
                link.symlink_to(path)
        settings = self._settings()
        remove(settings, {"backend", "stackConfigDir"})
        write(self.folder / "Pulumi.yaml", settings)

    def refresh_stack(self, stack: str) -> None:
        """Bring the copy of a stack's file up to date. The salt of the sandbox's secrets is in the copy alone."""
        source, copy = self._sources / f"Pulumi.{stack}.yaml", self.folder / f"Pulumi.{stack}.yaml"
        if not source.exists():
            known = ", ".join(self.stacks()) or "none (an empty file makes one)"
            raise SandboxError(f"There is no {source.name} in {self._sources}. Stacks that exist: {known}.")
        content = read(source)
        for name, value in content.value:
            empty = isinstance(value, ScalarNode) and value.value in ("", "null", "~")
            if name.value == "config" and not isinstance(value, MappingNode) and not empty:
                raise SandboxError(f"`config` in {source} must hold keys and their values.")
        if any(name.value == ENVIRONMENT for name, _ in content.value):
            say(f"{source.name} imports environments of Pulumi Cloud: the sandbox runs without their values.")
        remove(content, OF_THE_REAL_BACKEND)
        hidden: list[str] = []
        without_secrets(content, "", hidden)
        if hidden:
            say(
                f"{source.name} has values encrypted with a key that the sandbox does not have "
                f'({", ".join(hidden)}): it uses the text "{STAND_IN}" for them.'
            )
        if copy.exists() and (salt := scalar(read(copy), SALT)):
            content.value.append((text(SALT), text(salt)))
        write(copy, content)

    def _is_ours(self, path: Path) -> bool:
        copied = re.fullmatch(r"Pulumi\.(.*\.)?yaml", path.name)
        return bool(copied) or path.name == ".git" or self._home.is_relative_to(path)

    def _settings(self) -> MappingNode:
        path = self.project / "Pulumi.yaml"
        if not path.exists():
            raise SandboxError(f"There is no Pulumi.yaml in {self.project}: name the folder with --project.")
        return read(path)


# The files are edited as trees of YAML nodes, not as Python values: PyYAML reads `13:00` as a number and `on`
# as true where pulumi reads text, and a node keeps what the user wrote.


def read(path: Path) -> MappingNode:
    """The mapping that a YAML file holds; an empty one if the file is empty."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SandboxError(f"{path} is not valid YAML: {error}") from error
    if node is None:
        return MappingNode("tag:yaml.org,2002:map", [])
    if not isinstance(node, MappingNode):
        raise SandboxError(f"{path} must hold keys and their values.")
    return node


def write(path: Path, content: MappingNode) -> None:
    """Replace a file in one step."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(yaml.serialize(content, Dumper=yaml.SafeDumper, allow_unicode=True), encoding="utf-8")
    fresh.replace(path)


def text(value: str) -> ScalarNode:
    """A node that holds text."""
    return ScalarNode("tag:yaml.org,2002:str", value)


def scalar(content: MappingNode, key: str) -> str | None:
    """The value of a key as it is written, if it is a single one."""
    values = [node.value for name, node in content.value if name.value == key and isinstance(node, ScalarNode)]
    return values[0] if values else None


def remove(content: MappingNode, keys: set[str]) -> None:
    """Take keys away."""
    content.value = [(name, node) for name, node in content.value if name.value not in keys]


def without_secrets(node: Node, place: str, found: list[str]) -> Node:
    """`node` with the stand-in for each value that pulumi would decrypt; `found` gets where it was."""
    if isinstance(node, MappingNode):
        if [name.value for name, _ in node.value] == ["secure"]:
            found.append(place.removeprefix(".config."))
            return text(STAND_IN)
        node.value = [(name, without_secrets(value, f"{place}.{name.value}", found)) for name, value in node.value]
    elif isinstance(node, SequenceNode):
        node.value = [without_secrets(value, f"{place}[{at}]", found) for at, value in enumerate(node.value)]
    return node
