"""Which Python runs a program, what it has installed, and how it is called."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from pulumi.runtime.proto import language_pb2 as pb

DESCRIBE = """
import json, platform, re, sys
from importlib.metadata import distributions
def plain(name): return re.sub(r"[-_.]+", "-", name).lower()
installed = {plain(d.name): d.version for d in distributions()}
wanted = [r for d in distributions() for r in d.requires or () if "extra ==" not in r]
needed = sorted({plain(re.match(r"[\\w.-]+", r)[0]) for r in wanted})
facts = {"executable": sys.executable, "version": platform.python_version()}
json.dump({**facts, "installed": installed, "needed": needed}, sys.stdout)
"""


@dataclass(frozen=True)
class Python:
    """An interpreter; `installed` maps its distributions to versions, `needed` are those that others require."""

    executable: str
    version: str
    installed: dict[str, str]
    needed: list[str]

    @classmethod
    def of(cls, info: pb.ProgramInfo) -> Python:
        """Ask the interpreter that runs a program."""
        answer = subprocess.check_output([interpreter(info), "-c", DESCRIBE], cwd=info.root_directory)
        return cls(**json.loads(answer))


def virtualenv(info: pb.ProgramInfo) -> Path | None:
    """The folder that the option `virtualenv` of the project's runtime names."""
    option = info.options.fields["virtualenv"].string_value
    return Path(info.root_directory, option) if option else None


def interpreter(info: pb.ProgramInfo) -> str:
    """The Python of the project's virtualenv where there is one, otherwise the Python that runs the sandbox."""
    folder = virtualenv(info)
    python = folder / "bin" / "python" if folder else None
    return str(python) if python and python.exists() else sys.executable


def install_commands(info: pb.ProgramInfo) -> list[list[str]]:
    """The commands that install what a project asks for into the virtualenv that it names.

    There are none where it names none: the Python that runs the sandbox is not the sandbox's to change, and every
    `pulumi package` command on a folder asks for its dependencies to be installed.
    """
    root, folder = Path(info.root_directory), virtualenv(info)
    if folder is None:
        return []
    commands = [] if folder.exists() else [[sys.executable, "-m", "venv", str(folder)]]
    python = str(folder / "bin" / "python")
    if (root / "requirements.txt").exists():
        commands.append([python, "-m", "pip", "install", "-r", "requirements.txt"])
    elif (root / "pyproject.toml").exists():
        commands.append([python, "-m", "pip", "install", "-e", "."])
    return commands


def plugin_arguments(request: pb.RunPluginRequest) -> list[str]:
    """How Python is called for a plugin: `__main__.py` of its folder, or else the package the folder builds."""
    folder = Path(request.info.program_directory)
    if request.kind == "analyzer":
        return ["-m", "pulumi.policy", *request.args, str(folder)]
    if (folder / "__main__.py").exists():
        return [str(folder), *request.args]
    package = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["name"]
    return ["-m", "pulumi.run.plugin", package, *request.args]
