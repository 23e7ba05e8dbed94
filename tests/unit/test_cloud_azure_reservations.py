"""Capacity reservations of Azure in the pretend cloud, and the agent pools that use them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.azure_cloud import RESERVATION, RESERVATION_GROUP, SPOT, Azure, running_azure
from tests.support.cloud_client import Live, Refused


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    with running_azure(tmp_path / "state") as running:
        yield running


@pytest.fixture
def group(azure: Azure) -> Live:
    return azure.make(RESERVATION_GROUP, "gpus", capacityReservationGroupName="gpus", zones=["1", "2"])


def reserve(azure: Azure, name: str = "d4", size: str = "Standard_D4s_v5", **more: Any) -> Live:
    least = {"capacityReservationGroupName": "gpus", "sku": {"name": size, "capacity": 2}, "zones": ["1"]}
    return azure.make(RESERVATION, name, **({"capacityReservationName": name} | least | more))


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"size": "Standard_ND96isr_H100_v5"}, "Capacity Reservation is not supported for VM size Standard_ND96isr"),
        ({"size": "Standard_NC40ads_H100_v5"}, "Capacity Reservation is not supported for VM size Standard_NC40ads"),
        ({"size": "Standard_E4s_v5", "zones": ["3"]}, "must be one of the zones"),
        ({"size": "Standard_E4s_v5", "zones": None}, "must be one of the zones"),
        ({}, "has a reservation for the size Standard_D4s_v5"),
    ],
)
def test_what_cannot_be_reserved(azure: Azure, group: Live, more: dict[str, Any], text: str) -> None:
    reserve(azure)
    with pytest.raises(Refused, match=text):
        reserve(azure, "other", **more)


def test_a_reservation_group_stays_while_it_has_reservations(azure: Azure, group: Live) -> None:
    made = reserve(azure)
    with pytest.raises(Refused, match="CannotDeleteResource"):
        azure.provider.delete(group)
    azure.provider.delete(made)
    azure.provider.delete(group)


def test_only_the_number_of_reserved_machines_changes(azure: Azure, group: Live) -> None:
    made = reserve(azure)
    more = azure.provider.update(made, {**made.inputs, "sku": {"name": "Standard_D4s_v5", "capacity": 5}})
    assert more.outputs["sku"]["capacity"] == 5


def reserving_cluster(azure: Azure, group: Live) -> Live:
    identity = azure.identity()
    azure.grant(group.id, identity.outputs["principalId"])
    return azure.cluster(identity={"type": "UserAssigned", "userAssignedIdentities": [identity.id]})


def test_a_pool_uses_a_reservation_that_the_clusters_identity_may_use(azure: Azure, group: Live) -> None:
    reserve(azure)
    reserving_cluster(azure, group)
    assert azure.pool(capacityReservationGroupID=group.id).outputs["capacityReservationGroupID"] == group.id


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (SPOT, "Spot VMs aren't supported with a capacity reservation group"),
        ({"vmSize": "Standard_ND96isr_H100_v5"}, "Capacity Reservation is not supported for VM size"),
        ({"vmSize": "Standard_D8s_v5"}, "doesn't have a reservation matching the size Standard_D8s_v5"),
    ],
)
def test_what_does_not_go_with_a_reservation(azure: Azure, group: Live, more: dict[str, Any], text: str) -> None:
    reserve(azure)
    reserving_cluster(azure, group)
    with pytest.raises(Refused, match=text):
        azure.pool(capacityReservationGroupID=group.id, **more)


def test_a_proximity_group_does_not_go_with_a_reservation(azure: Azure, group: Live) -> None:
    reserve(azure)
    reserving_cluster(azure, group)
    near = azure.make("azure-native:compute:ProximityPlacementGroup", "near")
    with pytest.raises(Refused, match="Proximity placement groups aren't supported with a capacity reservation group"):
        azure.pool(capacityReservationGroupID=group.id, proximityPlacementGroupID=near.id)


def test_a_reservation_that_comes_after_the_pool_is_not_used_by_it(azure: Azure, group: Live) -> None:
    reserving_cluster(azure, group)
    made = azure.pool(capacityReservationGroupID=group.id)
    reserve(azure)
    refreshed = azure.provider.refresh(made)
    assert refreshed is not None and "capacityReservationGroupID" not in refreshed.outputs


@pytest.mark.parametrize("identity", ["SystemAssigned", "UserAssigned"])
def test_a_reservation_needs_a_user_assigned_identity_with_a_role(azure: Azure, group: Live, identity: str) -> None:
    reserve(azure)
    users = [azure.identity().id] if identity == "UserAssigned" else None
    azure.cluster(identity={"type": identity, "userAssignedIdentities": users})
    with pytest.raises(Refused, match="LinkedAuthorizationFailed|System-assigned managed identities don't work"):
        azure.pool(capacityReservationGroupID=group.id)
