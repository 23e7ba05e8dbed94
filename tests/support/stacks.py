"""The stacks of the repository, read as the program reads them."""

import json
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]


def config(stack: str) -> dict[str, Any]:
    """The `config` of a stack file, as YAML gives it."""
    loaded = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))
    return dict(loaded["config"])


def as_engine_gives_it(config: dict[str, Any]) -> dict[str, str]:
    """Texts stand for themselves, everything else is JSON."""
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
