"""Which images run: pure look-ups in a table.

No digest is known before somebody with access to the registry resolves it: the table says `unresolved`, and the image
is pinned by its tag.
"""

import csv
import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

CLUSTER_AUTOSCALER = "cluster_autoscaler"
GPU_DEVICE_PLUGIN = "gpu_device_plugin"

_UNRESOLVED = "unresolved"


class Image(NamedTuple):
    """A row of the table."""

    kubernetes: str
    """The minor version of Kubernetes that it is made for, or `any`."""
    registry: str
    path: str
    tag: str
    digest: str

    def reference(self, registry: str | None = None) -> str:
        """What a pod's spec says; `registry`, where given, mirrors the image's own under the same path."""
        pinned = self.tag if self.digest == _UNRESOLVED else f"{self.tag}@{self.digest}"
        return f"{(registry or self.registry).rstrip('/')}/{self.path}:{pinned}"


@cache
def _images(image: str) -> list[Image]:
    """The rows of an image, by rising version of Kubernetes."""
    lines = (files(__package__) / "data" / "images.csv").read_text(encoding="utf-8").splitlines()
    rows = [row for row in csv.DictReader(lines) if row["image"] == image]
    found = [Image(r["kubernetes"], r["registry"], r["path"], r["tag"], r["digest"]) for r in rows]
    return sorted(found, key=lambda row: _minor(row.kubernetes) or 0)


def cluster_autoscaler_image(version: str | None) -> Image:
    """The cluster autoscaler for a minor version of Kubernetes, which has to be the same as its own.

    Without a version, and for one that is newer than the table, it is the newest. Raises ValueError for one that is
    older than the table, or none.
    """
    rows = _images(CLUSTER_AUTOSCALER)
    if version is None:
        return rows[-1]
    wanted = _minor(version)
    if wanted is None:
        raise ValueError(f"'{version}' is no minor version of Kubernetes. Write one like {rows[-1].kubernetes}.")
    known = [row for row in rows if (_minor(row.kubernetes) or 0) <= wanted]
    if not known:
        raise ValueError(
            f"No cluster autoscaler is known here for Kubernetes {version}. "
            f"Update the cluster to {rows[0].kubernetes} or later."
        )
    return known[-1]


def gpu_device_plugin_image() -> Image:
    """The NVIDIA device plugin."""
    (image,) = _images(GPU_DEVICE_PLUGIN)
    return image


def _minor(version: str) -> int | None:
    """34 for `1.34` or `1.34.2`."""
    found = re.fullmatch(r"v?1\.(\d+)(\..*)?", version)
    return int(found[1]) if found else None
