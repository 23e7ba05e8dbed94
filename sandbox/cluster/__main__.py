"""`python -m sandbox.cluster`: a real Kubernetes control plane on this machine."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sandbox.cluster.addons import ADDONS
from sandbox.cluster.cluster import Cluster
from sandbox.cluster.settings import Pace
from sandbox.cluster.supervisor import ComponentStatus
from sandbox.command import told
from sandbox.errors import SandboxError
from sandbox.progress import say

PROGRAM = "python -m sandbox.cluster"
PACE = {
    "pod_start": "a pod is ready so long after it was placed, unless it says other",
    "node_start": "a node that the autoscaler asks for is ready after so long",
    "node_idle": "a node that the autoscaler made goes when it has been empty for so long",
}
_PLACES = ("--project", "--home", "--tools")


def main(argv: Sequence[str]) -> int:
    """Run a command and return its exit code. Whatever goes wrong is told in sentences."""
    ours, kubectls = split(argv)
    options = make_parser().parse_args(ours)
    options.words = kubectls
    home = options.home or options.project / ".sandbox"
    return told(lambda: int(options.run(Cluster(home, options.tools), options)))


def split(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Our own words, and those of kubectl: all that follow it, but for our own options right behind it."""
    words = list(argv)
    if words[:1] != ["kubectl"]:
        return words, []
    at = 1
    while at < len(words) and words[at].partition("=")[0] in _PLACES:
        at += 1 if "=" in words[at] else 2
    return words[:at], words[at:]


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    place = argparse.ArgumentParser(add_help=False)
    place.add_argument("--project", type=Path, default=Path(), help="folder of Pulumi.yaml (default: here)")
    place.add_argument("--home", type=Path, help="the sandbox's folder (default: .sandbox in the project)")
    place.add_argument(
        "--tools", type=Path, help="where built programs are kept (default: tools in the sandbox's folder)"
    )
    parser = argparse.ArgumentParser(prog=PROGRAM, description="A real Kubernetes control plane on this machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start it, or what of it does not run", parents=[place])
    up.add_argument(
        "--with",
        dest="enable",
        action="append",
        default=[],
        choices=[*ADDONS, "all"],
        metavar="ADDON",
        help=f"have this, too, from now on: {', '.join(ADDONS)}, or all. May be given several times.",
    )
    for name, what in PACE.items():
        kept = f"(default: as before, {getattr(Pace(), name):g} at first)"
        up.add_argument(f"--{name.replace('_', '-')}", type=float, metavar="SECONDS", help=f"{what} {kept}")
    up.set_defaults(run=run_up)
    text = "build every program now, which `up` and Helm releases otherwise do when they need one"
    commands.add_parser("build", help=text, description=text, parents=[place]).set_defaults(run=run_build)
    down = commands.add_parser("down", help="end it; what it holds is kept", parents=[place])
    down.add_argument("--delete", action="store_true", help="delete what it holds, too")
    down.set_defaults(run=run_down)
    status = commands.add_parser("status", help="how each component does; fails unless all are ready", parents=[place])
    status.set_defaults(run=run_status)
    text = "make the nodes that the pools of the pretend cloud have from the start"
    nodes = commands.add_parser("nodes", help=text, description=text, parents=[place])
    nodes.add_argument("cluster", nargs="?", help="the cluster's name in its cloud, where there is more than one")
    nodes.set_defaults(run=run_nodes)
    kubectl = commands.add_parser("kubectl", help="run kubectl on it: `kubectl get nodes`", parents=[place])
    kubectl.usage = f"{PROGRAM} kubectl [--project PROJECT] [--home HOME] [--tools TOOLS] WORD ..."
    kubectl.set_defaults(run=lambda cluster, options: cluster.kubectl(options.words))
    return parser


def run_up(cluster: Cluster, options: argparse.Namespace) -> int:
    """`up`"""
    begun = time.monotonic()
    started = cluster.up(ADDONS if "all" in options.enable else options.enable, chosen_pace(cluster, options))
    if started:
        say(f"Started {', '.join(started)} in {time.monotonic() - begun:.0f} s. The cluster is ready.")
    else:
        say("The cluster is running already.")
    say(f"For other tools: export KUBECONFIG={cluster.kubeconfig}")
    return 0


def chosen_pace(cluster: Cluster, options: argparse.Namespace) -> Pace:
    """The pace as it was, but for what the command line says."""
    stated = {name: getattr(options, name) for name in PACE if getattr(options, name) is not None}
    return replace(cluster.settings.pace, **stated)


def run_build(cluster: Cluster, _options: argparse.Namespace) -> int:
    """`build`"""
    cluster.build()
    say("Every program of the cluster is built.")
    return 0


def run_down(cluster: Cluster, options: argparse.Namespace) -> int:
    """`down`"""
    ended = cluster.down()
    if options.delete:
        cluster.delete()
    what = f"Ended {', '.join(ended)}." if ended else "The cluster was not running."
    say(f"{what} {'What it held is deleted.' if options.delete else 'What it holds is kept; `up` brings it back.'}")
    return 0


def run_status(cluster: Cluster, _options: argparse.Namespace) -> int:
    """`status`"""
    found = cluster.status()
    for component in found:
        sys.stdout.write(f"{line(component)}\n")
    if held := [component.memory for component in found if component.memory]:
        say(f"{len(held)} processes hold {sum(held) / 2**20:.0f} MiB.")
    for component in found:
        if component.last_words:
            say(f"{component.name} died. What it said last:\n{component.last_words}")
    return 0 if all(component.state == "ready" for component in found) else 1


def run_nodes(cluster: Cluster, options: argparse.Namespace) -> int:
    """`nodes`"""
    # Imported here, since they bring the pretend clouds and their price tables along.
    from sandbox.cloud import Cloud
    from sandbox.cluster.pools import node_pools

    # Where there is no cluster, that is what has to be said first.
    cluster.environment()
    pools = node_pools(Cloud(cluster.home / "cloud").resources(), options.cluster)
    names = sorted({pool.cluster for pool in pools})
    if len(names) != 1:
        known = (
            f"has {len(names)} clusters: {', '.join(names)}. Name one of them" if names else "has no such node pools"
        )
        raise SandboxError(f"The pretend cloud {known}. `python -m sandbox cloud list` shows what there is.")
    made, removed = cluster.set_pools(pools)
    for pool in pools:
        most = "fixed" if pool.most is None else f"up to {pool.most}"
        sys.stdout.write(f"{pool.name:40} {pool.least} nodes, {most}\n")
    say(f"{len(made)} nodes were made and {len(removed)} removed.")
    return 0


def line(component: ComponentStatus) -> str:
    """What `status` prints of a component."""
    facts = [f"{component.name:24} {component.state:10}"]
    if component.pid:
        facts.append(f"process {component.pid}")
    if component.port:
        facts.append(f"port {component.port}")
    if component.memory:
        facts.append(f"{component.memory / 2**20:.0f} MiB")
    return "  ".join(facts).rstrip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
