"""`make bench`: ratios from one run, best of several, on whatever machine this is.

Absolute times say nothing here (the machine is noisy); every figure is a ratio of two things measured in turn.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sandbox import Sandbox
from tests.bench import bare, pricing, programs

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples" / "platform"
CLOUDS = ("gke", "eks", "aks", "kind")
ROUNDS = 5


def best(measures: dict[str, Callable[[], float]], rounds: int = ROUNDS) -> dict[str, float]:
    """The smallest of each measure over `rounds`, taken in turn so that a slow moment hits all of them."""
    taken: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            taken[name].append(measure())
    return {name: min(values) for name, values in taken.items()}


def preview(
    folder: Path, stack: str, text: str | None = None, home: Path | None = None, args: Sequence[str] = ()
) -> Callable[[], float]:
    """Seconds that one preview takes, of a project that exists or of this program text."""
    if text is not None:
        programs.write(folder, text)
    sandbox = Sandbox(folder, home=home or folder / ".sandbox", engine=ENGINE)

    def measure() -> float:
        started = time.perf_counter()
        sandbox.pulumi("preview", stack=stack, args=["--suppress-outputs", *args], check=True)
        return time.perf_counter() - started

    measure()  # makes the stack
    return measure


def imports(module: str) -> Callable[[], float]:
    """Seconds that a fresh interpreter takes to import a module."""

    def measure() -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
        return time.perf_counter() - started

    return measure


def registered(folder: Path, stack: str, home: Path, log: Path) -> list[bare.Registration]:
    """What a preview of the project registers."""
    sandbox = Sandbox(folder, home=home, engine=ENGINE)
    sandbox.pulumi("preview", stack=stack, check=True, env={"PULUMI_DEBUG_GRPC": str(log)})
    return bare.registrations(log)


def overhead(what: str, folder: Path, stack: str, place: Path) -> tuple[str, float, str, str]:
    """A project's stack against a program that registers the same resources without Penstock."""
    place.mkdir()
    same = registered(folder, stack, place / "home", place / "calls.json")
    bare.write(place / "bare", same)
    taken = best(
        {"penstock": preview(folder, stack, home=place / "home"), "bare": preview(place / "bare", "dev")},
    )
    name = f"preview of {what} / of its {len(same)} resources bare"
    return name, taken["penstock"] / taken["bare"], "<= 1.25", _seconds(taken)


def tenants(place: Path, counts: Sequence[int]) -> Iterator[tuple[str, float, str, str]]:
    """So many tenants against programs that register the same resources without Penstock, and the time of each."""
    spent: dict[str, dict[int, float]] = {"tenants": {}, "bare": {}}
    for count in counts:
        folder, other = place / f"tenants{count}", place / f"bare{count}"
        programs.write(folder, programs.tenants(count))
        same = registered(folder, "dev", folder / ".sandbox", place / f"calls{count}.json")
        bare.write(other, same)
        taken = best({"tenants": preview(folder, "dev"), "bare": preview(other, "dev")}, 1 if count > 100 else 3)
        name = f"preview of {count:,} tenants / of their {len(same):,} resources bare"
        yield name, taken["tenants"] / taken["bare"], "<= 1.25", _seconds(taken)
        for who, seconds in taken.items():
            spent[who][count] = seconds
    few, some, many = counts
    growth = {}
    for who, of in spent.items():
        at_some, at_many = (of[some] - of[few]) / (some - few), (of[many] - of[some]) / (many - some)
        growth[who] = at_many / at_some
        name = f"time a tenant{', bare' if who == 'bare' else ''}, of {many:,} / of {some}"
        yield name, growth[who], "0.85 to 1.15", _seconds({str(some): at_some, str(many): at_many})
    yield "growth of the time a tenant / of that bare", growth["tenants"] / growth["bare"], "0.85 to 1.15", ""


def packs(count: int, place: Path, rounds: int) -> Iterator[tuple[str, float, str, str]]:
    """A preview of so many resources, a tenth of them pools, with all policies, without, and with ones that do nothing.

    All policies come as one pack or as two. The engine asks each pack twice about every resource, one after the other:
    packs that check nothing show what of the overhead is that, and what is ours.
    """
    text = programs.bare(pools=count // 10, others=count - count // 10 - 6)
    place.mkdir()
    (place / "ceiling.json").write_text(json.dumps({"stack-ceiling": {"usd": 1e9}}))
    (place / "none.json").write_text("{}")
    idle = [programs.idle_pack(place / name) for name in ("idle", "idler")]
    policies = ROOT / "policies"
    runs = {
        "one pack": _packs([policies / "all"], [place / "ceiling.json"]),
        "two packs": _packs([policies / "cost", policies / "capacity"], [place / "ceiling.json", place / "none.json"]),
        "one idle": _packs(idle[:1], []),
        "two idle": _packs(idle, []),
        "without": [],
    }
    taken = best({name: preview(place, "dev", text, args=args) for name, args in runs.items()}, rounds)
    name = f"preview of {count:,} resources with all policies"
    yield f"{name} / without", taken["one pack"] / taken["without"], "<= 1.3", _seconds(taken)
    yield f"{name} in two packs / without", taken["two packs"] / taken["without"], "<= 1.3", ""
    yield f"{name} / with a pack that does nothing", taken["one pack"] / taken["one idle"], "<= 1.15", ""
    yield f"{name} in two packs / with two such", taken["two packs"] / taken["two idle"], "<= 1.15", ""


def _packs(folders: Sequence[Path], configurations: Sequence[Path]) -> list[str]:
    named = [("--policy-pack", folder) for folder in folders]
    configured = [("--policy-pack-config", file) for file in configurations]
    return [str(word) for words in (*named, *configured) for word in words]


def row(name: str, value: float, target: str, note: str) -> None:
    print(f"{name:<78} {value:>7.3f}  {target:<14} {note}")


def main() -> None:
    print(f"{'Ratio (best of ' + str(ROUNDS) + ', one run)':<78} {'value':>7}  {'target':<14}")
    taken = best({"penstock": imports("penstock"), "pulumi": imports("pulumi")}, rounds=15)
    row("import penstock / import pulumi", taken["penstock"] / taken["pulumi"], "<= 1.3", _seconds(taken))

    row("priced resources a second / 20,000", pricing.resources_a_second() / 20_000, ">= 1", "on one core")
    row("memory of pricing 40,000 resources / 20,000", pricing.memory(40_000) / pricing.memory(20_000), "<= 2.1", "")

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        row(*overhead("prod", ROOT, "prod", place / "prod"))
        for cloud in CLOUDS:
            row(*overhead(f"example {cloud}", EXAMPLES, cloud, place / cloud))
        for measured in tenants(place, (10, 100, 1_000)):
            row(*measured)
        for count, rounds in ((100, ROUNDS), (2_000, 3)):
            for measured in packs(count, place / f"packs{count}", rounds):
                row(*measured)
        taken = best({str(n): preview(place / f"pools{n}", "dev", programs.pools(n)) for n in (1, 10, 100)}, rounds=9)
        # Less a single pool: the first one pays for imports and tables.
        at_10, at_100 = (taken["10"] - taken["1"]) / 9, (taken["100"] - taken["1"]) / 99
        row("time a pool, of 100 / of 10", at_100 / at_10, "0.9 to 1.1", _seconds({"10": at_10, "100": at_100}))


def _seconds(taken: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f} s" for name, value in taken.items())


if __name__ == "__main__":
    from sandbox.engine import find_engine

    ENGINE = find_engine(ROOT / ".sandbox" / "engine")
    main()
