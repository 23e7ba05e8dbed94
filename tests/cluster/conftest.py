"""A real control plane, whose state lies in the tests' own folder. Its programs are kept in the repository's .sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.cluster import Cluster

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def tools() -> Path:
    """Where built programs are kept."""
    return ROOT / ".sandbox" / "tools"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, tools: Path) -> Iterator[Cluster]:
    """A cluster that runs, without nodes, for the tests of a module."""
    made = Cluster(tmp_path_factory.mktemp("home"), tools)
    try:
        made.up()
        yield made
    finally:
        made.delete()
