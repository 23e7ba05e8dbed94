"""`python -m sandbox.cloud --state DIR [--faults FILE] [--packages aws,gcp,…]`

Prints one line, `PULUMI_DEBUG_PROVIDERS=…`, when it is ready.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from sandbox.cloud.server import PACKAGES, CloudServer, End, Packages
from sandbox.cloud.store import Store


def main() -> None:
    """Runs the cloud until it is told to stop or its standard input ends."""
    parser = make_parser("python -m sandbox.cloud")
    parser.add_argument("--packages", type=_packages, default=list(PACKAGES), metavar="NAMES", help="comma-separated")
    arguments = parser.parse_args()
    serve(Store(arguments.state), arguments, {name: PACKAGES[name] for name in arguments.packages})


def make_parser(program: str) -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog=program, description="A pretend cloud for Pulumi's engine.")
    parser.add_argument("--state", type=Path, required=True, metavar="DIR", help="folder that holds what exists")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="JSON list of faults to strike with")
    return parser


def serve(store: Store, arguments: argparse.Namespace, packages: Packages) -> None:
    """Serves a cloud, and says where."""
    end = End()
    server = CloudServer(store, arguments.faults, packages)
    server.start()
    print(f"PULUMI_DEBUG_PROVIDERS={server.debug_providers}", flush=True)  # noqa: T201
    end.wait()
    server.stop()
    # At once: all that was done is on disk, and Python would take its time to free what is loaded.
    os._exit(0)


def _packages(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in PACKAGES]
    if unknown:
        raise argparse.ArgumentTypeError(f"There is no package {', '.join(unknown)}; there are {', '.join(PACKAGES)}.")
    return names


if __name__ == "__main__":
    main()
