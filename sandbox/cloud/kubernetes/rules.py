"""What the API server refuses beyond types: names, labels, quantities, selectors.

Sources: kubernetes.io/docs/concepts/overview/working-with-objects/names and …/labels, kubernetes.io/docs/reference/
kubernetes-api/common-definitions/quantity, kubernetes/kubernetes pkg/apis/{core,apps}/validation (v1.36).
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache

from penstock_cost.quantities import quantity
from sandbox.cloud import facts, tables
from sandbox.cloud.kubernetes.kinds import Kind, table
from sandbox.cloud.paths import EVERY, Path, find, first
from sandbox.cloud.schema import Failure
from sandbox.cloud.values import UNKNOWN, Properties, has_unknown

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)")

# Where the pods of each workload are described.
_TEMPLATES: Mapping[str, Path] = {
    "Pod": (),
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"), ("spec", "template")),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


def violations(kind: Kind, inputs: Properties) -> Iterator[Failure]:
    """Everything that the API server would refuse in an object."""
    yield from _name(kind, inputs)
    yield from _labels(inputs, ("metadata", "labels"))
    if kind.custom:
        return
    template = _TEMPLATES.get(kind.name)
    if template is not None:
        yield from _labels(inputs, (*template, "metadata", "labels"))
        yield from _labels(inputs, (*template, "spec", "nodeSelector"))
        yield from _containers(inputs, (*template, "spec"))
        pod = first(inputs, (*template, "spec"))
        for path, reason in facts.violations(_pod(), pod if isinstance(pod, dict) else {}):
            yield Failure((*template, "spec", *path), reason)
    if template == ("spec", "template") and kind.name != "Job":
        yield from _selector(kind, inputs)


@cache
def _pod() -> facts.Facts:
    """What holds in every pod."""
    file = pathlib.Path(__file__).parent / "data" / "pod.yaml"
    return facts.Facts.model_validate(tables.read(file))


def _name(kind: Kind, inputs: Properties) -> Iterator[Failure]:
    path: Path = ("metadata", "name")
    name = first(inputs, path)
    if not isinstance(name, str):
        return
    if kind.name in table("free_names"):
        if "/" in name or "%" in name:
            yield Failure(path, f'The name "{name}" may hold neither "/" nor "%".')
    elif kind.name in table("label_names"):
        if not _LABEL.fullmatch(name) or (kind.name == "Service" and name[0].isdigit()):
            yield Failure(
                path,
                f'The name "{name}" is no DNS label: at most 63 lower-case letters, digits and "-", with a letter or '
                f"digit at both ends{' and a letter first' if kind.name == 'Service' else ''}.",
            )
    elif len(name) > 253 or not _SUBDOMAIN.fullmatch(name):
        yield Failure(
            path,
            f'The name "{name}" is no DNS subdomain: at most 253 lower-case letters, digits, "-" and ".", with a '
            "letter or digit at both ends.",
        )


def _labels(inputs: Properties, at: Path) -> Iterator[Failure]:
    labels = first(inputs, at)
    if not isinstance(labels, dict):
        return
    for key, value in labels.items():
        prefix, _, name = key.rpartition("/")
        if not _QUALIFIED.fullmatch(name) or (prefix and (len(prefix) > 253 or not _SUBDOMAIN.fullmatch(prefix))):
            yield Failure((*at, key), f'The label key "{key}" is none: write "name" or "dns.prefix/name".')
        if isinstance(value, str) and value and not _QUALIFIED.fullmatch(value):
            yield Failure(
                (*at, key),
                f'The label value "{value}" is none: at most 63 letters, digits, "-", "_" and ".", with a letter or '
                "digit at both ends.",
            )


def _containers(inputs: Properties, pod: Path) -> Iterator[Failure]:
    for group in ("containers", "initContainers"):
        names: list[str] = []
        for path, container in find(inputs, (*pod, group, EVERY)):
            name = container.get("name") if isinstance(container, dict) else None
            if isinstance(name, str):
                if name in names:
                    yield Failure((*path, "name"), f'There are two containers named "{name}".')
                elif not _LABEL.fullmatch(name):
                    yield Failure((*path, "name"), f'The container name "{name}" is no DNS label.')
                names.append(name)
            yield from _resources(inputs, (*path, "resources"))


def _resources(inputs: Properties, at: Path) -> Iterator[Failure]:
    amounts: dict[tuple[str, str], Decimal] = {}
    for group in ("requests", "limits"):
        for path, text in find(inputs, (*at, group, EVERY)):
            if text is UNKNOWN:
                continue
            number = quantity(text)
            if number is None:
                yield Failure(path, f'"{text}" is no quantity: write for example "500m", "2" or "1.5Gi".')
            else:
                amounts[group, str(path[-1])] = number
    for (group, resource), number in amounts.items():
        limit = amounts.get(("limits", resource))
        if group == "requests" and limit is not None and number > limit:
            yield Failure((*at, "requests", resource), f"More {resource} is requested than the limit allows.")
        if group == "limits" and "/" in resource and amounts.get(("requests", resource), number) != number:
            yield Failure((*at, "requests", resource), f"Request and limit of {resource} must be equal.")


def _selector(kind: Kind, inputs: Properties) -> Iterator[Failure]:
    wanted = first(inputs, ("spec", "selector", "matchLabels"))
    labels = first(inputs, ("spec", "template", "metadata", "labels")) or {}
    if not isinstance(wanted, dict) or has_unknown(wanted) or labels is UNKNOWN or has_unknown(labels):
        return
    missing = {key: value for key, value in wanted.items() if labels.get(key) != value}
    if missing:
        listed = ", ".join(f"{key}={value}" for key, value in sorted(missing.items()))
        yield Failure(
            ("spec", "selector"),
            f"The {kind.name}'s selector does not match its template's labels: the template lacks {listed}.",
        )
