"""How fast replicas may change: what may be asked, and how autoscaling/v2 spells it.

Bounds and defaults: kubernetes/api autoscaling/v2/types.go and kubernetes/kubernetes
pkg/apis/autoscaling/validation/validation.go@v1.36.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from penstock.autoscaling.pods.args import SelectPolicy
from penstock.problems import Problem
from penstock.spec import Spec, WholeNumber, rule


class PolicySpec(Spec):
    percent: WholeNumber | None = Field(default=None, ge=1)
    pods: WholeNumber | None = Field(default=None, ge=1)
    period_seconds: WholeNumber = Field(ge=1, le=1800, description="the time in which it counts, 1 to 1800 seconds")

    @rule
    def percent_or_pods(self) -> Iterator[Problem]:
        if (self.percent is None) == (self.pods is None):
            yield Problem("", "A policy is either of percent or of pods. Write one of the two.")

    @property
    def manifest(self) -> dict[str, Any]:
        kind, value = ("Pods", self.pods) if self.percent is None else ("Percent", self.percent)
        return {"type": kind, "value": value, "periodSeconds": self.period_seconds}


class RulesSpec(Spec):
    stabilization_seconds: WholeNumber | None = Field(default=None, ge=0, le=3600)
    policies: list[PolicySpec] | None = Field(default=None, min_length=1)
    select: SelectPolicy = SelectPolicy.MAX
    tolerance_percent: float | None = Field(default=None, ge=0, le=100)

    @property
    def manifest(self) -> dict[str, Any]:
        rules: dict[str, Any] = {"selectPolicy": self.select.value}
        if self.stabilization_seconds is not None:
            rules["stabilizationWindowSeconds"] = self.stabilization_seconds
        if self.policies is not None:
            rules["policies"] = [policy.manifest for policy in self.policies]
        if self.tolerance_percent is not None:
            rules["tolerance"] = f"{round(self.tolerance_percent * 10)}m"
        return rules


class BehaviorSpec(Spec):
    """See `Behavior` for what each field means."""

    scale_up: RulesSpec | None = None
    scale_down: RulesSpec | None = None

    @property
    def manifest(self) -> dict[str, Any]:
        """In Kubernetes' spelling; empty where nothing is said."""
        given = {"scaleUp": self.scale_up, "scaleDown": self.scale_down}
        return {direction: rules.manifest for direction, rules in given.items() if rules}
