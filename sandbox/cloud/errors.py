"""What the cloud answers when it cannot do as asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class CloudError(Exception):
    """An answer of the cloud's API: its text is what the real cloud says, and names the resource."""


class NotFoundError(CloudError):
    """404: what is named does not exist."""


class UnreadyError(CloudError):
    """It was made or changed, but has not become ready: `id` and `outputs` are what is to be kept of it.

    Of one that was read, `inputs` are what a program would write to have it as it is.
    """

    def __init__(
        self, id_: str, outputs: dict[str, Any], reasons: Sequence[str], inputs: dict[str, Any] | None = None
    ) -> None:
        super().__init__(" ".join(reasons))
        self.id, self.outputs, self.reasons, self.inputs = id_, outputs, reasons, inputs
