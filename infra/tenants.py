"""The tenants of the platform in the settings: pools and stores by their names, all else as `Tenant` takes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from penstock.problems import Problem
from penstock.refs import PoolRef
from penstock.tenancy.check import STORES, check_tenants
from stores import Asked


def tenant_problems(
    tenants: Mapping[str, Any], overcommit: float, pools: Mapping[str, PoolRef], stores: Asked
) -> Iterator[Problem]:
    """What is wrong with the tenants, each by itself and all together."""
    for name, tenant in tenants.items():
        if isinstance(tenant, Mapping) and "cluster_pools" in tenant:
            yield Problem(f"tenants.{name}.cluster_pools", "That is the platform's own. Drop this.")
        for kind in STORES:
            asked = tenant.get(kind) if isinstance(tenant, Mapping) else None
            if asked is not None and not (isinstance(asked, str) and asked in stores[kind]):
                known = ", ".join(stores[kind])
                there = f"They are: {known}" if known else f"Write it under {kind}, or drop this"
                yield Problem(f"tenants.{name}.{kind}", f"There is no {kind} store {asked!r}. {there}.")
    yield from check_tenants(tenants, pools, overcommit=overcommit)


def tenant_inputs(
    tenant: Mapping[str, Any], pools: Mapping[str, PoolRef], stores: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """The inputs of its `Tenant`, given the refs of pools and stores by their names."""
    placed = {**tenant, "pools": [pools[name] for name in tenant["pools"]], "cluster_pools": [*pools.values()]}
    stated = {key: value for key, value in placed.items() if value is not None}
    return {key: stores[key][value] if key in STORES else value for key, value in stated.items()}
