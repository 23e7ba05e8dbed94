"""Which cluster a provider speaks to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml


@dataclass(frozen=True)
class Target:
    """The API server's host and the namespace of objects that name none."""

    server: str = "ambient"
    namespace: str = "default"

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Target:
        """The cluster that a provider's settings mean; raises `ValueError` for a kubeconfig that cannot be read.

        Without a kubeconfig there is one ambient cluster. Nothing outside the sandbox is looked at, save a
        kubeconfig file that the settings name.
        """
        config = _load(settings.get("kubeconfig"))
        contexts = {entry["name"]: entry.get("context", {}) for entry in config.get("contexts") or []}
        clusters = {entry["name"]: entry.get("cluster", {}) for entry in config.get("clusters") or []}
        context = contexts.get(settings.get("context") or config.get("current-context"), {})
        cluster = clusters.get(settings.get("cluster") or context.get("cluster"), {})
        address = urlsplit(cluster.get("server") or "")
        return cls(
            server=address.netloc or address.path or "ambient",
            namespace=settings.get("namespace") or context.get("namespace") or "default",
        )


def _load(kubeconfig: Any) -> dict[str, Any]:
    if not kubeconfig:
        return {}
    text = str(kubeconfig)
    if "\n" not in text and "{" not in text:
        file = Path(text).expanduser()
        if not file.is_file():
            raise ValueError(f'The kubeconfig "{text}" is neither a kubeconfig nor the path of one.')
        text = file.read_text(encoding="utf-8")
    return _parse(text)


@lru_cache(maxsize=64)
def _parse(text: str) -> dict[str, Any]:
    try:
        loaded = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"The kubeconfig is no YAML: {error}") from None
    if not isinstance(loaded, dict):
        raise ValueError("The kubeconfig is no YAML mapping.")
    return loaded
