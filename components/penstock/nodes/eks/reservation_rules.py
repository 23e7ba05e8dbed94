"""What EKS adds to the rules of capacity reservations and of Capacity Blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from penstock.nodes.spec import NodePoolSpec
from penstock.problems import Problem
from penstock.refs import Purchase
from penstock.spec import rule
from penstock_cost import machines, sold_as_capacity_block

RESERVATION_ID = re.compile(r"cr-[0-9a-f]{8,17}")
_RESERVATION_GROUP = re.compile(r"arn:aws[a-z-]*:resource-groups:[a-z0-9-]+:\d{12}:group/.+")


class EksReservationRules(NodePoolSpec):
    """The part of an EKS node pool that decides where its machines come from."""

    @property
    def from_block(self) -> bool:
        """Whether its machines come from a Capacity Block."""
        return self.purchase is Purchase.CAPACITY_BLOCK

    @rule
    def a_reservation_is_named_by_its_id(self) -> Iterator[Problem]:
        name = self.capacity_reservation.name if self.capacity_reservation else None
        if not isinstance(name, str) or not name:
            return
        if self.from_block and not RESERVATION_ID.fullmatch(name):
            yield Problem(
                "capacity_reservation.name", "Write the id of the Capacity Block, cr- and 17 hexadecimal digits."
            )
        elif not RESERVATION_ID.fullmatch(name) and not _RESERVATION_GROUP.fullmatch(name):
            yield Problem(
                "capacity_reservation.name",
                "Write the id of a Capacity Reservation, cr- and 17 hexadecimal digits, or the ARN of a resource group "
                "of reservations.",
            )

    @rule
    def a_reservation_is_in_one_zone(self) -> Iterator[Problem]:
        if self._is_held_in_one_place and len(self.zones or ()) != 1:
            yield Problem("zones", "A capacity reservation holds machines in one zone. Write that zone.")

    @rule
    def a_reservation_holds_one_machine_type(self) -> Iterator[Problem]:
        if self._is_held_in_one_place and len(self.machine_types) > 1:
            yield Problem("machine_types", "A capacity reservation holds machines of one type. Write that type.")

    @rule
    def a_reservation_is_in_the_placement_group(self) -> Iterator[Problem]:
        # A machine in a placement group takes no reservation that was made outside it: InsufficientInstanceCapacity.
        held = self.capacity_reservation
        if not held or held.create or self.from_block:
            return
        if self.compact and held.placement_group is None:
            yield Problem(
                "capacity_reservation.placement_group",
                "Machines in a placement group cannot use a reservation that was made outside it. Write the group "
                "that it was made in, or drop compact" + ("; efa works without it." if self.efa else "."),
            )
        if held.placement_group is not None and not self.compact:
            yield Problem("compact", "A reservation made in a placement group is used from within it. Write true.")

    @rule
    def a_block_is_bought_elsewhere(self) -> Iterator[Problem]:
        if not self.from_block:
            return
        if self.capacity_reservation is None:
            yield Problem("capacity_reservation", "Write the id of the Capacity Block as its name.")
        elif self.capacity_reservation.create:
            yield Problem(
                "capacity_reservation.create",
                "A Capacity Block is bought for dates, paid at once and cannot be given back: buy it yourself, and "
                "write its id as the name.",
            )
        elif self.capacity_reservation.placement_group is not None:
            yield Problem("capacity_reservation.placement_group", "A Capacity Block has no placement group. Drop this.")

    @rule
    def a_block_is_of_these_machines(self) -> Iterator[Problem]:
        name = self.machine_types[0]
        if not self.from_block or self.shape is not None or not self._machine_is_known():
            return
        if not sold_as_capacity_block(name):
            sold = ", ".join(other.name for other in machines(self.cloud.value) if sold_as_capacity_block(other.name))
            yield Problem("machine_types[0]", f"No Capacity Blocks are sold of {name}. Write one of {sold}.")

    @rule
    def a_block_is_placed_already(self) -> Iterator[Problem]:
        if self.compact and self.from_block:
            yield Problem("compact", "The machines of a Capacity Block stand close to one another already. Drop this.")

    @property
    def _is_held_in_one_place(self) -> bool:
        """Whether its machines are held by a single reservation. An adopted one whose name is not known yet may be a
        group of several, over zones and machine types."""
        held = self.capacity_reservation
        if self.from_block or (held and held.create):
            return True
        return bool(held and isinstance(held.name, str) and not _RESERVATION_GROUP.fullmatch(held.name))
