"""`python -m sandbox.cluster.platform`: as `python -m sandbox.cloud`, with the cluster of the folder `--home` in it."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from sandbox.cloud.__main__ import make_parser, serve
from sandbox.cloud.server import PACKAGES, Packages
from sandbox.cluster.cluster import Cluster
from sandbox.cluster.platform.provider import LivePackage
from sandbox.cluster.platform.store import PlatformStore


def main() -> None:
    """Runs the cloud until it is told to stop or its standard input ends."""
    parser = make_parser("python -m sandbox.cluster.platform")
    parser.add_argument("--home", type=Path, required=True, metavar="HOME", help="the sandbox's folder")
    parser.add_argument("--tools", type=Path, metavar="DIR", help="where the cluster's programs are kept")
    arguments: argparse.Namespace = parser.parse_args()
    cluster = Cluster(arguments.home, arguments.tools)
    packages: Packages = {**PACKAGES, "kubernetes": partial(LivePackage, cluster=cluster)}
    serve(PlatformStore(arguments.state, cluster), arguments, packages)


if __name__ == "__main__":
    main()
