"""The annotation by which a program says what an object is to be waited for."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.cluster.platform.ready import waits_for
from sandbox.cluster.platform.wanted import WAIT_FOR
from sandbox.errors import SandboxError

API: Any = None
STATUS = {"readyInstances": 2, "phase": "Setting up", "conditions": [{"type": "Ready", "status": "False"}]}


def cluster(wait_for: str | None, status: dict[str, Any], generation: int = 1) -> dict[str, Any]:
    annotations = {WAIT_FOR: wait_for} if wait_for else {}
    meta = {"name": "db", "namespace": "data", "annotations": annotations, "generation": generation}
    return {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": meta, "status": status}


def test_a_custom_resource_is_not_waited_for_unless_it_says_so() -> None:
    assert waits_for(API, cluster(None, STATUS)) is None


@pytest.mark.parametrize(
    ("expression", "missing"),
    [
        ("condition=Ready", "Cluster data/db: its condition Ready is False (wanted: True)."),
        ("condition=ready=false", None),
        ("condition=Archiving", "Cluster data/db: it has no present condition Archiving."),
        ("jsonpath={.status.readyInstances}=3", "Cluster data/db: {.status.readyInstances} is 2 (wanted: 3)."),
        ("jsonpath={.status.readyInstances}=2", None),
        (
            "jsonpath={.status.currentPrimary}",
            "Cluster data/db: {.status.currentPrimary} is nothing (wanted: anything).",
        ),
        ("jsonpath={$.status.phase}", None),
        ("jsonpath={.status.conditions[0]['type']}=Ready", None),
        (
            '["jsonpath={.status.phase}", "condition=Archiving"]',
            "Cluster data/db: it has no present condition Archiving.",
        ),
    ],
)
def test_what_is_wanted_of_it_is_waited_for(expression: str, missing: str | None) -> None:
    assert waits_for(API, cluster(expression, STATUS)) == missing


def test_what_was_seen_of_an_earlier_generation_does_not_count() -> None:
    status = {**STATUS, "observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True"}]}
    assert waits_for(API, cluster("condition=Ready", status, generation=2)) is not None
    assert waits_for(API, cluster("condition=Ready", status)) is None
    assert waits_for(API, cluster("jsonpath={.status.phase}", status, generation=2)) is not None


@pytest.mark.parametrize(
    "expression", ["Ready", "jsonpath=.status.phase", "jsonpath={.status.conditions[?(@.type=='Ready')].status}=True"]
)
def test_an_expression_that_is_not_understood_is_refused_rather_than_passed_over(expression: str) -> None:
    with pytest.raises(SandboxError, match=WAIT_FOR):
        waits_for(API, cluster(expression, STATUS))
