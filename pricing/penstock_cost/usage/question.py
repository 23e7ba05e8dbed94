"""What may be asked of a pool."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from penstock_cost.catalogue import attachable, machine
from penstock_cost.model import UnknownMachineType
from penstock_cost.usage.hours import Usage, constant, of_profile, of_schedule
from penstock_cost.usage.schedule import MOST_MACHINES
from penstock_cost.validate import checked

Purchase = Literal["on_demand", "spot", "reserved", "capacity_block", "flex"]
Count = Annotated[int, Field(ge=0, le=MOST_MACHINES, strict=True)]
Machines = Annotated[float, Field(ge=0, le=MOST_MACHINES, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_ATTACHED = re.compile(r"(?P<type>[a-z0-9][a-z0-9-]*)(:(?P<count>\d{1,3}))?")


class Attached(BaseModel):
    """Accelerators that are attached to a machine that has none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    """The cloud's name, for example `nvidia-tesla-t4`."""
    count: int = Field(default=1, ge=1)
    """How many a machine has."""


class PoolQuestion(BaseModel):
    """A pool of machines. Counts are totals over all zones, or of one zone where `per_zone` says so."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cloud: Literal["aws", "azure", "gcp"]
    region: str = Field(min_length=1)
    machines: tuple[str, ...] = Field(min_length=1)
    """Machine types, the preferred one first. The floor takes the cheapest, the ceiling the dearest."""
    purchase: Purchase = "on_demand"
    minimum: Count = 0
    maximum: Count
    desired: Count | None = None
    """The size that it starts with. Default: its minimum."""
    schedule: tuple[str, ...] = ()
    """Windows with their counts, `Mon-Fri 08:00-20:00=6`."""
    otherwise: Machines | None = None
    """The count outside of all windows. Default: the minimum."""
    profile: tuple[Machines, ...] = ()
    """The count in each hour of a day (24 numbers) or of a week (168, from Monday 00:00)."""
    spot_price: Annotated[float, Field(gt=0, le=10_000, allow_inf_nan=False)] | None = None
    """USD an hour. Default: the price book's."""
    fallback: Fraction = 0.0
    """Spot: the share of the time in which machines on demand stand in."""
    redo: Fraction = 0.0
    """Spot: the share of the work that is done again after interruptions."""
    term: Literal["1y", "3y"] | None = None
    """Reserved: how long the commitment runs."""
    payment: Literal["no_upfront", "partial_upfront", "all_upfront"] | None = None
    """Reserved: when it is paid. Default: `no_upfront`."""
    accelerator: Attached | None = None
    """Accelerators attached to each machine; written `nvidia-tesla-t4:1` too."""
    zones: Annotated[int, Field(ge=1, le=10)] = 1
    per_zone: bool = False
    """Whether the counts are those of one zone."""
    reserved_capacity: Count = 0
    """Machines that a capacity reservation holds for it, over all zones: paid for also while none of them runs."""
    workload_maximum: Count | None = None
    """The most machines that the workloads can ask for, over all zones. Default: not known."""
    name: str = "pool"
    pool: str = ""
    tenant: str = ""
    urn: str = ""
    type: str = ""

    @model_validator(mode="before")
    @classmethod
    def _accelerator(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(text := given.get("accelerator"), str):
            match = _ATTACHED.fullmatch(text)
            if not match:
                raise ValueError(f"accelerator: '{text}' is none. Write a type and a count: nvidia-tesla-t4:1.")
            return {**given, "accelerator": {"type": match["type"], "count": int(match["count"] or 1)}}
        return given

    @model_validator(mode="after")
    def _fits(self) -> PoolQuestion:
        if problems := list(self._problems()):
            raise ValueError("\n".join(problems))
        return self

    def _problems(self) -> Any:
        if self.minimum > self.maximum:
            yield f"minimum: {self.minimum} is above the maximum of {self.maximum}. Write at most that."
        if self.desired is not None and not self.minimum <= self.desired <= self.maximum:
            yield f"desired: {self.desired} is not between {self.minimum} and {self.maximum}. Write one that is."
        if self.schedule and self.profile:
            yield "profile: A schedule is given too. Write one of the two."
        if self.otherwise is not None and not self.schedule:
            yield "otherwise: There is no schedule. Write one, or drop this."
        if self.profile and len(self.profile) not in (24, 168):
            yield f"profile: Write 24 numbers (a day) or 168 (a week), not {len(self.profile)}."
        for name, other in (("spot_price", self.spot_price), ("fallback", self.fallback), ("redo", self.redo)):
            if other and self.purchase != "spot":
                yield f"{name}: This is for spot machines, and the purchase is {self.purchase}. Drop it."
        if self.purchase == "reserved":
            yield from self._commitment_problems()
        elif self.term or self.payment:
            yield f"term: A commitment is for reserved machines, and the purchase is {self.purchase}. Drop it."
        if self.accelerator and self.cloud != "gcp":
            yield f"accelerator: Only Google Cloud attaches accelerators to machines. Drop this on {self.cloud}."
        elif self.accelerator:
            yield from self._attached_problems(self.accelerator)
        if self.per_zone and self.zones == 1:
            yield "zones: Counts are of one zone each. Write how many zones there are."

    def _attached_problems(self, wish: Attached) -> Any:
        """Where Google Cloud makes no such machine; what the catalogue does not know is left to the price book."""
        device = attachable(self.cloud, wish.type)
        if device is None:
            return
        if wish.count not in device.counts:
            counts = ", ".join(str(count) for count in device.counts)
            yield f"accelerator: {wish.type} is attached in counts of {counts}, not {wish.count}. Write one of these."
        for name in self.machines:
            series = "n1" if name.startswith("custom-") else name.partition("-")[0]
            if series != device.family:
                yield f"accelerator: {wish.type} is attached to {device.family} machines only, not to {name}."

    def _commitment_problems(self) -> Any:
        if self.term is None:
            yield "term: A reserved pool is covered by a commitment. Write 1y or 3y."
        if self.minimum < 1:
            yield "minimum: A commitment covers the machines that always run. Write at least 1."
        if self.cloud == "gcp" and self.payment not in (None, "no_upfront"):
            yield f"payment: Google Cloud's commitments are paid monthly, not {self.payment}. Drop this."

    @property
    def paid(self) -> str:
        """When its commitment is paid."""
        return self.payment or "no_upfront"

    @property
    def factor(self) -> int:
        """By which counts are multiplied."""
        return self.zones if self.per_zone else 1

    @property
    def least(self) -> int:
        """The minimum over all zones."""
        return self.minimum * self.factor

    @property
    def most(self) -> int:
        """The maximum over all zones."""
        return self.maximum * self.factor

    def usage(self) -> Usage:
        """How many machines run when, within the bounds. Raises CostError."""
        if self.schedule:
            otherwise = self.minimum if self.otherwise is None else self.otherwise
            usage = of_schedule(self.schedule, otherwise)
        elif self.profile:
            usage = of_profile(self.profile)
        elif self.minimum == self.maximum:
            usage = constant(self.minimum, "fixed size")
        elif self.desired is not None:
            usage = constant(self.desired, "desired size; the autoscaler moves it", stated=False)
        else:
            usage = constant(self.minimum, "minimum; no schedule or profile was given", stated=False)
        return usage.within(self.minimum, self.maximum).times(self.factor)

    def gpus_of(self, name: str) -> float:
        """GPUs of one machine, attached ones too; 0 where the catalogue does not know the machine."""
        attached = self.accelerator.count if self.accelerator else 0
        try:
            built_in = machine(self.cloud, name).accelerator
        except UnknownMachineType:
            return attached
        return attached + (built_in.count if built_in else 0)

    def too_large_for_its_accelerators(self, name: str) -> str:
        """A note where one of its machines has more vCPU than such accelerators go with; empty where it fits."""
        device = attachable(self.cloud, self.accelerator.type) if self.accelerator else None
        if self.accelerator is None or device is None:
            return ""
        count = self.accelerator.count
        most = max(limit.max_vcpu for limit in device.limits if limit.count == count)
        try:
            vcpu = machine(self.cloud, name).vcpu
        except UnknownMachineType:
            return ""
        if vcpu <= most:
            return ""
        return (
            f"{count} {device.type} go with at most {most} vCPU, and {name} has {vcpu:g}: write more, or a smaller one."
        )


def ask(**given: Any) -> PoolQuestion:
    """The question with these fields. Raises CostError with every problem, each with its path."""
    return checked(PoolQuestion, given)
