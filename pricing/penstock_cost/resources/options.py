"""What people may say about the bill of a stack."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from penstock_cost.book import NegotiatedRates


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Recorded(BaseModel):
    """Read from properties too, whose names Pulumi records in camel case; our components may record more some day."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class Commitment(_Recorded):
    """The commitment that covers the machines which always run."""

    term: Literal["1y", "3y"]
    payment: Literal["no_upfront", "partial_upfront", "all_upfront"] | None = None
    """Default: `no_upfront`."""


class Taint(_Recorded):
    """A taint of a pool's nodes."""

    key: str
    value: str = ""
    effect: str = "NoSchedule"


class Capacity(_Recorded):
    """What one empty node offers to pods."""

    cpu_millicores: float = Field(gt=0)
    memory_mib: float = Field(gt=0)
    accelerators: float = Field(default=0, ge=0)
    accelerator_resource: str = "nvidia.com/gpu"


class Annotation(_Recorded):
    """What the cloud's resource of a pool does not carry; our components register it as their property `cost`."""

    pool: str = ""
    """The pool's name on the bill. Default: the resource's name."""
    cloud: str = ""
    region: str = ""
    purchase: Literal["on_demand", "spot", "reserved", "capacity_block", "flex"] | None = None
    commitment: Commitment | None = None
    min_nodes: int | None = None
    """Here for the reader. The bounds that count are those of the cloud's resource."""
    max_nodes: int | None = None
    machine_types: tuple[str, ...] = ()
    schedule: tuple[str, ...] = ()
    otherwise: float | None = None
    profile: tuple[float, ...] = ()
    desired: int | None = None
    tenant: str = ""
    fallback_for: str | None = None
    """The spot pool for which it stands in."""
    fallback: float | None = None
    redo: float | None = None
    spot_price: float | None = None
    labels: dict[str, str] = {}
    taints: tuple[Taint, ...] = ()
    capacity: Capacity | None = None


def _spelt(given: Any) -> Any:
    """What people write is held to the names that there are; what components record may have more."""
    names = {name for field, info in Annotation.model_fields.items() for name in (field, info.alias)}
    for said in given.values() if isinstance(given, dict) else ():
        if isinstance(said, dict) and (strange := sorted(str(name) for name in said if name not in names)):
            known = ", ".join(Annotation.model_fields)
            raise ValueError(f"There is no {', '.join(strange)} to say of a pool. The settings are: {known}.")
    return given


Annotations = Annotated[dict[str, Annotation], BeforeValidator(_spelt)]
"""What people say of pools, by globs of their names or URNs."""


class Usage(_Said):
    """What a resource is used for in a month, as far as that is charged."""

    gb: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """GB that pass a NAT gateway or a load balancer, or are taken in by a log."""
    capacity_units: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """AWS load balancers: the capacity units (LCU) in use on average."""
    requests: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Requests, where those are charged."""
    storage_gb: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """GB that are stored on average, where those are charged."""


class Egress(_Said):
    """Traffic out of a region, which belongs to no resource."""

    cloud: Literal["aws", "azure", "gcp"]
    region: str
    gb: float = Field(ge=0, allow_inf_nan=False)
    """GB a month."""
    to: Literal["internet", "other_zone", "other_region"] = "internet"


class Options(_Said):
    """How to make the bill of a stack."""

    allowed_holes: tuple[str, ...] = ()
    """Types (globs such as `aws:cloudwatch/*`) that may have no price."""
    annotations: Annotations = {}
    """What is said of pools whose name or URN matches a glob. It goes before what the program registered."""
    usage: dict[str, Usage] = {}
    """What resources are used for, by a glob of their name, URN or type; the first that matches counts."""
    egress: tuple[Egress, ...] = ()
    today: date | None = None
    """The day for which the bill is; versions of Kubernetes get dearer with age. Default: today."""
    llm: tuple[dict[str, Any], ...] = ()
    """Tokens of LLM APIs, each in the terms of `penstock_cost.jobs.tokens.TokenQuestion`: model, tokens_per_day …"""
    rates: NegotiatedRates | None = None
    """What has been agreed with the clouds; it goes before list prices."""
