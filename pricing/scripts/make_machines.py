"""Make the machine catalogue from a price list and from what the clouds document.

    python make_machines.py FOLDER [--out DATA]

FOLDER holds `instances.csv`, a row for each cloud, region and machine type (columns cloud, region,
machine_type, vcpu, memory_gib, gpu_count, gpu_type, gpu_memory_gib, source, as_of; others are ignored). It
may hold `gcp_accelerators.csv` (cloud, region, accelerator): where attachable accelerators are sold.

The files beside this script add what a price list may lack: `documented_machines.csv` (never replaces a
listed machine), `documented_attachable.csv`, `gpus.csv` (a cloud's own name of a GPU) and `documents.csv`
(sources).

Writes `machines.csv`, `attachable.csv` and `sources.csv`, sorted, so that the same input gives the same
files, and prints what was left out and why.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
DATA = HERE.parent / "penstock_cost" / "data"

# Names of machine types with Arm processors.
ARM = {
    "aws": re.compile(r"(a1|[a-z]+\d+g[a-z]*|p6e-gb\d+)\."),
    "azure": re.compile(r"Standard_([A-Z]+\d+(-\d+)?[a-z]*p[a-z]*_|.*_GB\d+_)"),
    "gcp": re.compile(r"(a4x|c4a|n4a|t2a)-"),
}

Row = dict[str, str]


class Machine(NamedTuple):
    """A row of machines.csv; the columns have its field names."""

    cloud: str
    name: str
    family: str
    vcpu: str
    memory_gib: str
    accelerator: str
    accelerator_count: str
    accelerator_memory_gib: str
    architecture: str
    regions: str
    source: str


class Attachable(NamedTuple):
    """A row of attachable.csv; the columns have its field names."""

    cloud: str
    accelerator: str
    memory_gib: str
    family: str
    devices: str
    max_vcpu: str
    max_memory_gib: str
    zones: str
    regions: str
    source: str


class Source(NamedTuple):
    """A row of sources.csv; the columns have its field names."""

    id: str
    source: str
    as_of: str


class Gpu(NamedTuple):
    """GPUs of a machine: the cloud's own name, how many devices Kubernetes sees, and the GiB of one."""

    name: str = ""
    devices: str = ""
    memory_gib: str = ""


class Unusable(Exception):  # noqa: N818 (it is no error of the program)
    """A machine that is left out; the text says why."""


