"""What an estimate of a pool's cost needs to know and no cloud resource carries."""

from typing import NotRequired, TypedDict


class PoolCost(TypedDict):
    """How a pool is used, and for whom: it decides the expected cost, and no resource."""

    tenant: NotRequired[str]
    """The tenant that the pool is for. Default: it is shared."""
    schedule: NotRequired[list[str]]
    """When how many nodes run, over all zones: `Mon-Fri 08:00-20:00=6`, `Sat,Sun 10:00-14:00=2`, `daily
    22:00-06:00=0`. Where windows overlap the largest number counts. Default: not known."""
    otherwise: NotRequired[float]
    """How many nodes run outside of all windows. Default: `min_nodes`."""
    profile: NotRequired[list[float]]
    """Instead of a schedule: the nodes of each hour of a day (24 numbers) or of a week (168, from Monday 00:00)."""
    fallback: NotRequired[float]
    """Spot: the share of the time in which on-demand machines stand in, 0 to 1. Default: 0."""
    redo: NotRequired[float]
    """Spot: the share of the work that is done again after interruptions, 0 to 1. Default: 0."""
    spot_price: NotRequired[float]
    """Spot: USD an hour for one machine. Default: the price book's."""
    fallback_for: NotRequired[str]
    """On demand: the name of the spot pool for which this one stands in, so that the two are not counted twice at
    their maximum. Default: none."""
