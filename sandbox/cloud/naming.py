"""Names for what the program leaves nameless: its own name and some random digits, as the real providers do."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass


@dataclass(frozen=True)
class Autonaming:
    """What the engine says about naming: a seed for the digits, a name it proposes, whether naming is switched off."""

    seed: bytes = b""
    proposed: str = ""
    disabled: bool = False

    def name(self, program_name: str, digits: int = 7, max_length: int | None = None) -> str | None:
        """`<program name>-<digits>`, cut to fit; the same for the same seed; `None` when naming is switched off."""
        if self.disabled:
            return None
        if self.proposed:
            return self.proposed
        tail = hashlib.sha256(self.seed).hexdigest() if self.seed else secrets.token_hex(digits)
        stem = program_name if max_length is None else program_name[: max_length - digits - 1]
        return f"{stem}-{tail[:digits]}"
