"""What is wrong with texts of a specification that become parts of Kubernetes objects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from penstock.autoscaling.pods.target import name_problems
from penstock.problems import Problem

_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST_SUBDOMAIN = 253
_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_IMAGE = re.compile(r"[A-Za-z0-9][-A-Za-z0-9._/:@]*")


def object_problems(path: str, name: Any) -> Iterator[Problem]:
    """What is wrong with the name of an object of the user's, if one is given: a Secret, a StorageClass."""
    if name is not None:
        yield from name_problems(path, name, _SUBDOMAIN, _LONGEST_SUBDOMAIN)


def image_problems(path: str, image: Any) -> Iterator[Problem]:
    """What is wrong with the name of an image; one that is not known yet is passed over."""
    unnamed = isinstance(image, str) and not _IMAGE.fullmatch(image)
    if unnamed or image is None or isinstance(image, int | float | list | dict):
        yield Problem(path, f"Write the name of an image, not {image!r}.")


def label_problems(path: str, labels: Mapping[str, str]) -> Iterator[Problem]:
    """What is wrong with labels: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/"""
    yield from key_problems(path, labels)
    for key, value in labels.items():
        if value and not _NAME.fullmatch(value):
            yield Problem(
                f"{path}.{key}",
                f"'{value}' cannot be the value of a label. Write up to 63 letters, digits, '-', '_' or '.', beginning "
                "and ending with a letter or digit.",
            )


def key_problems(path: str, keys: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with keys of labels or annotations."""
    for key in keys:
        domain, slash, name = key.rpartition("/")
        named = not slash or (_SUBDOMAIN.fullmatch(domain) and len(domain) <= _LONGEST_SUBDOMAIN)
        if not (named and _NAME.fullmatch(name)):
            yield Problem(
                f"{path}.{key}",
                f"'{key}' is no valid key. Write up to 63 letters, digits, '-', '_' or '.', beginning and ending with "
                "a letter or digit, if you like after a DNS name and a slash.",
            )
