"""Faults strike what they are meant for, as often as they should, in the words of the real cloud."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from sandbox.cloud.errors import CloudError
from sandbox.cloud.faults import Faults, _texts
from sandbox.cloud.package import Call
from sandbox.cloud.server import PACKAGES
from tests.support.cloud_client import Live, Refused, Session, running_cloud, urn_of

BUCKET = "gcp:storage/bucket:Bucket"
NODE_POOL = "gcp:container/nodePool:NodePool"
GPU = {"nodeConfig": {"guestAccelerators": [{"type": "nvidia-l4", "count": 1}], "spot": True}}


def bucket(cloud: Session, name: str = "data") -> Live:
    return cloud.gcp().create(BUCKET, name, {"location": "US"})


def strike(folder: Path, faults: Sequence[dict[str, Any]], type_: str = BUCKET, **properties: Any) -> str:
    """The text that a fault strikes a creation with."""
    file = folder / "faults.json"
    file.write_text(json.dumps(list(faults)))
    loaded = Faults.load(file, folder)
    call = Call(urn_of(type_, "thing"), {"project": "acme", "region": "us-central1"})
    with pytest.raises(CloudError) as refusal, loaded.around("gcp", "create", call, properties):
        pytest.fail("the effect must not happen")
    return str(refusal.value)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (
            "quota",
            r'error creating NodePool "gpus": googleapi: Error 403: Insufficient regional quota to satisfy request: resource "PREEMPTIBLE_NVIDIA_L4_GPUS"',
        ),
        (
            "no_capacity",
            r"Error waiting for creating GKE NodePool .*GCE_STOCKOUT.*us-central1-f' does not have enough resources",
        ),
        ("timeout", r"timeout while waiting for state to become 'DONE'"),
        ("permission", r"Error 403: Required .* permission"),
        ("throttled", r"Error 429: Too many operations.*rateLimitExceeded"),
    ],
)
def test_faults_speak_the_clouds_words_and_name_the_resource(tmp_path: Path, fault: str, text: str) -> None:
    properties = {"name": "gpus", "nodeLocations": ["us-central1-f"], "location": "us-central1", **GPU}
    said = strike(tmp_path, [{"operation": "create", "fault": fault, "times": 9}], NODE_POOL, **properties)
    assert re.search(text, said), said
    assert "gpus" in said


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("fault", ["quota", "no_capacity", "throttled", "timeout", "permission"])
def test_every_package_has_words_for_every_fault(package: str, fault: str) -> None:
    assert _texts()[package][fault]["*"]


def test_a_fault_strikes_as_often_as_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with running_cloud(tmp_path / "state", [{"operation": "create", "fault": "timeout", "times": 2}]) as cloud:
        for _ in range(2):
            with pytest.raises(Refused, match="timeout"):
                bucket(cloud)
        assert cloud.cloud.resources() == []
        bucket(cloud)
        assert len(cloud.cloud.resources()) == 1


def test_the_count_survives_the_server_and_begins_anew_with_a_new_file(tmp_path: Path) -> None:
    faults = [{"operation": "create", "fault": "quota", "times": 1}]
    with running_cloud(tmp_path / "state", faults) as cloud, pytest.raises(Refused):
        bucket(cloud)
    file = tmp_path / "faults-to-strike.json"
    again = Faults.load(file, tmp_path / "state")
    with again.around("gcp", "create", Call(urn_of(BUCKET, "data")), {}):
        pass
    with running_cloud(tmp_path / "state", faults) as cloud, pytest.raises(Refused):
        bucket(cloud)


@pytest.mark.parametrize("pattern", ["*data*", "gcp:storage/*", urn_of(BUCKET, "data")])
def test_a_glob_picks_by_urn_or_type(tmp_path: Path, pattern: str) -> None:
    faults = [{"operation": "create", "resource": pattern, "fault": "quota", "times": 1}]
    with running_cloud(tmp_path / "state", faults) as cloud:
        cloud.provider("random").create("random:index/randomPet:RandomPet", "pet", {})
        with pytest.raises(Refused):
            bucket(cloud)


@pytest.mark.parametrize("operation", ["read", "update", "delete", "check", "diff", "invoke"])
def test_every_operation_can_be_struck(tmp_path: Path, operation: str) -> None:
    with running_cloud(tmp_path / "state") as cloud:
        made = bucket(cloud)
    with running_cloud(tmp_path / "state", [{"operation": operation, "fault": "permission", "times": 1}]) as cloud:
        gcp = cloud.gcp()
        with pytest.raises(Refused, match="Permission denied on resource project acme"):
            match operation:
                case "read":
                    gcp.refresh(made)
                case "update":
                    gcp.update(made, made.inputs)
                case "delete":
                    gcp.delete(made)
                case "check":
                    gcp.check(made.urn, made.inputs)
                case "diff":
                    gcp.diff(made, made.inputs)
                case "invoke":
                    gcp.invoke("gcp:compute/getZones:getZones")
        assert gcp.refresh(made) is not None


def test_the_provider_outlasts_short_throttling_but_not_long(tmp_path: Path) -> None:
    with running_cloud(tmp_path / "short", [{"operation": "create", "fault": "throttled", "times": 3}]) as cloud:
        bucket(cloud)
    with (
        running_cloud(tmp_path / "long", [{"operation": "create", "fault": "throttled", "times": 50}]) as cloud,
        pytest.raises(Refused, match="Error 429"),
    ):
        bucket(cloud)


def test_a_preview_meets_no_fault_of_creation(tmp_path: Path) -> None:
    with running_cloud(tmp_path / "state", [{"operation": "create", "fault": "quota", "times": 1}]) as cloud:
        cloud.gcp().preview(urn_of(BUCKET, "data"), {"location": "US"})


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "faults.json").write_text('[{"operation": "create", "fault": "meteor"}]')
    with pytest.raises(ValidationError, match="meteor"):
        Faults.load(tmp_path / "faults.json", tmp_path)
