"""The plan of the cache's tiers: pure functions from their specification to what is deployed of them.

The tiers themselves are in the services: what is deployed are their settings, the views, and what watches them.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, cast

from penstock.data.cache.spec import CacheTiersSpec, ViewSpec, ViewsSpec
from penstock.data.postgres import tenants
from penstock.data.refs import PostgresRef
from penstock.names import MANAGED_BY, short_hash

CREATE, REFRESH = "view_create.sql", "views_refresh.sql"


def labels(name: str) -> dict[str, str]:
    """The labels of what belongs to the tiers."""
    return {"app.kubernetes.io/name": "cache", "app.kubernetes.io/instance": name, **MANAGED_BY}


def settings(spec: CacheTiersSpec) -> dict[str, Any]:
    """What services read, as one document."""
    modes = {"fast": spec.modes.fast, "balanced": spec.modes.balanced, "creative": spec.modes.creative}
    found: dict[str, Any] = {
        "l1": {"ttl_seconds": spec.local.ttl_seconds, "size_mb": spec.local.size_mb},
        "l2": {"ttl_seconds": spec.shared.ttl_seconds, "size_mib": spec.shared_mib},
        "modes": {
            mode: {"ttl_seconds": seconds, "extended_ttl_seconds": round(seconds * spec.hit_rate.extension)}
            for mode, seconds in modes.items()
        },
        "hit_rate": {
            "percent": spec.hit_rate.percent,
            "after_requests": spec.hit_rate.after_requests,
            "window_seconds": spec.hit_rate.window_seconds,
        },
        "metric": spec.metric,
    }
    if spec.views:
        views = [view.name for view in spec.views.views]
        found["l3"] = {"schema": spec.views.db_schema, "views": views, "schedule": spec.views.schedule}
    return found


def settings_map(name: str, spec: CacheTiersSpec) -> dict[str, Any]:
    """The ConfigMap of the services: the document, and each value by itself for an environment (`envFrom`)."""
    document = settings(spec)
    data: dict[str, Any] = {"cache.json": json.dumps(document, indent=2, sort_keys=True)}
    data |= {f"CACHE_{key}": text for key, text in _flat(document)}
    data |= {"CACHE_L2_HOST": spec.redis["host"], "CACHE_L2_PORT": str(round(spec.redis["port"]))}
    return {"metadata": _metadata(name, spec.namespace, name), "data": data}


def scripts_map(name: str, ref: PostgresRef) -> dict[str, Any]:
    """The ConfigMap with the SQL of the views, in the namespace of the database."""
    data = {file: script(file) for file in (CREATE, REFRESH)}
    return {"metadata": _metadata(scripts_name(name), ref["namespace"], name), "data": data}


def scripts_name(name: str) -> str:
    """The name of that ConfigMap."""
    return f"{name}-views-sql"


def script(file: str) -> str:
    """The text of a file of SQL."""
    return (files(__package__) / "data" / file).read_text(encoding="utf-8")


def views_job(name: str, ref: PostgresRef, views: ViewsSpec) -> dict[str, Any]:
    """The Job that makes the views, each in a container; named by what it runs, so that a change runs anew."""
    steps = [
        tenants.container(
            ref,
            f"view-{number}",
            tenants.psql(ref["database"], CREATE, creation(view, views)),
            environment(view, views),
        )
        for number, view in enumerate(views.views)
    ]
    run = f"{views.model_dump(exclude={'schedule'})}{script(CREATE)}{ref['name']}{ref.get('scheduling', {})}"
    digest = short_hash(run, 8)
    return {
        "metadata": _metadata(f"{name}-views-{digest}", ref["namespace"], name),
        "spec": {"backoffLimit": tenants.BACKOFF, "template": _template(name, ref, steps)},
    }


def refresh_job(name: str, ref: PostgresRef, views: ViewsSpec) -> dict[str, Any]:
    """The CronJob that refreshes them."""
    step = tenants.container(ref, "refresh", tenants.psql(ref["database"], REFRESH, {"schema": views.db_schema}))
    job = {"backoffLimit": 1, "activeDeadlineSeconds": 3600, "template": _template(name, ref, [step])}
    return {
        "metadata": _metadata(refresh_name(name), ref["namespace"], name),
        "spec": {
            "schedule": views.schedule,
            "timeZone": "Etc/UTC",
            # One that takes longer than the time between two is not run twice at once.
            "concurrencyPolicy": "Forbid",
            "jobTemplate": {"spec": job},
        },
    }


def refresh_name(name: str) -> str:
    """The name of that CronJob."""
    return f"{name}-refresh"


def creation(view: ViewSpec, views: ViewsSpec) -> dict[str, str]:
    """The variables with which a view is made."""
    return {"schema": views.db_schema, "view": view.name, "digest": short_hash(f"{view.query} {view.key}", 16)}


def environment(view: ViewSpec, views: ViewsSpec) -> dict[str, str]:
    """The environment in which a view is made."""
    key = ", ".join(f'"{column}"' for column in view.key)
    return {"QUERY": view.query.rstrip().rstrip(";"), "KEY": key, "READERS": ",".join(views.readers)}


def postgres(spec: CacheTiersSpec) -> PostgresRef:
    """The cluster of the views."""
    return cast("PostgresRef", spec.postgres)


def _template(name: str, ref: PostgresRef, steps: list[dict[str, Any]]) -> dict[str, Any]:
    pod = tenants.job_pod(ref, steps, scripts_name(name))
    return {"metadata": {"labels": tenants.job_labels(ref)}, "spec": pod}


def _metadata(called: str, namespace: Any, name: str) -> dict[str, Any]:
    return {"name": called, "namespace": namespace, "labels": labels(name)}


def _flat(document: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in document.items():
        path = f"{prefix}{key.upper()}"
        if isinstance(value, dict):
            found += _flat(value, f"{path}_")
        else:
            found.append((path, ",".join(value) if isinstance(value, list) else str(value)))
    return found
