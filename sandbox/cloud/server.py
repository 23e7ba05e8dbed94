"""Serves the providers: a loopback port per package, until told to stop or the parent is gone."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from sandbox.cloud.aws.regions import AwsPackage
from sandbox.cloud.azure.package import AzurePackage
from sandbox.cloud.faults import Faults
from sandbox.cloud.gcp.package import GcpPackage
from sandbox.cloud.kubernetes.package import KubernetesPackage
from sandbox.cloud.package import Package
from sandbox.cloud.random.package import RandomPackage
from sandbox.cloud.servicer import Servicer
from sandbox.cloud.store import Store
from sandbox.cloud.tls.package import TlsPackage

Packages = Mapping[str, Callable[[str, Store], Package]]
"""Providers by their names: how each is made for a cloud that is kept in a store."""
PACKAGES: Final[Packages] = {
    "aws": AwsPackage,
    "azure-native": AzurePackage,
    "gcp": GcpPackage,
    "kubernetes": KubernetesPackage,
    "random": RandomPackage,
    "tls": TlsPackage,
}
STDIN: Final = 0
_THREADS = 32
_LARGEST_MESSAGE = 400 * 1024 * 1024
_GRACE_SECONDS = 0.5


class CloudServer:
    """The providers of a cloud; `start` tells their ports."""

    def __init__(self, store: Store, faults_file: Path | None = None, packages: Packages = PACKAGES) -> None:
        faults = Faults.load(faults_file, store.folder)
        self._pool = ThreadPoolExecutor(_THREADS)
        self._servers: dict[str, grpc.Server] = {}
        self.ports: dict[str, int] = {}
        for name, make in packages.items():
            server = grpc.server(self._pool, options=[("grpc.max_receive_message_length", _LARGEST_MESSAGE)])
            servicer = Servicer(make(name, store), faults)
            provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
            self.ports[name] = server.add_insecure_port("127.0.0.1:0")
            self._servers[name] = server

    def start(self) -> None:
        """Begins to answer."""
        for server in self._servers.values():
            server.start()

    def stop(self) -> None:
        """Finishes what is under way, briefly, and ends."""
        for stopped in [server.stop(_GRACE_SECONDS) for server in self._servers.values()]:
            stopped.wait()
        self._pool.shutdown(cancel_futures=True)

    @property
    def debug_providers(self) -> str:
        """The value for PULUMI_DEBUG_PROVIDERS."""
        return ",".join(f"{name}:{port}" for name, port in self.ports.items())


class End:
    """SIGTERM, SIGINT, or the end of standard input, which comes when the parent dies."""

    def __init__(self) -> None:
        # Signals become readable bytes: a handler that set an event could meet its own thread holding the event's lock.
        self._told, teller = os.pipe()
        os.set_blocking(teller, False)
        signal.set_wakeup_fd(teller)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda signum, frame: None)

    def wait(self) -> None:
        """Returns when one of them has come."""
        while True:
            readable, _, _ = select.select([STDIN, self._told], [], [])
            if self._told in readable or not os.read(STDIN, 4096):
                return
