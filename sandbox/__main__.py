"""`python -m sandbox`: pulumi without a cloud account."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from sandbox.bill import priced, table
from sandbox.command import told
from sandbox.engine import find_engine
from sandbox.errors import SandboxError
from sandbox.processes import Fault
from sandbox.workspace import OPERATIONS, Sandbox

STACK_COMMANDS = {
    "preview": "show what `up` would change",
    "up": "create and change what the program asks for",
    "refresh": "bring the state up to date with the cloud",
    "destroy": "delete everything the stack has; `-- --remove` drops the stack too",
    "import": "take something that exists in the cloud into the stack",
    "stack": "look at the stack: `stack output`, `stack export`, …",
    "state": "edit the state: `state unprotect URN`, …",
    "cancel": "remove the lock of a run that has died",
}
OTHER_COMMANDS = {
    "about": "what runs here",
    "package": "work with component packages: `package get-schema ./components`",
}
EPILOG = """\
Options of pulumi go after `--`, as in `python -m sandbox preview --stack prod -- --json`. Paths in them are
relative to the project. What pulumi writes there is lost in .sandbox/stacks/, so give it an absolute path.
"""


def main(argv: Sequence[str]) -> int:
    """Run a command and return its exit code. Whatever goes wrong is told in sentences."""
    words = list(argv)
    at = words.index("--") if "--" in words else len(words)
    parser = make_parser()
    options, others = parser.parse_known_args(words[:at])
    if wrong := [word for word in others if word.startswith("-")]:
        parser.error(f"{wrong[0]} is no option of the sandbox. If it is one of pulumi's, put it after `--`.")
    options.args = [*getattr(options, "words", []), *others, *words[at + 1 :]]
    command: Callable[[argparse.Namespace], int] = options.run
    return told(lambda: command(options))


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    place = argparse.ArgumentParser(add_help=False)
    place.add_argument("--project", type=Path, default=Path(), help="folder of Pulumi.yaml (default: here)")
    place.add_argument("--home", type=Path, help="the sandbox's folder (default: .sandbox in the project)")
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="Pulumi without a cloud account.", epilog=EPILOG
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, text in {**STACK_COMMANDS, **OTHER_COMMANDS}.items():
        command = commands.add_parser(name, help=text, description=text, parents=[place], epilog=EPILOG)
        command.set_defaults(run=run_pulumi, name=name, stack=None, fault=[])
        command.add_argument("words", nargs="*", metavar="WORD", help="what pulumi's command takes")
        if name in STACK_COMMANDS:
            command.add_argument("--stack", "-s", default="dev", help="stack to work on (default: dev)")
        if name in OPERATIONS:
            add_fault(command)
            command.add_argument(
                "--cluster", action="store_true", help="deploy to the real control plane that `make cluster` starts"
            )
        if name == "preview":
            add_cost(command)
    text = "find or make the engine, and print where it is"
    engine = commands.add_parser("engine", help=text, description=text, parents=[place])
    engine.set_defaults(run=print_engine)
    text = "look into the pretend cloud, or move things in it behind pulumi's back"
    add_cloud_commands(commands.add_parser("cloud", help=text, description=text), place)
    return parser


def add_cost(command: argparse.ArgumentParser) -> None:
    """`--cost`, `--ceiling`, `--limits`"""
    command.set_defaults(run=run_preview)
    command.add_argument("--cost", action="store_true", help="end with what the stack will cost a month")
    command.add_argument(
        "--ceiling", metavar="USD", type=parse_usd, help="stop a stack that may cost more a month than this (--cost)"
    )
    command.add_argument(
        "--limits", metavar="FILE", type=Path, help="configuration of the cost policies, as JSON (--cost)"
    )


def parse_usd(text: str) -> float:
    """20000, 20,000 or $20,000"""
    try:
        usd = float(text.removeprefix("$").replace(",", ""))
    except ValueError:
        usd = -1
    if not 0 <= usd < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no amount of USD. Write a number such as 20000.")
    return usd


def add_fault(command: argparse.ArgumentParser) -> None:
    """`--fault`"""
    command.add_argument(
        "--fault",
        metavar="FAULT[,OPERATION[,RESOURCE[,TIMES]]]",
        action="append",
        type=parse_fault,
        help="make the cloud fail: quota, no_capacity, throttled, timeout, permission, crash or crash_after; "
        "at create, update, delete, read, check, diff, invoke or * (default); of resources whose URN or type "
        "fits a pattern (default: *); so many times (default: 1). May be given several times.",
    )


def add_cloud_commands(cloud: argparse.ArgumentParser, place: argparse.ArgumentParser) -> None:
    """`cloud list`, `cloud log`, `cloud scale`"""
    views = cloud.add_subparsers(required=True, metavar="COMMAND")
    listing = views.add_parser("list", help="what exists", parents=[place])
    listing.add_argument("type", nargs="?", help="such as gcp:container/nodePool:NodePool")
    listing.set_defaults(run=list_cloud)
    log = views.add_parser("log", help="what was done, oldest first", parents=[place])
    log.set_defaults(run=print_log)
    scale = views.add_parser("scale", help="be the autoscaler: set the nodes of a pool", parents=[place])
    scale.add_argument("pool", help="the node pool's id, as `cloud list` shows it")
    scale.add_argument("nodes", type=int, help="nodes in all zones together")
    scale.set_defaults(run=scale_pool)


def parse_fault(spec: str) -> Fault:
    """{"fault": "quota", "operation": "create", "resource": "*", "times": 1} for "quota,create"."""
    given = dict(zip(("fault", "operation", "resource", "times"), spec.split(","), strict=False))
    fault = {"operation": "*", "resource": "*", "times": "1", **given}
    if spec.count(",") > 3 or not fault["times"].isdecimal():
        raise argparse.ArgumentTypeError(f"{spec!r} is not FAULT[,OPERATION[,RESOURCE[,TIMES]]]")
    return {**fault, "times": int(fault["times"])}


def sandbox(options: argparse.Namespace) -> Sandbox:
    """The sandbox that the command line means."""
    if not getattr(options, "cluster", False):
        return Sandbox(options.project, options.home)
    from sandbox.cluster import Cluster  # brings the clouds' tables along
    from sandbox.cluster.platform import platform

    home = (options.home or options.project / ".sandbox").resolve()
    return platform(options.project, Cluster(home), find_engine(home / "engine"))


def run_pulumi(options: argparse.Namespace) -> int:
    """Run a command of pulumi."""
    return sandbox(options).run(options.name, stack=options.stack, args=options.args, faults=options.fault)


def run_preview(options: argparse.Namespace) -> int:
    """Run `pulumi preview`, and end with the bill if that is wanted."""
    wanted = options.cost or options.ceiling is not None or options.limits is not None
    if not wanted or "--json" in options.args:  # which other tools read
        return run_pulumi(options)
    with priced(options.ceiling, options.limits) as bill:
        code = sandbox(options).run(
            "preview",
            stack=options.stack,
            args=[*bill.args, *options.args],
            faults=options.fault,
            env=bill.environment,
        )
        if bill.report.exists():
            print(f"\n{table(bill.report)}")
    return code


def print_engine(options: argparse.Namespace) -> int:
    """`engine`"""
    print(sandbox(options).engine)
    return 0


def list_cloud(options: argparse.Namespace) -> int:
    """`cloud list`"""
    for resource in sandbox(options).cloud.resources(options.type):
        print(f"{resource.type:60} {resource.id}")
    return 0


def print_log(options: argparse.Namespace) -> int:
    """`cloud log`"""
    for done in sandbox(options).cloud.log():
        print(f"{done.op:8} {done.type:60} {done.id}")
    return 0


def scale_pool(options: argparse.Namespace) -> int:
    """`cloud scale`"""
    try:
        sandbox(options).cloud.scale(options.pool, options.nodes)
    except (LookupError, ValueError) as error:
        raise SandboxError(str(error.args[0])) from error
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
