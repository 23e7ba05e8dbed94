"""The stacks of the repository, read as the program reads them."""

import json
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]


def config(stack: str) -> dict[str, Any]:
    """The `config` of a stack file, as YAML gives it."""
    loaded = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))
    return dict(loaded["config"])


def as_engine_gives_it(config: dict[str, Any]) -> dict[str, str]:
    """Texts stand for themselves, everything else is JSON."""
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}


# The production platform's machine types, and machines like them elsewhere.
_LIKE = {
    "aws": {
        "n2-standard-4": ["m7i.xlarge"],
        "n2-standard-8": ["m7i.2xlarge"],
        "n2-highcpu-16": ["c7i.4xlarge"],
        "n2-highmem-8": ["r6i.2xlarge"],
        "n2-highmem-4": ["r6i.xlarge"],
        "g2-standard-8": ["g6.2xlarge"],
        "g2-standard-48": ["g6.12xlarge"],
        "a2-highgpu-4g": ["p3.8xlarge"],
    },
    "azure": {
        "n2-standard-4": ["Standard_D4ds_v5"],
        "n2-standard-8": ["Standard_D8ds_v5"],
        "n2-highcpu-16": ["Standard_F16s_v2"],
        "n2-highmem-8": ["Standard_E8ds_v5"],
        "n2-highmem-4": ["Standard_E4ds_v5"],
        "g2-standard-8": ["Standard_NC8as_T4_v3"],
        "g2-standard-48": ["Standard_NC64as_T4_v3"],
        "a2-highgpu-4g": ["Standard_NC96ads_A100_v4"],
    },
}
_PLACES = {
    "aws": {"cloud": "aws", "location": "us-east-1", "zones": ["us-east-1a", "us-east-1b", "us-east-1c"]},
    "azure": {"cloud": "azure", "location": "eastus", "zones": ["1", "2", "3"]},
}


def in_cloud(cloud: str) -> dict[str, Any]:
    """The production platform in a cloud: its places and machine types are what differs, and what it cannot have."""
    settings = config("prod")
    if cloud == "gcp":
        return settings
    settings = {key: value for key, value in settings.items() if key.startswith("penstock:")}
    settings["penstock:cluster"] |= _PLACES[cloud]
    if cloud == "aws":
        settings["penstock:cluster"].pop("maintenance_window")  # EKS has none
    else:
        settings["penstock:cluster"]["maintenance_window"]["days"] = ["SA"]  # AKS takes one day
    for pool in (*settings["penstock:pools"].values(), *settings["penstock:mixes"].values()):
        (machine,) = pool["machine_types"]
        pool["machine_types"] = _LIKE[cloud][machine]
    return settings
