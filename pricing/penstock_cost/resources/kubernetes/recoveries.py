"""Clusters of PostgreSQL that a CronJob makes for a while, to try out that backups can be recovered from.

They are no resources of the program: their manifest is JSON in a ConfigMap that the job's pods mount.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from penstock_cost.money import HOURS_PER_MONTH, Confidence, Estimate
from penstock_cost.resources.context import Context
from penstock_cost.resources.kubernetes.cloud_native_pg import CLUSTER, disks_of
from penstock_cost.resources.kubernetes.cron import times_a_month
from penstock_cost.resources.model import UNKNOWN, UNKNOWN_TEXT, Resource, Stack
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.values import Unpriced, Values, of

_CONFIG_MAP, _API = "kubernetes:core:ConfigMap", "postgresql.cnpg.io/"
_FILE = "cluster.json"
"""How penstock calls the manifest: what it is, is known even where its text is not."""
_STAYS = "A run that fails leaves what it made until the next one, so the ceiling is that of a whole month."


@prices("kubernetes:batch:CronJob")
def cron_job(resource: Resource, context: Context) -> Iterator[Found]:
    """The volumes of the Cluster that each run makes. Other CronJobs are free.

    Floor: none, as where a job is suspended. Expected: for as long as a run may take. Ceiling: all month, since nobody
    but the run itself deletes what it made.
    """
    for manifest in made_by(resource, context.stack):
        spec = of(resource).child("spec")
        if spec.flag("suspend"):
            return
        schedule = spec.text("schedule")
        runs = times_a_month(schedule)
        if runs is None:
            raise Unpriced(
                f"'{schedule}' is no schedule that can be read here. Write five fields, such as '0 4 * * 0'.",
                spec.at("schedule"),
            )
        limit = spec.child("jobTemplate").child("spec").number("activeDeadlineSeconds", None)
        hours = HOURS_PER_MONTH if limit is None else min(runs * limit / 3600, HOURS_PER_MONTH)
        basis = "all month: no activeDeadlineSeconds ends its runs"
        if limit is not None:
            basis = f"{runs:.3g} runs a month of at most {limit / 3600:.3g} hours"
        instances = manifest.whole("instances", 1)
        for made, region in disks_of(manifest, resource, context):
            usd = instances * made.usd
            each = f" for each of {instances} instances" if instances > 1 else ""
            yield context.line(
                resource,
                f"{made.what}{each} of the PostgreSQL cluster that a run makes",
                "disks",
                Estimate(0.0, usd * hours / HOURS_PER_MONTH, usd, usd),
                made.rates,
                basis=basis,
                confidence=Confidence.MEDIUM,
                region=region,
                notes=(_STAYS,),
            )


def made_by(resource: Resource, stack: Stack) -> Iterator[Values]:
    """The `spec` of each Cluster whose manifest the pods of a CronJob mount. What cannot be read is none."""
    manifests = _manifests(stack)
    if not manifests:
        return
    try:
        pod = of(resource).child("spec").child("jobTemplate").child("spec").child("template").child("spec")
        mounted = [volume.child("configMap").data.get("name") for volume in pod.children("volumes")]
    except Unpriced:
        return
    space = _space(resource)
    for name in mounted:
        for config_map in manifests.get((space, name), ()) if isinstance(name, str) else ():
            yield from _specs(config_map, resource, stack)


def _specs(config_map: Resource, job: Resource, stack: Stack) -> Iterator[Values]:
    data: Any = config_map.properties["data"]
    for file, text in data.items():
        if (manifest := _manifest(text)) is not None:
            spec = manifest.get("spec")
            yield Values(spec if isinstance(spec, Mapping) else {}, f"data.{file}.spec")
        elif file == _FILE and _unknown(text):
            yield _sibling(job, stack)


def _sibling(job: Resource, stack: Stack) -> Values:
    """One instance of the Cluster beside the job: what is recovered, where what is made is not known yet."""
    beside = [one for one in stack.by_type.get(CLUSTER, ()) if one.parent == job.parent]
    spec = beside[0].properties.get("spec") if len(beside) == 1 else None
    return Values({**spec, "instances": 1} if isinstance(spec, Mapping) else {"storage": UNKNOWN}, f"data.{_FILE}.spec")


def _manifests(stack: Stack) -> dict[tuple[str, str], list[Resource]]:
    """The ConfigMaps with a manifest of a Cluster, by namespace and name."""
    known: dict[tuple[str, str], list[Resource]] | None = stack.notes.get("recoveries")
    if known is None:
        known = stack.notes["recoveries"] = {}
        for one in stack.by_type.get(_CONFIG_MAP, ()):
            data: Any = one.properties.get("data")
            texts = data.items() if isinstance(data, Mapping) else ()
            if any(_manifest(text) is not None or (file == _FILE and _unknown(text)) for file, text in texts):
                known.setdefault((_space(one), _name(one)), []).append(one)
    return known


def _manifest(text: Any) -> Mapping[str, Any] | None:
    if not isinstance(text, str) or _API not in text:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    right = isinstance(found, Mapping) and str(found.get("apiVersion")).startswith(_API)
    return found if right and found.get("kind") == "Cluster" else None


def _unknown(value: Any) -> bool:
    return value is UNKNOWN or (isinstance(value, str) and value == UNKNOWN_TEXT)


def _space(resource: Resource) -> str:
    """The namespace; empty for one that is not known yet, or the provider's own."""
    return _of_metadata(resource, "namespace") or ""


def _name(resource: Resource) -> str:
    return _of_metadata(resource, "name") or resource.name


def _of_metadata(resource: Resource, key: str) -> str | None:
    metadata = resource.properties.get("metadata")
    value = metadata.get(key) if isinstance(metadata, Mapping) else None
    return value if isinstance(value, str) and value != UNKNOWN_TEXT else None
