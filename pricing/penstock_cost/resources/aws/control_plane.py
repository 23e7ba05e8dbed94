"""EKS clusters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from penstock_cost import tables
from penstock_cost.bill import Item
from penstock_cost.money import HOURS_PER_MONTH, Confidence, Estimate
from penstock_cost.resources.context import Context
from penstock_cost.resources.model import Resource
from penstock_cost.resources.registry import Found, prices
from penstock_cost.resources.values import Values, of


@prices("aws:eks/cluster:Cluster")
def cluster(resource: Resource, context: Context) -> Iterator[Found]:
    """The control plane; it costs more from the day on which its version's standard support ends.

    With the support type STANDARD EKS upgrades it then instead. A version that is not known makes the ceiling the
    dearer price.
    """
    values = of(resource)
    if values.child("computeConfig").flag("enabled"):
        yield context.hole(
            resource,
            "EKS Auto Mode starts machines by itself, and nothing bounds how many. Allow the type, or use node groups.",
            "computeConfig.enabled",
        )
    yield _control_plane(resource, values, context)


def _control_plane(resource: Resource, values: Values, context: Context) -> Item:
    region = context.region(resource)
    standard = context.rate("aws", region, "eks_control_plane")
    extended = context.rate("aws", region, "eks_control_plane_extended")
    upgrades = values.child("upgradePolicy").text("supportType", "EXTENDED") == "STANDARD"
    now, later, notes = standard, standard, []
    if values.unknown("version"):
        if not upgrades:
            later, notes = extended, ["Its version is not known yet; the ceiling is the price of an old one."]
    elif not upgrades and "version" in values:
        version, today = values.text("version"), context.options.today or date.today()
        until = _standard_until(version)
        if until is not None and until < today:
            now = later = extended
            notes.append(f"The standard support of {version} ended on {until}. Upgrade it, or it costs this.")
        elif until is not None:
            notes.append(f"From {until} on, {version} costs ${extended.usd * HOURS_PER_MONTH:,.2f} a month.")
    usd, most = now.usd * HOURS_PER_MONTH, later.usd * HOURS_PER_MONTH
    return context.line(
        resource,
        "EKS control plane" + (", extended support" if now is extended else ""),
        "control_plane",
        Estimate(usd, usd, most, most),
        {now, later},
        confidence=Confidence.HIGH if usd == most else Confidence.MEDIUM,
        region=region,
        notes=notes,
    )


def _standard_until(version: str) -> date | None:
    """The last day of a version's standard support; None for one that is newer than the table."""
    rows = tables.read("eks_versions")
    until = {row["version"]: date.fromisoformat(row["standard_support_until"]) for row in rows}
    if version in until or not _minor(version):
        return until.get(version)
    oldest = min(until, key=_minor)
    return until[oldest] if _minor(version) < _minor(oldest) else None


def _minor(version: str) -> tuple[int, ...]:
    parts = version.split(".")
    return tuple(int(part) for part in parts) if all(part.isdecimal() for part in parts) else ()
