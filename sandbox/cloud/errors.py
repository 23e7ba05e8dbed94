"""What the cloud answers when it cannot do as asked."""

from __future__ import annotations


class CloudError(Exception):
    """An answer of the cloud's API: its text is what the real cloud says, and names the resource."""


class NotFoundError(CloudError):
    """404: what is named does not exist."""
