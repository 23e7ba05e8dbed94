"""Stack files as people get them wrong: the production settings with some places changed."""

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from tests.support import stacks


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*at, index))


SETTINGS = {
    cloud: {key: value for key, value in stacks.in_cloud(cloud).items() if key.startswith("penstock:")}
    for cloud in ("gcp", "aws", "azure")
}
PLACES = {cloud: [place for place in places(of_it) if place] for cloud, of_it in SETTINGS.items()}
junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 3000),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        [
            [],
            {},
            "",
            "spot",
            "reserved",
            "flex",
            "on_demand",
            "n2-standard-8",
            "g2-standard-4",
            "a2-highgpu-1g",
            "c4-standard-8",
            "t2a-standard-4",
            "n1-standard-8",
            "us-central1-a",
            "europe-west4",
            "us-east-1a",
            "westeurope",
            "aws",
            "azure",
            "p4d.24xlarge",
            "m7g.large",
            "Standard_NC96ads_A100_v4",
            "Standard_ND96isr_H100_v5",
            "bottlerocket",
            "ubuntu",
            True,
            "capacity_block",
            ["us-central1-a"],
            ["n2-custom-4-8192"],
            {"create": True},
            {"name": "held"},
            {"name": "cr-0123456789abcdef0"},
            {"isolated": True},
            {"vcpu": 4, "memory_gib": 16},
            {"type": "nvidia-tesla-t4"},
            {"term": "3y"},
            [{"key": "x"}],
            {"a": {"b": [1]}},
            {"max_surge": 3},
            {"type": "local"},
        ]
    ),
)
extra_keys = st.sampled_from(
    [
        "accelerator",
        "zones",
        "compact",
        "capacity_reservation",
        "commitment",
        "surge",
        "disk",
        "auto_repair",
        "max_run_hours",
        "adopt",
        "image",
        "efa",
        "shape",
        "unequal_shapes",
        "nodes",
        "system_pool",
        "registry",
        "version",
        "min_nodes_per_zone",
        "network",
        "private_endpoint",
        "labels",
        "nonsense",
        "[0]",
        "a.b",
    ]
)


@st.composite
def mutated(draw: st.DrawFn, cloud: str = "gcp") -> dict[str, Any]:
    """The production settings of a cloud with one to three places replaced, removed, or added to."""
    config = copy.deepcopy(SETTINGS[cloud])
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(PLACES[cloud]))
        parent: Any = config
        try:
            for step in way:
                parent = parent[step]
            action = draw(st.sampled_from(["nudge", "replace", "remove", "add"]))
            if action == "nudge" and type(parent[last]) is int:
                parent[last] += draw(st.integers(-2, 40))
            elif action == "remove":
                del parent[last]
            elif action == "add" and isinstance(parent[last], dict):
                parent[last][draw(extra_keys)] = copy.deepcopy(draw(junk))
            else:
                parent[last] = copy.deepcopy(draw(junk))
        except (LookupError, TypeError):
            continue  # an earlier mutation removed this place
    return config
