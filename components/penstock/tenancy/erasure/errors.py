"""What stops an export or an erasure."""

from __future__ import annotations

from collections.abc import Iterable


class ErasureError(Exception):
    """It cannot go on; the text is sentences that say what to do."""


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """The text with `***` in place of each secret: drivers repeat what they were given."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text
