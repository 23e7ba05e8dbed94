"""Pulumi's own release of the pinned engine: downloaded, and refused unless its checksum is right."""

from __future__ import annotations

import hashlib
import http.client
import platform
import re
import shutil
import tarfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sandbox.engine.installed import UnavailableError
from sandbox.progress import heartbeat, say

TIMEOUT = 8.0
"""Seconds to wait for a connection, or for the next bytes of one."""

SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True)
class Release:
    """Where a release lies: `pulumi-<version>-checksums.txt` in `checksums`, its archive in `archives`."""

    version: str
    archives: tuple[str, ...]
    checksums: str

    @classmethod
    def official(cls, version: str) -> Release:
        """The places where Pulumi publishes its releases."""
        github = f"https://github.com/pulumi/pulumi/releases/download/v{version}"
        return cls(version, archives=("https://get.pulumi.com/releases/sdk", github), checksums=github)

    def install(self, folder: Path) -> None:
        """Put the programs of the release into `folder`. Raises `UnavailableError` if they are not to be had."""
        name = self._archive_name()
        expected = self._expected_sha256(name)
        reasons = []
        for place in self.archives:
            archive = folder / name
            try:
                fetch(f"{place}/{name}", archive)
                check_sha256(archive, expected)
            except UnavailableError as reason:
                reasons.append(str(reason))
                continue
            unpack(archive, folder)
            archive.unlink()
            return
        raise UnavailableError(" ".join(reasons))

    def _archive_name(self) -> str:
        system, machine = platform.system(), platform.machine()
        if system not in SYSTEMS or machine not in MACHINES:
            raise UnavailableError(f"There is no release that runs on {system} {machine}.")
        return f"pulumi-v{self.version}-{SYSTEMS[system]}-{MACHINES[machine]}.tar.gz"

    def _expected_sha256(self, name: str) -> str:
        url = f"{self.checksums}/pulumi-{self.version}-checksums.txt"
        with reading(url) as response:
            text = response.read().decode(errors="replace")
        for line in text.splitlines():
            match line.split():
                case [digest, listed] if listed == name and re.fullmatch(r"[0-9a-f]{64}", digest):
                    return digest
        raise UnavailableError(f"{url} has no SHA-256 checksum of {name}.")


@contextmanager
def reading(url: str) -> Iterator[http.client.HTTPResponse]:
    """What is at `url`. Raises `UnavailableError`, soon, if nothing answers there or what answers breaks off."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response:
            yield response
    except (OSError, http.client.HTTPException) as error:
        raise UnavailableError(f"{url} could not be read: {getattr(error, 'reason', error)}.") from error


def fetch(url: str, archive: Path) -> None:
    """Download `url` into a file. Raises `UnavailableError`."""
    with reading(url) as response, archive.open("wb") as file, heartbeat("downloading"):
        size = int(response.headers.get("Content-Length", 0)) >> 20
        say(f"  {archive.name}, {size} MB, from {urlsplit(url).hostname}")
        shutil.copyfileobj(response, file)


def check_sha256(archive: Path, expected: str) -> None:
    """Raises `UnavailableError` if the file is not the one that was published."""
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise UnavailableError(f"{archive.name} was refused: its SHA-256 is {found}, not {expected}.")


def unpack(archive: Path, folder: Path) -> None:
    """Put the programs in the archive's one folder, `pulumi/`, straight into `folder`."""
    with tarfile.open(archive) as tar:
        for member in tar:
            if content := tar.extractfile(member):
                program = folder / Path(member.name).name
                with program.open("wb") as file:
                    shutil.copyfileobj(content, file)
                program.chmod(0o755)
