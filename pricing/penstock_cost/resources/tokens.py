"""Type tokens of Pulumi, and what they tell."""

from __future__ import annotations

import re
from functools import lru_cache

_VERSION = re.compile(r"^v\d{8}[a-z]*$|^v\d+((alpha|beta)\d+)?$")
_CLOUDS = {"aws": "aws", "gcp": "gcp", "azure-native": "azure"}


@lru_cache(maxsize=4096)
def plain(token: str) -> str:
    """The token without an API version.

    `azure-native:compute/v20230301:Disk` becomes `azure-native:compute:Disk`, `kubernetes:apps/v1:Deployment` becomes
    `kubernetes:apps:Deployment`.
    """
    package, _, rest = token.partition(":")
    if package not in ("azure-native", "kubernetes"):
        return token
    module, _, name = rest.rpartition(":")
    group, _, version = module.rpartition("/")
    return f"{package}:{group}:{name}" if group and _VERSION.match(version) else token


def cloud_of(token: str) -> str:
    """`aws`, `gcp` or `azure`; empty for what belongs to none."""
    return _CLOUDS.get(token.partition(":")[0], "")