def read(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(path: Path, columns: Iterable[str], rows: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(sorted(rows))


def number(value: float) -> str:
    return f"{value:.10g}"


def family(cloud: str, name: str) -> str:
    """What the sizes of a family have in common: `m5`, `NCads_A100_v4`, `n2-highcpu`."""
    if cloud == "aws":
        return name.split(".")[0]
    if cloud == "azure":
        return re.sub(r"^Standard_([A-Z]+)\d+(-\d+)?", r"\1", name)
    parts = name.split("-")
    return "-".join(parts[: min(2, len(parts) - 1)])


def architecture(cloud: str, name: str) -> str:
    return "arm64" if ARM[cloud].match(name) else "x86_64"


class Gpus:
    """The names and nominal memory of GPUs."""

    def __init__(self) -> None:
        self._known = {
            (row["cloud"], row["listed_as"]): (row["accelerator"], float(row["memory_gib"]))
            for row in read(HERE / "gpus.csv")
        }

    def of(self, cloud: str, listed_as: str, count: float, memory: float | None = None) -> Gpu:
        """The GPUs of a machine; `memory` is what the list says of one, None where it is not asked."""
        if (cloud, listed_as) not in self._known:
            raise Unusable(f"gpus.csv has no '{listed_as}'")
        name, nominal = self._known[cloud, listed_as]
        if memory is not None and memory > 1.1 * nominal:
            raise Unusable(f"{memory:g} GiB is more than one {listed_as} has")
        if count < 1:  # a fraction of a GPU is one device with that share of its memory
            return Gpu(name, "1", number(nominal * count))
        if not count.is_integer():
            raise Unusable(f"{count:g} is no number of devices")
        # Some lists give what error correction leaves of the nominal memory (22.35 of 24); less is a slice.
        is_slice = memory is not None and memory < 0.9 * nominal
        return Gpu(name, number(count), number(memory if memory is not None and is_slice else nominal))


def listed_machines(folder: Path, gpus: Gpus, left_out: list[str]) -> Iterator[tuple[Machine, Source]]:
    """The machines of the price list, each with the newest source that lists it."""
    rows = [row for row in read(folder / "instances.csv") if ":" not in row["machine_type"]]
    rows.sort(key=lambda row: (row["cloud"], row["machine_type"], row["region"]))
    for (cloud, name), group in groupby(rows, key=lambda row: (row["cloud"], row["machine_type"])):
        same = list(group)
        try:
            vcpu, memory, gpu = shape(same, gpus)
        except Unusable as reason:
            left_out.append(f"{cloud} {name}: {reason}.")
            continue
        # A derived price is no source of a shape, and what follows a semicolon is about spot prices.
        sources = [(row["as_of"], row["source"].split(";")[0]) for row in same]
        as_of, source = max([pair for pair in sources if not pair[1].startswith("DERIVED")] or sources)
        yield Machine(
            cloud, name, family(cloud, name), number(vcpu), number(memory), *gpu,
            architecture(cloud, name), " ".join(dict.fromkeys(row["region"] for row in same)), "",
        ), Source("", source, as_of)  # fmt: skip


def shape(rows: list[Row], gpus: Gpus) -> tuple[float, float, Gpu]:
    """vCPU, GiB and GPUs on which all regions agree. Raises Unusable."""
    cloud, name = rows[0]["cloud"], rows[0]["machine_type"]
    if cloud not in ARM:
        raise Unusable(f"this script knows no cloud but {', '.join(ARM)}")
    amounts = ("vcpu", "memory_gib", "gpu_count", "gpu_memory_gib")
    shapes = {tuple(amount(row[column]) for column in amounts) for row in rows}
    models = {row["gpu_type"] for row in rows}
    if len(shapes) > 1 or len(models) > 1:
        raise Unusable("its regions list different shapes")
    (vcpu, memory, count, gpu_memory), model = shapes.pop(), models.pop()
    if vcpu <= 0 or memory <= 0:
        raise Unusable("no vCPU or memory is listed")
    if count <= 0:
        if cloud == "azure" and name.startswith("Standard_N"):
            raise Unusable("it is of the N series, which has GPUs, but is listed with none")
        return vcpu, memory, Gpu()
    if gpu_memory <= 0:
        raise Unusable(f"the memory of its {model} is blank")
    return vcpu, memory, gpus.of(cloud, model, count, gpu_memory)


def amount(text: str) -> float:
    """0 where it is blank. Raises Unusable."""
    try:
        return float(text or 0)
    except ValueError:
        raise Unusable(f"'{text}' is no number") from None


def documented_machines(gpus: Gpus) -> Iterator[Machine]:
    """The machines of documented_machines.csv, whose rows stand for a series each.

    `sizes` are separated by spaces: `SUFFIX[:VCPU[:GIB]]`. Without VCPU the suffix is the number of vCPU;
    without GIB the memory is gib_per_vcpu times the vCPU, rounded down to whole GiB as the clouds do.
    """
    for row in read(HERE / "documented_machines.csv"):
        for size in row["sizes"].split():
            suffix, vcpu, memory = [*size.split(":"), "", ""][:3]
            cpus = float(vcpu or suffix)
            gib = float(memory) if memory else float(int(cpus * float(row["gib_per_vcpu"])))
            name = row["names"].format(suffix)
            gpu = gpus.of(row["cloud"], row["gpu"], float(row["gpu_count"])) if row["gpu"] else Gpu()
            yield Machine(
                row["cloud"], name, family(row["cloud"], name), number(cpus), number(gib), *gpu,
                architecture(row["cloud"], name), row["regions"], row["source"],
            )  # fmt: skip


def attachables(folder: Path, gpus: Gpus) -> Iterator[Attachable]:
    """The accelerators of documented_attachable.csv with the regions in which the price list has them."""
    regions: dict[tuple[str, str], set[str]] = {}
    prices = folder / "gcp_accelerators.csv"
    for row in read(prices) if prices.exists() else []:
        name = gpus.of(row["cloud"], row["accelerator"], 1.0).name
        regions.setdefault((row["cloud"], name), set()).add(row["region"])
    for row in read(HERE / "documented_attachable.csv"):
        known = regions.get((row["cloud"], row["accelerator"]), set())
        yield Attachable(**row, regions=" ".join(sorted(known)))


def make(folder: Path, out: Path) -> list[str]:
    """Write the three files. Returns what was left out, a sentence each."""
    gpus, left_out = Gpus(), list[str]()
    listed = list(listed_machines(folder, gpus, left_out))
    price_lists = sorted({(source.source, source.as_of) for _, source in listed})
    ids = {pair: f"price-list-{position}" for position, pair in enumerate(price_lists, start=1)}
    machines = {(m.cloud, m.name): m._replace(source=ids[s.source, s.as_of]) for m, s in listed}
    for machine in documented_machines(gpus):
        machines.setdefault((machine.cloud, machine.name), machine)
    sources = [Source(row["id"], row["source"], row["as_of"]) for row in read(HERE / "documents.csv")]
    sources += [Source(name, *pair) for pair, name in ids.items()]
    write(out / "machines.csv", Machine._fields, machines.values())
    write(out / "attachable.csv", Attachable._fields, attachables(folder, gpus))
    write(out / "sources.csv", Source._fields, sources)
    return left_out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the folder with instances.csv")
    parser.add_argument("--out", type=Path, default=DATA, help="where to write (default: the package's data)")
    arguments = parser.parse_args()
    if not (arguments.folder / "instances.csv").is_file():
        parser.error(f"{arguments.folder} holds no instances.csv.")
    left_out = make(arguments.folder, arguments.out)
    sys.stdout.write("".join(f"Left out {line}\n" for line in left_out))


if __name__ == "__main__":
    main()
