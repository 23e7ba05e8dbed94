"""What a tenant's pods may run: images of its registries, by their digests, pulled each time."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.cluster import Cluster
from sandbox.cluster.api import Object
from tests.cluster.isolation.tenants import (
    BARE,
    DIGEST,
    IMAGE,
    REGISTRY,
    SPACE,
    As,
)
from tests.cluster.isolation.things import (
    changed,
    container,
    deployment,
    used,
)
from tests.cluster.objects import await_

IMAGES = {
    "another registry": (f"docker.io/library/nginx@{DIGEST}", "come from registry.example.com/acme/"),
    "no registry": (f"nginx@{DIGEST}", "come from registry.example.com/acme/"),
    "a registry that begins likewise": (f"registry.example.com/acme-evil/web@{DIGEST}", "come from"),
    "a tag": (f"{REGISTRY}/web:1.0", "Name each image by its digest"),
    "half a digest": (f"{REGISTRY}/web@sha256:abc", "Name each image by its digest"),
}


@pytest.mark.parametrize("where", ["containers", "initContainers", "volumes"])
@pytest.mark.parametrize(("image", "reason"), IMAGES.values(), ids=IMAGES)
def test_an_image_from_elsewhere_or_without_a_digest_is_refused(
    developer: As, pod: Object, where: str, image: str, reason: str
) -> None:
    """22."""
    bad: dict[str, Any] = {**container("extra"), "image": image}
    if where == "volumes":
        bad = {"name": "extra", "image": {"reference": image, "pullPolicy": "Always"}}
    wrong = changed(pod, f"spec.{where}", [*pod["spec"].get(where, []), bad])
    for thing in (wrong, deployment(wrong)):
        refused = developer.refusal(thing)
        assert refused
        assert reason in refused
    assert developer.refusal(wrong, BARE) is None


def test_an_image_that_is_not_pulled_each_time_is_refused(developer: As, pod: Object) -> None:
    """22: it may be another tenant's, which a node has on its disk."""
    refused = developer.refusal(changed(pod, "spec.containers.0.imagePullPolicy", "IfNotPresent"))
    assert refused
    assert "Write imagePullPolicy: Always" in refused


def test_a_container_that_is_added_to_a_running_pod_obeys_the_same_rules(
    cluster: Cluster, developer: As, pod: Object
) -> None:
    """22: ephemeral containers."""
    path = f"/api/v1/namespaces/{SPACE}/pods/web"
    assert developer.refusal(pod, dry=False) is None

    def refusal_to_add(image: str) -> str | None:
        added = {"spec": {"ephemeralContainers": [{**container("debug"), "image": image}]}}
        return developer.refusal_to_change(f"{path}/ephemeralcontainers", added)

    try:
        refused = refusal_to_add(f"docker.io/library/busybox@{DIGEST}")
        assert refused
        assert "come from registry.example.com/acme/" in refused
        assert refusal_to_add(IMAGE) is None
        assert developer.refusal_to_change(path, {"metadata": {"labels": {"a": "b"}}}) is None
    finally:
        cluster.api.delete(f"{path}?gracePeriodSeconds=0")
        await_("its quota is free", lambda: cluster.api.find(path) is None and used(cluster, "pods") == "0")
