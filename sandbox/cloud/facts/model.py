"""The shape of a facts table's row; `sandbox.cloud.facts` explains each key."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from sandbox.cloud import paths
from sandbox.cloud.paths import Path


def _read_path(text: object) -> object:
    return paths.read(text) if isinstance(text, str) else text


def _compile(text: object) -> object:
    return re.compile(text) if isinstance(text, str) else text


PropertyPath = Annotated[Path, BeforeValidator(_read_path)]
Pattern = Annotated[re.Pattern[str], BeforeValidator(_compile)]
Group = Annotated[tuple[PropertyPath, ...], Field(min_length=2)]
Range = tuple[float | None, float | None]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class NameRule(_Strict):
    """How a resource is named."""

    property: PropertyPath
    auto: bool = False
    max_length: int | None = None
    pattern: Pattern | None = None


class Facts(_Strict):
    """What a provider's source, but not its SDK, says about one resource type."""

    source: str = Field(min_length=1)
    id: str | None = None
    name: NameRule | None = None
    replace_on: tuple[PropertyPath, ...] = ()
    computed: tuple[PropertyPath, ...] = ()
    sets: tuple[PropertyPath, ...] = ()
    enums: dict[PropertyPath, tuple[str | float | bool, ...]] = {}
    patterns: dict[PropertyPath, Pattern] = {}
    ranges: dict[PropertyPath, Range] = {}
    conflicts: tuple[Group, ...] = ()
    exactly_one_of: tuple[Group, ...] = ()
    at_least_one_of: tuple[Group, ...] = ()
    required_with: tuple[Group, ...] = ()
    parents: dict[PropertyPath, str] = {}
    defaults: dict[PropertyPath, Any] = {}
    outputs: dict[str, Any] = {}
    deletion: Literal["normal", "forgotten"] = "normal"
