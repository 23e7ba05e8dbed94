"""What an EKS node pool may be: every accepted shape, and a refusal with path and reason for every trap."""

from typing import Any

import pulumi
import pytest

from penstock.nodes.eks.spec import EksPoolSpec
from penstock.nodes.spec import ACKNOWLEDGEMENT
from tests.support.refused import reasons

PLAIN: dict[str, Any] = {"machine_types": ["m7i.2xlarge"], "purchase": "on_demand", "min_nodes": 0, "max_nodes": 3}
ZONE = {"zones": ["us-east-1a"]}
RESERVED = {"purchase": "reserved", "min_nodes": 2, "max_nodes": 2, "commitment": {"term": "1y"}}
CR = "cr-0123456789abcdef0"
GROUP = "arn:aws:resource-groups:us-east-1:123456789012:group/held"
BLOCK = {
    "purchase": "capacity_block",
    "machine_types": ["p5.48xlarge"],
    "capacity_reservation": {"name": CR},
    **ZONE,
}
UNKNOWN = {"machine_types": ["m9z.large"], "shape": {"vcpu": 2, "memory_gib": 8}}


def problems(**changes: Any) -> dict[str, str]:
    return reasons(EksPoolSpec, {**PLAIN, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"purchase": "spot", "machine_types": ["c5.2xlarge", "c6i.2xlarge", "c7i.2xlarge"]},
        {"purchase": "spot", "machine_types": ["c5.2xlarge", "c5.xlarge"], "unequal_shapes": True},
        {"machine_types": ["m7i.2xlarge", "m6i.2xlarge"]},  # on demand: in this order
        RESERVED,
        {**RESERVED, "commitment": {"term": "3y", "payment": "partial_upfront"}},
        {**RESERVED, "commitment": {"term": "3y", "payment": "all_upfront"}},
        {"machine_types": ["p3.2xlarge"]},
        {"machine_types": ["p3.8xlarge"], "purchase": "spot"},
        {"machine_types": ["p3.8xlarge"], "accelerator": {"type": "v100", "count": 4}},
        {"machine_types": ["p3.2xlarge"], "image": "bottlerocket"},
        {"machine_types": ["g5.xlarge"], "accelerator": {"driver": "disabled"}},
        {"machine_types": ["g4ad.xlarge"], "accelerator": {"driver": "disabled"}},
        {"machine_types": ["m7g.large"], "image": "bottlerocket"},
        {"machine_types": ["g7.99xlarge"], "shape": {"vcpu": 8, "memory_gib": 64}, "accelerator": {"type": "rtx-pro-4500"}},
        {"machine_types": ["inf2.xlarge"]},
        UNKNOWN,
        {"capacity_reservation": {"create": True}, **ZONE},
        {"capacity_reservation": {"create": True}, "compact": True, **ZONE},
        {"capacity_reservation": {"name": CR}, **ZONE},
        {"capacity_reservation": {"name": GROUP}, "machine_types": ["m7i.2xlarge", "m6i.2xlarge"]},
        {"capacity_reservation": {"name": CR, "placement_group": "theirs"}, "compact": True, **ZONE},
        BLOCK,
        {**BLOCK, "efa": True},
        {"machine_types": ["p4d.24xlarge"], "efa": True, **ZONE},
        {"machine_types": ["p4d.24xlarge"], "efa": True, "compact": True, **ZONE},
        {"machine_types": ["p4d.24xlarge"], "efa": True, "capacity_reservation": {"name": CR}, **ZONE},
        {"compact": True, **ZONE, "purchase": "spot"},
        {"disk": {"type": "performance", "size_gib": 500}},
        {"disk": {"type": "local"}, "machine_types": ["m6id.2xlarge"]},
        {"disk": {"type": "local"}, "machine_types": ["p5.48xlarge"], "image": "bottlerocket"},
        {"surge": {"max_surge": 3}},
        {"surge": {"max_unavailable": 3}},
        {"zones": ["us-gov-west-1a", "us-gov-west-1b"]},
        {"taints": [{"key": "dedicated", "value": "database"}, {"key": "other", "effect": "NoExecute"}]},
        {"labels": {"example.com/team": "search"}},
    ],
)  # fmt: skip
def test_a_possible_pool_is_accepted(changes: dict[str, Any]) -> None:
    assert problems(**changes) == {}


