"""A price book that looks nothing up twice, for stacks with thousands of equal resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock_cost.money import UnknownPrice

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock_cost.book import PriceBook

_LOOK_UPS = ("machine", "accelerator", "commitment", "service", "negotiated_rate", "machines")


class RememberingBook:
    """Answers as the book does, for as long as one bill is made. It remembers refusals too, which take the longest."""

    def __init__(self, book: PriceBook) -> None:
        self._book = book
        self._known: dict[Any, Any] = {}

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._book, name)
        if name in _LOOK_UPS:
            found = self._remembering(name, found)
            setattr(self, name, found)
        return found

    def _remembering(self, name: str, look_up: Callable[..., Any]) -> Callable[..., Any]:
        known = self._known

        def answer(*asked: Any, **more: Any) -> Any:
            key = (name, asked, tuple(sorted(more.items())))
            if key not in known:
                try:
                    known[key] = look_up(*asked, **more)
                except UnknownPrice as refusal:
                    known[key] = refusal
            if isinstance(found := known[key], UnknownPrice):
                raise UnknownPrice(*found.args)
            return found

        return answer
