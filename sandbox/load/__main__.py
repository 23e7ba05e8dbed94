"""`python -m sandbox.load`: puts a sandbox cluster under pretend load and measures how the platform follows."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType

from sandbox.command import told
from sandbox.load import report
from sandbox.load.access import access
from sandbox.load.cluster_source import ClusterSource
from sandbox.load.exporter import serving
from sandbox.load.record import Recorder, Timeline, read_timeline
from sandbox.load.run import Run
from sandbox.load.scenario import known, read
from sandbox.load.signals import Board
from sandbox.load.usage import KwokUsage
from sandbox.load.watching import watching
from sandbox.priority import go_first
from sandbox.progress import say

PROGRAM = "python -m sandbox.load"
MISSED = 3
"""The exit code where a target is missed."""


def main(argv: Sequence[str]) -> int:
    """Run a command and return its exit code. Whatever goes wrong is told in sentences."""
    options = make_parser().parse_args(argv)
    return told(lambda: int(options.run(options)))


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Pretend load for a sandbox cluster, and its measures.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="play a scenario; fails with 3 where a target is missed")
    run.add_argument("scenario", help=f"a YAML file, or one of {', '.join(known())}")
    run.add_argument(
        "--kubeconfig", type=Path, default=Path(".sandbox/cluster/kubeconfig"), help="default: %(default)s"
    )
    run.add_argument("--record", type=Path, help="keep what is seen each second there, as lines of JSON")
    run.add_argument("--report", type=Path, help="write the measures there, too")
    run.add_argument(
        "--port", type=int, help="of the exporter (default: the one that the cluster keeps for it, or any)"
    )
    run.set_defaults(run=run_run)
    again = commands.add_parser("report", help="the measures of a run that was recorded")
    again.add_argument("record", type=Path)
    again.set_defaults(run=lambda options: show(read_timeline(options.record)))
    return parser


def run_run(options: argparse.Namespace) -> int:
    """`run`"""
    scenario = read(options.scenario)
    go_first()
    way = access(options.kubeconfig)
    board = Board(scenario.metrics_delay_seconds, scenario.is_silent)
    usage = KwokUsage(way.api())
    targets = options.kubeconfig.resolve().parent / "prometheus" / "targets"
    record = options.record.open("w", encoding="utf-8") if options.record else nullcontext()
    with (
        ending_well(),
        record as stream,
        serving(board, kept_port(options.kubeconfig) if options.port is None else options.port) as port,
        target(targets, port),
        watching(way.endpoint()) as watch,
    ):
        source = ClusterSource(scenario, watch)
        source.check_starts()
        say(f"Metrics are at http://127.0.0.1:{port}/metrics. The run takes {scenario.duration:.0f} s.")
        try:
            timeline = Run(scenario, source, board, Recorder(scenario, stream), usage).play()
        finally:
            usage.reset()
    return show(timeline, options.report)


def kept_port(kubeconfig: Path) -> int:
    """The port on which the cluster's add-ons look for the exporter; 0, which means any, where they look nowhere."""
    file = kubeconfig.resolve().parent / "ports.json"
    return int(json.loads(file.read_text()).get("load", 0)) if file.exists() else 0


def show(timeline: Timeline, file: Path | None = None) -> int:
    """Print the measures of a run; the exit code tells whether all targets are met."""
    text = report.text(timeline)
    sys.stdout.write(text)
    if file:
        file.write_text(text, encoding="utf-8")
    return MISSED if report.missed(report.findings(timeline)) else 0


@contextmanager
def target(folder: Path, port: int) -> Iterator[Path]:
    """Have the cluster's Prometheus scrape a port of this machine meanwhile."""
    file = folder / f"load-{port}.json"
    folder.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps([{"targets": [f"127.0.0.1:{port}"], "labels": {"job": "load"}}]))
    draft.replace(file)
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)


@contextmanager
def ending_well() -> Iterator[None]:
    """End as on ctrl-C when told to terminate, so that nothing of the run stays behind in the cluster."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        # Not by SIGINT, which processes in the background may have been told to ignore.
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
