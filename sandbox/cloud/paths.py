"""Property paths such as `nodeConfig.guestAccelerators[0].count`: written, read, found in values, matched.

A path is a tuple of names and list indexes. In a pattern `EVERY`, written `[*]`, stands for any one of them.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

Step = str | int
Path = tuple[Step, ...]

EVERY: Final = "*"
_STEP = re.compile(r"""\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.\[\]"]+)""")
_PLAIN = re.compile(r"[A-Za-z_$][\w$\-]*")


def show(path: Path) -> str:
    """The path as Pulumi writes it: names that are not identifiers are quoted."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN.fullmatch(step):
            text += f".{step}" if text else step
        else:
            escaped = step.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{escaped}"]'
    return text


def read(text: str) -> Path:
    """The path or pattern that a text stands for."""
    steps: list[Step] = []
    position = 0
    while position < len(text):
        if text[position] == "." and position > 0:
            position += 1
        found = _STEP.match(text, position)
        if found is None:
            raise ValueError(f'"{text}" is no property path: character {position + 1} fits nowhere.')
        quoted, index, name = found.groups()
        if quoted is not None:
            steps.append(re.sub(r"\\(.)", r"\1", quoted))
        elif index is not None:
            steps.append(EVERY if index == EVERY else int(index))
        else:
            steps.append(name)
        position = found.end()
    return tuple(steps)


def find(value: Any, pattern: Path, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every place in the value that the pattern names, with what stands there. What is absent or null is not met."""
    if value is None:
        return
    if not pattern:
        yield at, value
        return
    step, rest = pattern[0], pattern[1:]
    if step == EVERY:
        for key, item in _items(value):
            yield from find(item, rest, (*at, key))
    elif isinstance(value, Mapping) and isinstance(step, str):
        yield from find(value.get(step), rest, (*at, step))
    elif isinstance(value, list) and isinstance(step, int) and step < len(value):
        yield from find(value[step], rest, (*at, step))


def first(value: Any, pattern: Path) -> Any:
    """The first thing that the pattern names, or `None`."""
    return next((item for _, item in find(value, pattern)), None)


def fill(value: Any, path: Path, content: Any) -> None:
    """Puts the content where the path leads, unless something stands there or the way to it is missing."""
    *way, name = path
    for _, parent in find(value, tuple(way)):
        if isinstance(parent, dict) and parent.get(str(name)) is None:
            parent[str(name)] = copy.deepcopy(content)


def covers(pattern: Path, path: Path) -> bool:
    """Whether the path is what the pattern names, or lies below it."""
    return len(pattern) <= len(path) and all(want in (have, EVERY) for want, have in zip(pattern, path, strict=False))


def touches(pattern: Path, path: Path) -> bool:
    """Whether a change at the path changes what the pattern names: the path lies at, below or above it."""
    return all(want in (have, EVERY) for want, have in zip(pattern, path, strict=False))


def _items(value: Any) -> Iterator[tuple[Step, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def generalise(path: Path) -> Path:
    """The path as a pattern: every index becomes `EVERY`."""
    return tuple(EVERY if isinstance(step, int) else step for step in path)


def restore(value: Any, old: Any, path: Path) -> None:
    """Makes the value at the path what it was in the old value, absent included; `EVERY` goes where both go."""
    *way, last = path
    for place, parent in list(find(value, tuple(way))):
        before = first(old, place)
        keys = [key for key, _ in _items(parent)] if last == EVERY else [last]
        for key in keys:
            _restore_one(parent, before, key)


def _restore_one(parent: Any, before: Any, key: Step) -> None:
    if isinstance(parent, dict) and isinstance(before, dict) and isinstance(key, str):
        if key in before:
            parent[key] = copy.deepcopy(before[key])
        else:
            parent.pop(key, None)
    elif isinstance(parent, list) and isinstance(before, list) and isinstance(key, int) and key < len(before):
        parent[key] = copy.deepcopy(before[key])
