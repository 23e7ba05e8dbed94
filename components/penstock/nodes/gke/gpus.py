"""What GKE's GPUs can be cut into. The table is `data/gpu_partitions.csv`, with its source."""

import csv
from functools import cache
from importlib.resources import files


def partitions(gpu: str) -> dict[str, int]:
    """MIG partition sizes of `gpu`, each with how many of them one GPU holds; empty where it has none."""
    return _table().get(gpu, {})


@cache
def _table() -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    lines = (files(__package__) / "data" / "gpu_partitions.csv").read_text(encoding="utf-8").splitlines()
    for row in csv.DictReader(lines):
        table.setdefault(row["gpu"], {})[row["partition"]] = int(row["per_gpu"])
    return table
