"""Helm releases, which are recorded: the chart is not rendered, no object of it exists.

Source: pulumi/pulumi-kubernetes provider/pkg/provider/helm_release.go@94977969d64112b04e19945818a7d5d5f38f631d.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from sandbox.cloud.facts import violations
from sandbox.cloud.kubernetes.sort import Sort
from sandbox.cloud.naming import Autonaming
from sandbox.cloud.schema import Failure
from sandbox.cloud.values import UNKNOWN, Properties

RELEASE: Final = "kubernetes:helm.sh/v3:Release"


class Release(Sort):
    """A release of a chart."""

    name = ("name",)
    namespace = ("namespace",)

    def fill(self, program_name: str, namespace: str, old: Properties, inputs: Properties, naming: Autonaming) -> None:
        previous = old.get("name")
        made_up = isinstance(previous, str) and re.fullmatch(f"{re.escape(program_name)}-[0-9a-f]{{8}}", previous)
        inputs.setdefault("name", previous if made_up else naming.name(program_name, digits=8))
        inputs.setdefault("namespace", namespace)

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        yield from violations(self.facts, inputs)

    def foreseen(self, inputs: Properties, prior: Properties | None) -> Properties:
        return {**inputs, "status": UNKNOWN, "resourceNames": UNKNOWN}

    def created(self, inputs: Properties) -> Properties:
        return _deployed(inputs, revision=1)

    def updated(self, inputs: Properties, prior: Properties) -> Properties:
        return _deployed(inputs, revision=int(prior["status"]["revision"]) + 1)


def _deployed(inputs: Properties, revision: int) -> Properties:
    told = {name: inputs.get(name) for name in ("name", "namespace", "chart", "version")}
    return {**inputs, "status": {**told, "revision": revision, "status": "deployed"}, "resourceNames": {}}
