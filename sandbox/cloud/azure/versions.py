"""Which Kubernetes versions AKS offers, and which step from one to another it allows."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from sandbox.cloud import tables
from sandbox.cloud.azure.arm import refusal

_FILE = Path(__file__).parent / "data" / "aks_versions.yaml"
_SEE = "Please see https://aka.ms/aks-supported-k8s-ver for version details."


@cache
def offer() -> dict[str, Any]:
    """The table in `data/`: the default minor version, and the patches of every minor version on offer."""
    table: dict[str, Any] = tables.read(_FILE)
    return table


def resolve(wanted: str | None, *, long_term: bool) -> str:
    """The full version behind `1.34`, `1.34.4` or nothing; raises `CloudError` for one that is not on offer."""
    on_offer = _patches(long_term=long_term)
    asked = wanted or offer()["default"]
    for patches in on_offer.values():
        fitting = [patch for patch in patches if patch == asked or patch.startswith(f"{asked}.")]
        if fitting:
            return str(fitting[0])
    raise refusal(
        400,
        "K8sVersionNotSupported",
        f"Managed cluster is on version {asked}, which is not supported in this region. Please use [az aks "
        "get-versions] command to get the supported version list in this region. For more information, please check "
        "https://aka.ms/supported-version-list",
    )


def step(current: str, wanted: str | None, *, long_term: bool) -> str:
    """The version after an update: a minor version that the cluster has already is no upgrade.

    Raises `CloudError` for a step back, or over a minor version.
    """
    if wanted is None or wanted == current or current.startswith(f"{wanted}."):
        return current
    target = resolve(wanted, long_term=long_term)
    if parse(target) < parse(current):
        raise _not_allowed("Downgrading", current, target, long_term)
    if parse(target)[1] > parse(current)[1] + 1:
        raise _not_allowed("Upgrading", current, target, long_term)
    return target


def check_pool(pool: str, cluster: str) -> None:
    """A pool's version against its control plane's; raises `CloudError` when they do not go together."""
    mine, theirs = parse(pool), parse(cluster)
    both = f"Node pool version {pool} and control plane version {cluster} are incompatible."
    if mine > theirs:
        what = f"Minor version of node pool version {mine[1]} is bigger than control plane version {theirs[1]}."
        raise _incompatible(f"{both} {what}")
    if theirs[1] - mine[1] > _OLDEST:
        what = f"Minor version of node pool is {mine[1]} and control plane is {theirs[1]}."
        raise _incompatible(
            f"{both} Minor version of node pool cannot be more than {_OLDEST} versions less than control plane's "
            f"version. {what}"
        )


# The API's own description of orchestratorVersion: a pool is at most two minor versions behind its control plane.
_OLDEST = 2


def _incompatible(message: str) -> Exception:
    see = "For more information, please check https://aka.ms/version-skew-policy"
    return refusal(400, "NodePoolMcVersionIncompatible", f"{message} {see}")


def _not_allowed(what: str, current: str, target: str, long_term: bool) -> Exception:
    upgrades = [
        patch
        for patches in _patches(long_term=long_term).values()
        for patch in patches
        if parse(current) < parse(patch) and parse(patch)[1] <= parse(current)[1] + 1
    ]
    allowed = f"Available upgrades: [{' '.join(upgrades)}]. {_SEE}"
    return refusal(
        400, "OperationNotAllowed", f"{what} Kubernetes version {current} to {target} is not allowed. {allowed}"
    )


def parse(version: str) -> tuple[int, ...]:
    """`1.34.7` as numbers, so that versions can be compared."""
    return tuple(int(part) for part in version.split("."))


def _patches(*, long_term: bool) -> dict[str, list[str]]:
    table = offer()
    return {**table["generally_available"], **(table["long_term"] if long_term else {})}
