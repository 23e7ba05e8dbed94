"""The stores of the platform in the settings: Redis, Qdrant and Postgres clusters by name, and the caches in front."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from penstock.autoscaling.pods.target import service_name_problems
from penstock.data.cache.spec import CacheTiersSpec
from penstock.data.postgres.operator_spec import PostgresOperatorSpec
from penstock.data.postgres.spec import PostgresSpec
from penstock.data.qdrant.spec import QdrantSpec
from penstock.data.redis.spec import RedisClusterSpec
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


class StoreSettings(Placed):
    """A store: `pools` by their names, and all else as its component takes it."""

    def problems(self, kind: str, name: str, pools: Mapping[str, PoolRef]) -> Iterator[Problem]:
        """What is wrong with it on these pools."""
        yield from service_name_problems(name)
        misplaced = list(self.misplaced(NAMESPACE, pools))
        yield from misplaced
        if not misplaced:
            try:
                check(KINDS[kind], self.inputs(NAMESPACE, pools))
            except InvalidSpec as error:
                yield from error.problems


Stores = Mapping[str, Mapping[str, StoreSettings]]
"""By kind, by name."""


def store_problems(stores: Stores, pools: Mapping[str, PoolRef]) -> Iterator[Problem]:
    """What is wrong with the stores, each by itself and beside the others."""
    owners: dict[str, str] = {}
    if stores["postgres"]:
        try:
            check(PostgresOperatorSpec, operator_inputs(stores, pools))
        except InvalidSpec as error:
            yield from (Problem("postgres", problem.reason) for problem in error.problems)
    for kind, named in stores.items():
        for name, store in named.items():
            yield from (problem.below(f"{kind}.{name}") for problem in store.problems(kind, name, pools))
            if name in owners:
                yield Problem(
                    f"{kind}.{name}", f"The {owners[name]} store in the same namespace has this name. Choose another."
                )
            owners.setdefault(name, kind)


def operator_inputs(stores: Stores, pools: Mapping[str, PoolRef]) -> dict[str, Any]:
    """What `PostgresOperator` takes: it makes backups possible where a cluster has them."""
    return {
        "pools": [*pools.values()],
        "backups": any("backups" in store.rest for store in stores["postgres"].values()),
    }


def cache_problems(cache: Mapping[str, Any], stores: Stores, pools: Mapping[str, PoolRef]) -> Iterator[Problem]:
    """What is wrong with the tiers of the cache, which name the Redis and the Postgres that they use."""
    if "namespace" in cache:
        yield Problem("namespace", f"Services read it, in '{SERVICES}'. Drop this.")
    named = {kind: cache[kind] for kind in ("redis", "postgres") if kind in cache}
    missing = [kind for kind, name in named.items() if not (isinstance(name, str) and name in stores[kind])]
    for kind in missing:
        known = ", ".join(stores[kind]) or "none"
        yield Problem(kind, f"There is no {kind} store {cache[kind]!r}. There are: {known}.")
    if missing:
        return
    try:
        offered: dict[str, Any] = {"namespace": SERVICES}
        if "redis" in cache:
            offered["redis"] = _redis(cache["redis"], stores["redis"][cache["redis"]], pools)
        if "postgres" in cache:
            offered["postgres"] = dict.fromkeys(("direct_host", "admin_secret", "database"), "")
    except (InvalidSpec, KeyError):
        return  # The store's own rule tells.
    try:
        check(CacheTiersSpec, {**cache, **offered})
    except InvalidSpec as error:
        yield from error.problems


def _redis(name: str, store: StoreSettings, pools: Mapping[str, PoolRef]) -> dict[str, Any]:
    """What matters to the cache of what a Redis will offer."""
    spec = check(RedisClusterSpec, store.inputs(NAMESPACE, pools))
    return {"name": name, "host": "", "use": spec.use.value, "memory_mib": spec.maxmemory_mib * spec.primaries}
