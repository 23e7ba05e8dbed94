"""The stores of the platform in the settings: Redis, Qdrant and Postgres clusters by name, and the caches in front."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from penstock.autoscaling.pods.target import service_name_problems
from penstock.data.cache.spec import CacheTiersSpec
from penstock.data.postgres.operator_spec import PostgresOperatorSpec
from penstock.data.postgres.spec import PostgresSpec
from penstock.data.qdrant.spec import LONGEST_NAME as LONGEST_QDRANT
from penstock.data.qdrant.spec import QdrantSpec
from penstock.data.redis.spec import LONGEST_NAME as LONGEST_REDIS
from penstock.data.redis.spec import RedisClusterSpec
from penstock.names import name_problems
from penstock.problems import InvalidSpec, Problem
from penstock.refs import PoolRef
from penstock.spec import Spec, check
from placed import Placed
from services import NAMESPACE as SERVICES

NAMESPACE = "data"
"""Where they run."""
KINDS: Mapping[str, type[Spec]] = {
    "redis": RedisClusterSpec,
    "qdrant": QdrantSpec,
    "postgres": PostgresSpec,
}
"""The setting of each kind of store, and what its component may be asked."""
_NAMES: Mapping[str, Callable[[str], Iterator[Problem]]] = {
    "redis": partial(service_name_problems, longest=LONGEST_REDIS),
    "qdrant": partial(service_name_problems, longest=LONGEST_QDRANT),
    "postgres": partial(name_problems, kind="Postgres cluster"),
}
"""What is wrong with a name, as the component of each kind says it."""
_PARTS: Mapping[str, str] = {
    "redis": "nodes|administration",
    "qdrant": "headless|admin",
    "postgres": "servers|poolers|joining|jobs|pooler-r[ow]|pgpool|drill|rw|ro|r|primary",
}
"""What each kind, or its operator, adds to its name for Services, policies and the like: expressions that match it."""
_MAPS: Mapping[str, str] = {"redis": "config", "qdrant": "admin|collections|tenant-.+", "postgres": "sql"}
"""The same of ConfigMaps. Only a Qdrant has one of its very name."""


class StoreSettings(Placed):
    """A store: `pools` by their names, and all else as its component takes it."""

    def problems(self, kind: str, name: str, pools: Mapping[str, PoolRef]) -> Iterator[Problem]:
        """What is wrong with it on these pools."""
        yield from _NAMES[kind](name)
        misplaced = list(self.misplaced(NAMESPACE, pools))
        yield from misplaced
        if not misplaced:
            try:
                check(KINDS[kind], self.inputs(NAMESPACE, pools))
            except InvalidSpec as error:
                yield from error.problems


Stores = Mapping[str, Mapping[str, StoreSettings]]
"""By kind, by name."""
Asked = Mapping[str, Mapping[str, Any]]
"""The same as it is written, which may be wrong."""


def store_problems(asked: Asked, pools: Mapping[str, PoolRef]) -> Iterator[Problem]:
    """What is wrong with the stores, each by itself and beside the others."""
    owners: dict[str, str] = {}
    stores: dict[str, dict[str, StoreSettings]] = {kind: {} for kind in asked}
    for kind, named in asked.items():
        for name, each in named.items():
            try:
                stores[kind][name] = check(StoreSettings, each)
            except InvalidSpec as error:
                yield from (problem.below(f"{kind}.{name}") for problem in error.problems)
            else:
                found = stores[kind][name].problems(kind, name, pools)
                yield from (problem.below(f"{kind}.{name}") for problem in found)
            if name in owners:
                yield Problem(
                    f"{kind}.{name}", f"The {owners[name]} store in the same namespace has this name. Choose another."
                )
            owners.setdefault(name, kind)
    yield from _parts_problems(owners)
    if stores["postgres"]:
        try:
            check(PostgresOperatorSpec, operator_inputs(stores, pools))
        except InvalidSpec as error:
            yield from (Problem("postgres", problem.reason) for problem in error.problems)


def _parts_problems(owners: Mapping[str, str]) -> Iterator[Problem]:
    """Stores that have the name of a part of another; `owners` are the kinds by the names."""
    for name, kind in owners.items():
        for whole, other in owners.items():
            parts = f"{_PARTS[other]}|{_MAPS[other]}" if kind == "qdrant" else _PARTS[other]
            if re.fullmatch(f"{re.escape(whole)}-({parts})", name):
                yield Problem(
                    f"{kind}.{name}", f"A part of the {other} store '{whole}' has this name. Choose another for one."
                )


def operator_inputs(stores: Stores, pools: Mapping[str, PoolRef]) -> dict[str, Any]:
    """What `PostgresOperator` takes: it makes backups possible where a cluster has them."""
    return {
        "pools": [*pools.values()],
        "backups": any(store.rest.get("backups") is not None for store in stores["postgres"].values()),
    }


def cache_problems(cache: Mapping[str, Any], stores: Asked, pools: Mapping[str, PoolRef]) -> Iterator[Problem]:
    """What is wrong with the tiers of the cache, which name the Redis and the Postgres that they use."""
    if "namespace" in cache:
        yield Problem("namespace", f"Services read it, in '{SERVICES}'. Drop this.")
    named = {kind: cache[kind] for kind in ("redis", "postgres") if kind in cache}
    missing = [kind for kind, name in named.items() if not (isinstance(name, str) and name in stores[kind])]
    for kind in missing:
        known = ", ".join(stores[kind]) or "none"
        yield Problem(kind, f"There is no {kind} store {cache[kind]!r}. There are: {known}.")
    offered: dict[str, Any] = {"namespace": SERVICES}
    if "redis" in cache:
        offered["redis"] = _ROOMY
        if "redis" not in missing:
            with suppress(InvalidSpec, KeyError):  # The store's own rule tells.
                offered["redis"] = _redis(cache["redis"], stores["redis"][cache["redis"]], pools)
    if "postgres" in cache:
        offered["postgres"] = dict.fromkeys(("direct_host", "admin_secret", "database"), "")
    try:
        check(CacheTiersSpec, {**cache, **offered})
    except InvalidSpec as error:
        yield from error.problems


def monitor_problems(cache: Any, stores: Asked) -> Iterator[Problem]:
    """What asks for a monitor, where nothing knows what that is."""
    parts = {f"{kind}.{name}": asked for kind, named in stores.items() for name, asked in named.items()}
    for path, asked in {**parts, "cache": cache}.items():
        if isinstance(asked, Mapping) and asked.get("monitoring") is True:
            yield Problem(f"{path}.monitoring", "There is no Prometheus. Write metrics: {}, in full, or drop this.")


_ROOMY: Mapping[str, Any] = {"name": "", "host": "", "port": 0, "use": "cache", "memory_mib": 2**40}
"""In the place of a Redis that nobody knows: everything fits there, so that all else is told."""


def _redis(name: str, asked: Any, pools: Mapping[str, PoolRef]) -> dict[str, Any]:
    """What matters to the cache of what a Redis will offer."""
    spec = check(RedisClusterSpec, check(StoreSettings, asked).inputs(NAMESPACE, pools))
    return {
        "name": name,
        "host": "",
        "port": 0,
        "use": spec.use.value,
        "memory_mib": spec.maxmemory_mib * spec.primaries,
    }
