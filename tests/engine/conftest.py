"""The real engine, and sandboxes whose state lies in the test's own folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import pytest

from sandbox import Sandbox
from sandbox.engine import find_engine

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def engine() -> Path:
    """The `pulumi` to test with. What has to be made is kept in the repository's .sandbox/engine."""
    return find_engine(ROOT / ".sandbox" / "engine")


class MakeSandbox(Protocol):
    """`sandbox(ROOT)` is a sandbox for a project that exists; `sandbox(files={...})` for one made of these files.

    With `previews`, `up` and `destroy` preview first as they do for a user; without, they are quicker.
    """

    def __call__(
        self, project: Path | None = None, *, files: Mapping[str, str] | None = None, previews: bool = False
    ) -> Sandbox: ...


@pytest.fixture
def sandbox(engine: Path, tmp_path: Path) -> MakeSandbox:
    """Makes sandboxes. All that one test makes share a cloud and a backend, in the test's folder."""

    return sandboxes_in(tmp_path, engine)


def sandboxes_in(home: Path, engine: Path) -> MakeSandbox:
    """What makes sandboxes that share a cloud and a backend in a folder, `home`."""

    def make(project: Path | None = None, *, files: Mapping[str, str] | None = None, previews: bool = False) -> Sandbox:
        folder = project or home / "project"
        write_files(folder, files or {})
        return Sandbox(folder, home=home / "sandbox", engine=engine, skip_previews=not previews)

    return make


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write texts to paths below a folder, over what is there."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
