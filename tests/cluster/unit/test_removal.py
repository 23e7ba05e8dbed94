"""Removing what was made for an add-on: also what waits for a controller that has ended already."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.cluster import objects
from sandbox.cluster.objects import remove_all
from tests.cluster.unit.pretend_api import PretendApi


class StubbornApi(PretendApi):
    """Lets go of what has finalizers only when they are taken away."""

    def delete(self, path: str, _propagation: str = "") -> None:
        if not self.objects[path]["metadata"].get("finalizers"):
            del self.objects[path]

    def request(self, method: str, path: str, body: Any = None, _type: str = "") -> Any:
        assert (method, body) == ("PATCH", {"metadata": {"finalizers": None}})
        return self.objects.pop(path)


def thing(kind: str, name: str, **meta: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, **meta}}


def test_what_waits_for_a_controller_that_is_gone_is_let_go_and_namespaces_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(objects, "_SECONDS", 0.05)
    api: Any = StubbornApi()
    plain, held = thing("ConfigMap", "plain"), thing("ConfigMap", "held", finalizers=["example.com/cleanup"])
    for each in (plain, held):
        api.put(api.path(each), each)
    remove_all(api, [thing("Namespace", "theirs"), plain, held])
    assert api.objects == {}
