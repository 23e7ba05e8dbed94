"""Tenants of a cluster together: names that collide, pools that are not there, and promises that it cannot keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from penstock.problems import InvalidSpec, Problem
from penstock.refs import PoolRef
from penstock.spec import check
from penstock.tenancy.quota_spec import RoomyPool, asked, names, room, shown
from penstock.tenancy.spec import REFS, TenantSpec, namespace_of, tenant_problems

STORES = tuple(REFS)
"""The stores that a tenant may use."""


def check_tenants(
    tenants: Mapping[str, Mapping[str, Any]],
    pools: Mapping[str, PoolRef],
    *,
    overcommit: float = 1.0,
    path: str = "tenants",
) -> Iterator[Problem]:
    """What is wrong with the tenants of a cluster, by their names, each as `Tenant` takes it but for its `pools`, which
    are names here, and the stores, of which only matters whether they are there.

    `pools` are all of the cluster. What is promised to all (`quota`) may be `overcommit` times what the pools hold at
    their largest; by default every tenant could have all of its quota at the same time.
    """
    found: dict[str, TenantSpec] = {}
    for name, given in tenants.items():
        where = f"{path}.{name}"
        if not isinstance(given, Mapping):
            yield Problem(where, f"Write a map of settings, not {given!r}.")
            continue
        unknown = list(_unknown_pools(where, given.get("pools"), pools))
        yield from unknown
        yield from (problem.below(where) for problem in tenant_problems(name, given))
        try:
            spec = check(TenantSpec, _as_component(given, pools))
        except InvalidSpec as error:
            # A pool that is not there is told once, not also as a list that is too short.
            told = [each for each in error.problems if not (unknown and each.path.startswith("pools"))]
            yield from (problem.below(where) for problem in told)
        else:
            if not unknown:
                found[name] = spec
    yield from _one_of_a_kind(path, tenants)
    yield from _promises(path, found, overcommit)


def _unknown_pools(where: str, named: Any, pools: Mapping[str, PoolRef]) -> Iterator[Problem]:
    for index, name in enumerate(named if isinstance(named, list) else []):
        if not isinstance(name, str) or name not in pools:
            known = ", ".join(pools)
            yield Problem(f"{where}.pools[{index}]", f"'{name}' is none of the cluster's pools: {known}.")


def _as_component(given: Mapping[str, Any], pools: Mapping[str, PoolRef]) -> dict[str, Any]:
    asked_of: dict[str, Any] = dict(given)
    if isinstance(named := given.get("pools"), list):
        asked_of["pools"] = [pools[name] for name in named if isinstance(name, str) and name in pools]
    for store in STORES:
        if store in given and not isinstance(given[store], Mapping):
            asked_of[store] = dict.fromkeys(REFS[store].__required_keys__, "") if given[store] else None
    return asked_of


def _one_of_a_kind(path: str, tenants: Mapping[str, Any]) -> Iterator[Problem]:
    """Two that would be one to Kubernetes, DNS or a store, which know no capitals."""
    owners: dict[str, str] = {}
    spaces: dict[str, str] = {}
    for name, given in tenants.items():
        plain = str(name).strip().lower().replace("_", "-")
        if plain in owners:
            yield Problem(
                f"{path}.{name}",
                f"'{name}' and '{owners[plain]}' are the same name but for capitals and '_'. "
                "Choose another for one of them.",
            )
            continue
        owners[plain] = str(name)
        space = namespace_of(plain, given) if isinstance(given, Mapping) else None
        if isinstance(space, str) and space in spaces:
            yield Problem(
                f"{path}.{name}.namespace", f"'{space}' is the namespace of '{spaces[space]}' already. Write another."
            )
        elif isinstance(space, str):
            spaces[space] = str(name)


def _promises(path: str, tenants: Mapping[str, TenantSpec], overcommit: float) -> Iterator[Problem]:
    """Quotas that cannot all be had. Tenants that may use the same pools compete; so each set of pools that some
    tenant has must hold what is promised to all who have no other."""
    groups: dict[frozenset[str], list[RoomyPool]] = {}
    for spec in tenants.values():
        groups.setdefault(frozenset(pool.name for pool in spec.pools), spec.pools)
    every = {pool.name: pool for spec in tenants.values() for pool in spec.pools}
    groups.setdefault(frozenset(every), [*every.values()])
    for among, pools in sorted(groups.items(), key=lambda group: (len(group[0]), sorted(group[0]))):
        within = [spec for spec in tenants.values() if among.issuperset(pool.name for pool in spec.pools)]
        short = list(_short(within, pools, overcommit))
        yield from (Problem(path, reason) for reason in short)
        if short:
            return  # A larger set is short for the same reason.


def _short(specs: Sequence[TenantSpec], pools: Sequence[RoomyPool], overcommit: float) -> Iterator[str]:
    if len(specs) < 2:
        return  # One by itself has been told by its own path.
    promised: dict[str, Decimal] = {}
    for spec in specs:
        for resource, value in asked(spec.quota, spec.accelerators).items():
            promised[resource] = promised.get(resource, Decimal(0)) + value
    held = room(pools)
    for resource, total in promised.items():
        most = held.get(resource, Decimal(0)) * Decimal(str(overcommit))
        if total > most:
            yield (
                f"{len(specs)} tenants are promised {shown(resource, total)} {resource} on the pools {names(pools)}, "
                f"which hold at most {shown(resource, held.get(resource, Decimal(0)))}. Promise less, raise max_nodes, "
                f"or say in tenant_overcommit how often the same room may be promised (now {overcommit:g})."
            )
