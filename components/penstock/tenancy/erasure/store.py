"""What an export and an erasure ask of each store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from penstock.tenancy.erasure.archive import Archive

Counts = Mapping[str, int]
"""How many of what, by its name in the plural: `rows`, `keys`, `points`, `roles` …"""


class Store(Protocol):
    """A store, connected, and one tenant in it. Each method raises ErasureError with a sentence where it cannot."""

    @property
    def name(self) -> str:
        """`postgres`, `redis` or `qdrant`."""
        ...

    @property
    def title(self) -> str:
        """What a person calls it, with its address; no credentials."""
        ...

    @property
    def data(self) -> Sequence[str]:
        """The names of counts of what an export holds. The others are of access and copies: roles, users, snapshots."""
        ...

    @property
    def shrinks(self) -> bool:
        """Whether data goes by itself, as keys do that expire."""
        ...

    def look(self) -> Counts:
        """What there is of the tenant. Changes nothing."""
        ...

    def lock_out(self) -> list[str]:
        """Ends the tenant's own access and connections. Returns whose it ended, for `let_in`."""
        ...

    def let_in(self, locked: Sequence[str]) -> None:
        """Gives access back."""
        ...

    def export(self, archive: Archive) -> Counts:
        """Writes all data of the tenant into the archive, and returns the counts of `data`."""
        ...

    def erase(self) -> list[str]:
        """Erases all that `look` counts. May be asked again, after it was interrupted. Returns what is to be told."""
        ...

    def copies(self) -> list[str]:
        """What may still hold erased data and does not go with a date, a sentence each."""
        ...

    def close(self) -> None:
        """Ends the connections."""
        ...
