"""The provider that applies to a cluster: what it keeps of Helm releases, which no API server knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.cloud.package import Call
from sandbox.cloud.store import Store
from sandbox.cluster.platform import charts
from sandbox.cluster.platform.provider import LivePackage

CALL = Call("urn:pulumi:dev::p::kubernetes:helm.sh/v3:Release::keda")
RELEASE = {"name": "keda", "namespace": "kube-system", "chart": "keda", "values": {}}


def test_a_release_starts_its_chart_and_is_found_again_by_a_refresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed: list[str] = []
    monkeypatch.setattr(charts, "install", lambda _cluster, release: installed.append(release["chart"]))
    cluster: Any = None
    package = LivePackage("kubernetes", Store(tmp_path / "cloud"), cluster)
    id_, outputs = package.create(CALL, RELEASE)
    assert installed == ["keda"]
    found = package.read(CALL, id_, RELEASE, outputs)
    assert found is not None
    assert found.inputs == RELEASE
