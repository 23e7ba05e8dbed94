"""What somebody has chosen for a cluster, and its folder keeps: its add-ons with their settings, and its pace."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from sandbox.cluster.kubeconfig import write_private


@dataclass(frozen=True)
class Pace:
    """Seconds until a pod is ready after it was placed and until a node that an autoscaler asks for is ready, and for
    which a node has to be empty before it is removed.

    Pods and nodes may state their own start: see `sandbox.cluster.stages`.
    """

    pod_start: float = 2
    node_start: float = 60
    node_idle: float = 30


@dataclass(frozen=True)
class Settings:
    """The add-ons by name, each with settings of its own, and the pace."""

    addons: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    pace: Pace = Pace()

    @classmethod
    def load(cls, file: Path) -> Settings:
        """As they were kept; the defaults where nothing was."""
        if not file.exists():
            return cls()
        kept = json.loads(file.read_text())
        return cls(kept["addons"], Pace(**kept["pace"]))

    def save(self, file: Path) -> None:
        """Keep them."""
        write_private(file, json.dumps(asdict(self), indent=1, sort_keys=True))

    def with_addons(self, chosen: Mapping[str, Mapping[str, Any] | None]) -> Settings:
        """With these add-ons, too. `None` leaves an add-on that is there as it is, and gives others the defaults."""
        settings = {name: self.addons.get(name, {}) if its is None else its for name, its in chosen.items()}
        return replace(self, addons={**self.addons, **settings})

    def without_addon(self, name: str) -> Settings:
        """Without an add-on."""
        return replace(self, addons={it: settings for it, settings in self.addons.items() if it != name})
