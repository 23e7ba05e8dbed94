"""The words of random pet names."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

from sandbox.cloud import tables


@cache
def _words() -> dict[str, list[str]]:
    lists: dict[str, str] = tables.read(Path(__file__).with_suffix(".yaml"))
    return {name: words.split() for name, words in lists.items()}


def pet(length: int, source: random.Random) -> list[str]:
    """That many words: adverbs, an adjective, a name."""
    if length <= 0:
        return []
    adverbs = [source.choice(_words()["adverbs"]) for _ in range(length - 2)]
    adjective = [source.choice(_words()["adjectives"])] if length > 1 else []
    return [*adverbs, *adjective, source.choice(_words()["names"])]
