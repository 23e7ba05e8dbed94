"""Names of clusters and pools: one rule for every cloud, so that a description moves between them as it is."""

import hashlib
import re
from collections.abc import Iterator

from penstock.problems import Problem

MANAGED_BY = {"app.kubernetes.io/managed-by": "penstock"}
"""The label of Kubernetes objects that tells whose they are."""
LONGEST = 32
"""GKE takes 40 characters, of which Pulumi needs some to make a replacement possible; EKS takes 63 (100 for a
cluster). AKS takes 12 for a pool: there the pool's own name is a digest, see `nodes/aks/plan.py`."""


def name_problems(name: str, kind: str = "pool", suffix: str = "") -> Iterator[Problem]:
    """What is wrong with `name` for a `kind` of thing, if `suffix` is to be added to it."""
    if not re.fullmatch(rf"[a-z]([-a-z0-9]{{0,{LONGEST - 2}}}[a-z0-9])?", name + suffix):
        yield Problem(
            "",
            f"'{name}' is no name for a {kind}. Write up to {LONGEST - len(suffix)} lower-case letters, digits or '-', "
            "beginning with a letter and ending with a letter or digit.",
        )


def short_hash(text: str, length: int) -> str:
    """The first `length` (at most 64) hexadecimal digits of a digest of `text`."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]
