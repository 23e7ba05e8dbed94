"""A Redis cluster of real servers, each on a loopback address of its own, run by the scripts that pods run."""

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.servers.redis_client import Client, ClusterClient

DOMAIN = "cache-nodes.data.svc.cluster.local"
USERS = ("admin", "replica", "exporter", "probe")
PATIENCE = 60.0


def until(met: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Waits for a condition; one that cannot be asked for yet is not met."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError, RuntimeError):
            if met():
                return
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds:g} s: {what}")


def make_certificates(folder: Path) -> Path:
    """An authority and one certificate for all nodes, as the component makes them."""
    folder.mkdir()

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=test authority")
    names = f"subjectAltName=DNS:*.{DOMAIN},DNS:localhost"
    openssl("req", *key[:5], "-keyout", "tls.key", "-out", "tls.csr", "-subj", "/CN=cache")
    (folder / "names").write_text(f"{names}\nextendedKeyUsage=serverAuth,clientAuth\n")
    signed = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names")
    openssl("x509", "-req", "-in", "tls.csr", "-out", "tls.crt", *signed)
    for spare in ("ca.key", "tls.csr", "names", "ca.srl"):
        (folder / spare).unlink()
    return folder


class Nodes:
    """As many nodes as `count`, each with its folder, its machine and its address; all use one port."""

    def __init__(self, folder: Path, files: dict[str, str], tls: Path, count: int, machines: list[str]) -> None:
        self.folder, self.tls, self.machines = folder, tls, list(machines)
        self.port = _free_port()
        self.block = f"127.{random.randint(1, 250)}.{random.randint(0, 250)}"
        self.addresses: list[str] = []
        self.processes: dict[int, subprocess.Popen[bytes]] = {}
        self.keepers: dict[int, subprocess.Popen[bytes]] = {}
        self.revision = "r1"
        for part in ("config", "secrets"):
            (folder / part).mkdir()
        for name, text in files.items():
            (folder / "config" / name).write_text(text)
        for user in USERS:
            (folder / "secrets" / f"{user}-password").write_text(f"{user}-secret-1")
        resolver = folder / "resolve"
        hosts = folder / "hosts"
        resolver.write_text(f"#!/bin/sh\nawk -v n=\"$1\" '$1 == n {{ print $2; f = 1 }} END {{ exit !f }}' {hosts}\n")
        resolver.chmod(0o755)
        self.grow(count)

    def grow(self, count: int) -> None:
        """States how many nodes there are, and gives new ones an address."""
        for i in range(len(self.addresses), count):
            self.addresses.append(f"{self.block}.{i + 1}")
        (self.folder / "config" / "nodes").write_text(f"{count}\n")
        self._write_hosts()

    def _write_hosts(self) -> None:
        lines = [f"{self.name(i)} {address}\n" for i, address in enumerate(self.addresses)]
        (self.folder / "hosts.new").write_text("".join(lines))
        (self.folder / "hosts.new").rename(self.folder / "hosts")

    def name(self, i: int) -> str:
        return f"cache-{i}.{DOMAIN}"

    def machine(self, i: int) -> str:
        return self.machines[i % len(self.machines)]

    def __len__(self) -> int:
        return len(self.addresses)

    def environment(self, i: int | None = None, **more: str) -> dict[str, str]:
        """What a script of node `i` is told, or one of a Job."""
        said = {
            "PATH": os.environ["PATH"],
            "CONFIG_DIR": str(self.folder / "config"),
            "SECRETS_DIR": str(self.folder / "secrets"),
            "TLS_DIR": str(self.tls),
            "PORT": str(self.port),
            "NODE_PREFIX": "cache",
            "NODE_DOMAIN": DOMAIN,
            "RESOLVER": str(self.folder / "resolve"),
            "REVISION": self.revision,
            "TMPDIR": str(self.folder),
            "FORM_SECONDS": "240",
            **more,
        }
        if i is None:
            return said
        home = self.folder / str(i)
        for part in ("data", "run"):
            (home / part).mkdir(parents=True, exist_ok=True)
        zone = f"zone-{self.machine(i)}"
        place = {"MACHINE": self.machine(i), "ZONE": zone, "DATA_DIR": str(home / "data"), "RUN_DIR": str(home / "run")}
        own = {"POD_NAME": f"cache-{i}", "POD_IP": self.addresses[i], "BIND": self.addresses[i]}
        return {**said, **place, **own, **more}

    def start(self, *which: int) -> None:
        """Starts nodes and waits until each answers."""
        for i in which:
            log = (self.folder / f"{i}.log").open("ab")
            script = str(self.folder / "config" / "start.sh")
            self.processes[i] = subprocess.Popen(
                ["sh", script], env=self.environment(i), stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )
            log.close()
        for i in which:
            until(lambda i=i: self.alive(i), f"node {i} answers; {self.log(i)}", 20)

    def log(self, i: int) -> str:
        return (self.folder / f"{i}.log").read_text()[-2000:]

    def alive(self, i: int) -> bool:
        if self.processes[i].poll() is not None:
            raise AssertionError(f"node {i} has ended: {self.log(i)}")
        return self.script("probe.sh", "live", node=i).returncode == 0

    def end(self, *which: int, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends nodes: all of them are told first, and again where that was ignored (see pre-stop.sh)."""
        for i in which:
            self.processes[i].send_signal(how)

        def ended(i: int) -> bool:
            self.processes[i].send_signal(how)
            with suppress(subprocess.TimeoutExpired):
                self.processes[i].wait(1)
                return True
            return False

        for i in which:
            until(lambda i=i: ended(i), f"node {i} ends", 20)
            del self.processes[i]

    def end_all(self) -> None:
        """Ends all that runs, keepers with what they run just now."""
        for keeper in self.keepers.values():
            with suppress(ProcessLookupError):
                os.killpg(keeper.pid, signal.SIGKILL)
            keeper.wait(20)
        self.end(*list(self.processes), how=signal.SIGKILL)

    def move(self, *which: int) -> None:
        """Gives nodes other addresses, as new pods have them."""
        for i in which:
            net, last = self.addresses[i].rsplit(".", 1)
            self.addresses[i] = f"{net}.{int(last) + 40}"
        self._write_hosts()

    def wipe(self, i: int) -> None:
        """Takes a node's volume away."""
        shutil.rmtree(self.folder / str(i))

    def script(self, name: str, *words: str, node: int | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        command = ["sh", str(self.folder / "config" / name), *words]
        return subprocess.run(
            command, env=self.environment(node, **more), capture_output=True, text=True, stdin=subprocess.DEVNULL
        )

    def job(self, manifest: dict[str, Any], **more: str) -> subprocess.CompletedProcess[str]:
        """Runs what the pod of a Job would run, with its variables."""
        (container,) = manifest["spec"]["template"]["spec"]["containers"]
        _, script, *words = container["command"]
        said: dict[str, str] = {}
        for variable in container["env"]:
            if "value" in variable and not variable["name"].startswith("NODE_"):
                text = variable["value"]
                for name, value in said.items():
                    text = text.replace(f"$({name})", value)
                said[variable["name"]] = text
        return self.script(Path(script).name, *words, **{**said, **more})

    def form(self, mode: str = "form", **more: str) -> str:
        """What `form.sh` says; it has to succeed."""
        done = self.script("form.sh", mode, **more)
        assert done.returncode == 0, done.stderr
        return done.stderr

    def heal(self) -> str:
        return self.form("heal", POD_NAME="cache-0")

    @contextmanager
    def client(self, i: int, user: str = "admin", password: str = "admin-secret-1") -> Iterator[Client]:
        client = Client(self.addresses[i], self.port, self.tls / "ca.crt", user, password)
        try:
            yield client
        finally:
            client.close()

    def ask(self, i: int, *words: str) -> str:
        """The reply of one node to its administrator, as text."""
        with self.client(i) as client:
            return client.text(*words)

    def info(self, i: int) -> dict[str, str]:
        lines = self.ask(i, "info", "replication").splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)

    def primaries(self) -> list[int]:
        """The nodes that run and are primaries, by what they say themselves."""
        return [i for i in sorted(self.processes) if self.info(i)["role"] == "master"]

    def replica_of(self, primary: int) -> int:
        me = self.ask(primary, "cluster", "myid")
        for i in sorted(self.processes):
            line = next(row for row in self.ask(i, "cluster", "nodes").splitlines() if "myself" in row)
            if line.split()[3] == me:
                return i
        raise AssertionError(f"node {primary} has no replica")

    def cluster(self, first: int = 0, user: str = "admin", password: str = "admin-secret-1") -> ClusterClient:
        """A client that follows redirections. Close it."""

        def connect(address: str) -> Client:
            return Client(address, self.port, self.tls / "ca.crt", user, password)

        return ClusterClient(connect, self.address_of, self.addresses[first])

    def address_of(self, name: str) -> str:
        """The address of a node by its announced name."""
        return dict(zip(map(self.name, range(len(self))), self.addresses, strict=True))[name]

    def keep(self, i: int) -> None:
        """Runs the keeper of a node beside it."""
        log = (self.folder / f"keeper-{i}.log").open("ab")
        script = str(self.folder / "config" / "keeper.sh")
        self.keepers[i] = subprocess.Popen(
            ["sh", script],
            env=self.environment(i, KEEPER_SECONDS="1"),
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        log.close()

    def ok(self) -> bool:
        """Whether every node that runs sees the cluster as whole, and every replica is in step."""
        for i in self.processes:
            if "cluster_state:ok" not in self.ask(i, "cluster", "info"):
                return False
            if self.info(i).get("master_link_status", "up") != "up":
                return False
        return True


def _free_port() -> int:
    """A port that is free, and the one of its bus as well."""
    while True:
        port = random.randint(20000, 29999)
        with suppress(OSError), socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", port))
            other.bind(("127.0.0.1", port + 10000))
            return port
