"""Whatever our components emit is checked by rules that the SDK does not carry: each type has its row of facts."""

from typing import Any

import pytest

import penstock
import settings as platform
from penstock.nodes.spec import ACKNOWLEDGEMENT
from sandbox.cloud.facts import load
from tests.support import stacks
from tests.support.mocked import run
from wiring import deploy


def everything() -> None:
    """The production platform, and beside it a pool with all that it has not: a reservation and a commitment."""
    config = stacks.config("prod")
    config["penstock:pools"]["held"] = {
        "purchase": "reserved",
        "machine_types": ["n2-standard-8"],
        "min_nodes": 2,
        "max_nodes": 2,
        "zones": ["us-central1-a"],
        "capacity_reservation": {"create": True},
        "commitment": {"term": "1y", "purchase": {"acknowledge": ACKNOWLEDGEMENT}},
    }
    deploy(platform.read(stacks.as_engine_gives_it(config)))


EMITTED = sorted({r.type for r in run(everything) if not r.type.startswith(("penstock:", "pulumi:"))})


def test_the_emitted_types_are_the_known_ones() -> None:
    assert EMITTED == [
        "gcp:compute/network:Network",
        "gcp:compute/regionCommitment:RegionCommitment",
        "gcp:compute/reservation:Reservation",
        "gcp:compute/router:Router",
        "gcp:compute/routerNat:RouterNat",
        "gcp:compute/subnetwork:Subnetwork",
        "gcp:container/cluster:Cluster",
        "gcp:container/nodePool:NodePool",
        "gcp:kms/cryptoKey:CryptoKey",
        "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
        "gcp:kms/keyRing:KeyRing",
        "gcp:projects/iAMMember:IAMMember",
        "gcp:serviceaccount/account:Account",
    ]


@pytest.mark.parametrize("type_", EMITTED)
def test_an_emitted_type_has_a_row_of_facts_with_its_source(type_: str) -> None:
    row: Any = load("gcp")[type_]
    assert row.source
    assert row.replace_on


def test_every_component_is_among_what_is_emitted() -> None:
    components = {r.type.rpartition(":")[2] for r in run(everything) if r.type.startswith("penstock:")}
    exported = {name for name in penstock.__all__ if name.endswith(("Pool", "Cluster", "Mix"))}
    assert components == exported
