"""What a disk costs a month."""

from __future__ import annotations

from penstock_cost import tables
from penstock_cost.money import HOURS_PER_MONTH, Confidence, Rate, UnknownPrice, least
from penstock_cost.resources.context import Context
from penstock_cost.resources.found import Disk
from penstock_cost.resources.values import Unpriced

# What gp3 includes, per volume: https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
_GP3_IOPS, _GP3_MIB_A_SECOND = 3000, 125
_EBS = {"gp3", "gp2", "io1", "io2", "st1", "sc1"}
_GCP = {
    "pd-standard": "pd_standard",
    "pd-balanced": "pd_balanced",
    "pd-ssd": "pd_ssd",
    "pd-extreme": "pd_extreme",
    "hyperdisk-balanced": "hyperdisk_balanced",
    "hyperdisk-extreme": "hyperdisk_extreme",
    "hyperdisk-throughput": "hyperdisk_throughput",
    "hyperdisk-ml": "hyperdisk_ml",
}
# Disks that are kept in three zones, and what they are within one.
_AZURE_ZONAL = {"Premium_ZRS": "Premium_LRS", "StandardSSD_ZRS": "StandardSSD_LRS"}
# P70 in North Europe: 2,279.532663 in zones, 1,519.677198 within one.
# https://techcommunity.microsoft.com/discussions/azuretools/ratecard-api---disk-meters/2273213
_ZONES_FACTOR = 1.5
LOCAL_SSD_GIB = 375
"""Size of a local SSD of Google Cloud."""


def disk(
    context: Context,
    cloud: str,
    region: str,
    kind: str,
    gib: float,
    iops: float = 0,
    mib_a_second: float = 0,
    path: str = "",
) -> Disk:
    """A disk of the cloud's own type name. Raises Unpriced and UnknownPrice.

    `iops` and `mib_a_second` are what it is given; 0 stands for what is included.
    """
    if cloud == "aws":
        return _ebs(context, region, kind, gib, iops, mib_a_second, path)
    if cloud == "gcp":
        return _gcp(context, region, kind, gib, iops, path)
    return _azure(context, region, kind, gib, path)


def _ebs(context: Context, region: str, kind: str, gib: float, iops: float, mib_a_second: float, path: str) -> Disk:
    if kind not in _EBS:
        raise Unpriced(f"No price of EBS volumes of type '{kind}' is known. Write {', '.join(sorted(_EBS))}.", path)
    parts = [(gib, f"ebs_{kind}")]
    if kind == "gp3":
        parts += [(iops - _GP3_IOPS, "ebs_gp3_iops"), (mib_a_second - _GP3_MIB_A_SECOND, "ebs_gp3_throughput")]
    elif kind in ("io1", "io2"):
        if not iops:
            raise Unpriced(f"An {kind} volume has no default of iops. Write them.", path)
        parts += [(iops, f"ebs_{kind}_iops")]
    return _sum(context, "aws", region, f"{kind} {gib:g} GiB", parts)


def _gcp(context: Context, region: str, kind: str, gib: float, iops: float, path: str) -> Disk:
    if kind not in _GCP:
        raise Unpriced(f"No price of disks of type '{kind}' is known. Write {', '.join(sorted(_GCP))}.", path)
    parts = [(gib, _GCP[kind])]
    if iops and kind in ("pd-extreme", "hyperdisk-extreme", "hyperdisk-balanced"):
        parts += [(iops - (3000 if kind == "hyperdisk-balanced" else 0), f"{_GCP[kind]}_iops")]
    return _sum(context, "gcp", region, f"{kind} {gib:g} GiB", parts)


def _azure(context: Context, region: str, kind: str, gib: float, path: str) -> Disk:
    local = _AZURE_ZONAL.get(kind, kind)
    tier = azure_tier(local, gib, path)
    rate = _azure_rate(context, region, local, tier)
    if local != kind:
        rate = _derived(rate, _ZONES_FACTOR, f"the price within one zone times {_ZONES_FACTOR}")
    return Disk(f"{kind} {tier}, {gib:g} GiB", _monthly(rate), (rate,))


def _azure_rate(context: Context, region: str, kind: str, tier: str) -> Rate:
    """The price of a tier; of a Standard SSD made from that of E30 if need be.

    Their prices grow with the size: E10, E20 and E30 cost 9.60, 38.40 and 76.80 in East US.
    https://azure.microsoft.com/pricing/details/managed-disks/
    """
    try:
        return context.rate("azure", region, f"azure_{tier.lower()}")
    except UnknownPrice:
        sizes = {row["tier"]: float(row["gib"]) for row in tables.read("azure_disk_tiers") if row["sku"] == kind}
        if "E30" not in sizes or tier == "E30":
            raise
    return _derived(context.rate("azure", region, "azure_e30"), sizes[tier] / sizes["E30"], "the price of E30 by size")


def _derived(rate: Rate, factor: float, how: str) -> Rate:
    trust = least([Confidence.MEDIUM, rate.confidence])
    return rate._replace(usd=rate.usd * factor, source=f"derived: {how}; {rate.source}", confidence=trust)


def azure_tier(kind: str, gib: float, path: str = "") -> str:
    """The smallest tier of a managed disk that holds so much: a disk of 100 GiB is paid as P10."""
    rows = [row for row in tables.read("azure_disk_tiers") if row["sku"] == kind]
    if not rows:
        known = ", ".join([*dict.fromkeys(row["sku"] for row in tables.read("azure_disk_tiers")), *_AZURE_ZONAL])
        raise Unpriced(f"No price of managed disks of type '{kind}' is known. Known are {known}.", path)
    for row in rows:
        if gib <= float(row["gib"]):
            return row["tier"]
    raise Unpriced(f"A managed disk of {gib:g} GiB is larger than any: the most are {rows[-1]['gib']} GiB.", path)


def local_ssds(context: Context, region: str, count: int) -> Disk:
    """Local SSDs of Google Cloud, which are paid by size, and cost less with spot machines."""
    what, gib = f"{count} local SSD", count * LOCAL_SSD_GIB
    made = _sum(context, "gcp", region, what, [(gib, "local_ssd")])
    try:
        return made._replace(with_spot=_sum(context, "gcp", region, what, [(gib, "local_ssd_spot")]))
    except UnknownPrice:
        return made


def _sum(context: Context, cloud: str, region: str, what: str, parts: list[tuple[float, str]]) -> Disk:
    usd, rates = 0.0, []
    for amount, item in parts:
        if amount > 0 or item == parts[0][1]:
            rate = context.rate(cloud, region, item)
            usd += amount * _monthly(rate)
            rates.append(rate)
    return Disk(what, usd, tuple(rates))


def _monthly(rate: Rate) -> float:
    return rate.usd * HOURS_PER_MONTH if rate.unit.endswith("hour") else rate.usd