@pytest.mark.parametrize(
    ("path", "words", "changes"),
    [
        ("machine_types[1]", "first machine type only", {"purchase": "spot", "machine_types": ["c5.2xlarge", "c5.xlarge"]}),
        ("machine_types[1]", "8 vCPU, 32 GiB", {"machine_types": ["m7i.2xlarge", "c7i.2xlarge"]}),
        ("machine_types[1]", "GPUs", {"machine_types": ["p3.2xlarge", "p3.8xlarge"]}),
        ("machine_types[1]", "one architecture", {"machine_types": ["m7i.2xlarge", "m7g.2xlarge"]}),
        ("machine_types[1]", "one architecture", {"machine_types": ["m7i.2xlarge", "m7g.2xlarge"], "unequal_shapes": True}),
        ("machine_types[1]", "has a10g", {"machine_types": ["g6.xlarge", "g5.xlarge"]}),
        ("machine_types[1]", "no GPU", {"machine_types": ["g6.xlarge", "m7i.xlarge"]}),
        ("machine_types", "at most 20", {"machine_types": [f"m{n}x.large" for n in range(21)], "shape": {"vcpu": 2, "memory_gib": 8}}),
        ("machine_types[0]", "under shape", {"machine_types": ["m9z.large"]}),
        ("purchase", "Google Cloud", {"purchase": "flex"}),
        ("max_run_hours", "do not end by themselves", {"max_run_hours": 24}),
        ("accelerator.driver", "its own", {"machine_types": ["g5.xlarge"], "accelerator": {"driver": "latest"}}),
        ("accelerator.driver", "Bottlerocket's kernel", {"machine_types": ["g5.xlarge"], "image": "bottlerocket", "accelerator": {"driver": "disabled"}}),
        ("accelerator.partition", "MIG manager", {"machine_types": ["p4d.24xlarge"], "accelerator": {"partition": "1g.5gb"}}),
        ("accelerator.sharing", "device plugin", {"machine_types": ["g5.xlarge"], "accelerator": {"sharing": {"strategy": "time_sharing", "max_clients": 2}}}),
        ("accelerator.type", "cannot be attached", {"accelerator": {"type": "t4"}}),
        ("accelerator.count", "has 4", {"machine_types": ["p3.8xlarge"], "accelerator": {"count": 1}}),
        ("image", "with the driver of p2.xlarge", {"machine_types": ["p2.xlarge"], "shape": {"vcpu": 4, "memory_gib": 61}, "accelerator": {"type": "k80"}}),
        ("image", "with the driver of g7.2xlarge", {"image": "bottlerocket", "machine_types": ["g7.2xlarge"]}),
        ("image", "driver: disabled", {"machine_types": ["g4ad.xlarge"]}),
        ("image", "Google's", {"image": "cos"}),
        ("image", "Azure's", {"image": "azure_linux"}),
        ("image", "no Ubuntu", {"image": "ubuntu"}),
        ("disk.type", "previous generation", {"disk": {"type": "standard"}}),
        ("disk.type", "m7i.2xlarge is not known to have", {"disk": {"type": "local"}}),
        ("disk.type", "m9z.large is not known to have", {**UNKNOWN, "disk": {"type": "local"}}),
        ("disk.size_gib", "All of the machine's own", {"machine_types": ["m6id.2xlarge"], "disk": {"type": "local", "size_gib": 100}}),
        ("disk.size_gib", "take 20 GiB", {"disk": {"size_gib": 19}}),
        ("surge", "not both", {"surge": {"max_surge": 1, "max_unavailable": 1}}),
        ("commitment.purchase", "whole account", {**RESERVED, "commitment": {"term": "1y", "purchase": {"acknowledge": ACKNOWLEDGEMENT}}}),
        ("nodes", "makes the nodes", {"nodes": ["a"]}),
        ("capacity_reservation", "Spot machines cannot", {"purchase": "spot", "capacity_reservation": {"create": True}, **ZONE}),
        ("zones", "in one zone", {"capacity_reservation": {"create": True}}),
        ("zones", "in one zone", {"capacity_reservation": {"name": CR}, "zones": ["us-east-1a", "us-east-1b"]}),
        ("machine_types", "of one type", {"capacity_reservation": {"create": True}, **ZONE, "machine_types": ["m7i.2xlarge", "m6i.2xlarge"]}),
        ("capacity_reservation.name", "resource group", {"capacity_reservation": {"name": "held"}, **ZONE}),
        ("capacity_reservation.name", "of the Capacity Block", {**BLOCK, "capacity_reservation": {"name": GROUP}}),
        ("capacity_reservation.placement_group", "efa works without it", {"machine_types": ["p4d.24xlarge"], "efa": True, "compact": True, **ZONE, "capacity_reservation": {"name": CR}}),
        ("capacity_reservation.placement_group", "made outside it", {"compact": True, **ZONE, "capacity_reservation": {"name": CR}}),
        ("compact", "from within it", {**ZONE, "capacity_reservation": {"name": CR, "placement_group": "theirs"}}),
        ("capacity_reservation", "id of the Capacity Block", {**BLOCK, "capacity_reservation": None}),
        ("capacity_reservation.create", "cannot be given back", {**BLOCK, "capacity_reservation": {"create": True}}),
        ("capacity_reservation.placement_group", "no placement group", {**BLOCK, "capacity_reservation": {"name": CR, "placement_group": "theirs"}}),
        ("machine_types[0]", "p5.48xlarge", {**BLOCK, "machine_types": ["g5.xlarge"]}),
        ("machine_types", "of one type", {**BLOCK, "machine_types": ["p5.48xlarge", "p5e.48xlarge"]}),
        ("zones", "in one zone", {**BLOCK, "zones": None}),
        ("compact", "close to one another already", {**BLOCK, "compact": True}),
        ("zones", "in one zone", {"compact": True}),
        ("machine_types[0]", "t3 machines cannot", {"compact": True, **ZONE, "machine_types": ["t3.large"]}),
        ("efa", "no Elastic Fabric Adapter", {"efa": True, **ZONE}),
        ("efa", "known here", {"efa": True, **ZONE, **UNKNOWN}),
        ("efa", "known here", {"efa": True, **ZONE, "machine_types": ["trn2.48xlarge"]}),
        ("machine_types", "one machine type", {"efa": True, **ZONE, "machine_types": ["p5.48xlarge", "p5e.48xlarge"]}),
        ("zones", "does not leave a zone", {"efa": True, "machine_types": ["p4d.24xlarge"]}),
        ("zones[0]", "no zone", {"zones": ["us-east-1"]}),
        ("zones[1]", "not in us-east-1", {"zones": ["us-east-1a", "eu-west-1a"]}),
        ("labels.eks.amazonaws.com/nodegroup", "set by Kubernetes or the cloud", {"labels": {"eks.amazonaws.com/nodegroup": "x"}}),
        ("labels.node-role.kubernetes.io/gpu", "set by Kubernetes or the cloud", {"labels": {"node-role.kubernetes.io/gpu": "x"}}),
        ("labels.k8s.amazonaws.com/accelerator", "set by Kubernetes or the cloud", {"labels": {"k8s.amazonaws.com/accelerator": "x"}}),
        ("labels.empty", "no empty label value", {"labels": {"empty": ""}}),
        (f"labels.{'d' * 40}.com/{'n' * 30}", "at most 63", {"labels": {f"{'d' * 40}.com/{'n' * 30}": "x"}}),
        ("taints[0].key", "at most 63", {"taints": [{"key": f"{'d' * 40}.com/{'n' * 30}"}]}),
        ("taints", "one taint with the key 'a'", {"taints": [{"key": "a"}, {"key": "a", "effect": "NoExecute"}]}),
        ("taints", "at most 50", {"taints": [{"key": f"t{n}"} for n in range(51)]}),
        ("labels", "has room for 45", {"labels": {f"l{n}": "x" for n in range(30)}, "taints": [{"key": f"t{n}"} for n in range(10)]}),
    ],
)  # fmt: skip
def test_an_impossible_pool_is_refused_with_path_and_reason(path: str, words: str, changes: dict[str, Any]) -> None:
    found = problems(**changes)
    assert path in found, found
    assert words in found[path]


def test_all_impossible_combinations_of_a_pool_are_told_together() -> None:
    found = problems(
        machine_types=["c5.2xlarge", "c5.xlarge"],
        purchase="capacity_block",
        compact=True,
        efa=True,
        disk={"type": "local"},
        taints=[{"key": "a"}, {"key": "a", "effect": "NoExecute"}],
    )
    assert set(found) == {
        "machine_types",
        "machine_types[0]",
        "machine_types[1]",
        "capacity_reservation",
        "compact",
        "zones",
        "disk.type",
        "taints",
    }


def test_a_reservation_that_is_still_to_be_made_may_be_named() -> None:
    assert problems(capacity_reservation={"name": pulumi.Output.from_input(CR)}) == {}
