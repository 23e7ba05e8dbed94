"""Reading the tables that lie beside the code."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

# The one in C is ten times as quick; not every platform's package of PyYAML has it.
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(file: Path) -> Any:
    """What a YAML file says."""
    return yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)
