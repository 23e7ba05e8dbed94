"""What may be asked of a job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from penstock_cost.jobs.adjust import Priority
from penstock_cost.jobs.asked import LEAST, Question, Share

Amount = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
Hours = Annotated[float, Field(ge=LEAST, le=1_000_000, allow_inf_nan=False)]
"""A million hours are 114 years; more is taken for a slip."""
Price = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]


class StatedRates(Question):
    """Prices that the user states in place of a machine's, USD an hour."""

    gpu: Price | None = None
    """Of one GPU."""
    cpu: Price | None = None
    """Of one vCPU."""
    gib: Price | None = None
    """Of one GiB of memory."""


class JobQuestion(Question):
    """A job: what each of its copies takes, for how long, and how it is run."""

    cloud: Literal["aws", "azure", "gcp"] | None = None
    region: str = ""
    machine: str = ""
    """The machine type it runs on. Not with `rates`."""
    accelerator: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9-]*(:[1-9]\d?)?)?$")
    """Google Cloud: what is attached to the machine, `nvidia-tesla-t4:1`."""
    rates: StatedRates | None = None
    gpus: Amount | None = None
    """Of one copy. Default, as of `cpus` and `memory_gib`: the part of the machine that the stated ones take, the
    largest of them; the whole machine where none is stated. With stated `rates`: none of it."""
    cpus: Amount | None = None
    """vCPU of one copy."""
    memory_gib: Amount | None = None
    hours: Hours
    """How long one copy runs."""
    copies: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    priority: Priority = "normal"
    off_peak: Share = 0.0
    """The share of its hours that is off peak; `true` is all."""
    spot: bool = False
    name: str = "job"
    tenant: str = ""

    @field_validator("copies", mode="before")
    @classmethod
    def _whole(cls, value: object) -> object:
        if isinstance(value, bool) or (isinstance(value, float) and not (value < 1e9 and value.is_integer())):
            raise ValueError(f"Write a whole number from 1 to 1000000. It is {value!r}.")
        return value

    @model_validator(mode="after")
    def _fits(self) -> JobQuestion:
        if problems := list(self._problems()):
            raise ValueError("\n".join(problems))
        return self

    def _problems(self) -> Iterator[str]:
        if self.rates:
            for field in ("cloud", "region", "machine", "accelerator"):
                if getattr(self, field):
                    yield f"{field}: Rates are stated, so no price is looked up. Drop this, or the rates."
            yield from self._rate_problems(self.rates)
            return
        for field in ("cloud", "region", "machine"):
            if not getattr(self, field):
                yield f"{field}: This is needed to look its price up. Write it, or state rates."
        if self.accelerator and self.cloud != "gcp":
            yield "accelerator: Only Google Cloud attaches accelerators to machines. Drop this."

    def _rate_problems(self, rates: StatedRates) -> Iterator[str]:
        wanted = {"gpu": ("gpus", self.gpus), "cpu": ("cpus", self.cpus), "gib": ("memory_gib", self.memory_gib)}
        if not any(amount for _, amount in wanted.values()):
            yield "gpus: With stated rates, write what a copy takes: gpus, cpus or memory_gib."
        for rate, (field, amount) in wanted.items():
            if amount and getattr(rates, rate) is None:
                yield f"rates.{rate}: {field} is {amount:g}, so its price is needed. Write it."
