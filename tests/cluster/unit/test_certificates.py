"""Throw-away certificates: whom they name, who signed them, and that they are made once."""

from __future__ import annotations

import ssl
import stat
import subprocess
from pathlib import Path

import pytest

from sandbox.cluster.certificates import Certificates
from sandbox.cluster.control_plane import CLIENTS
from sandbox.errors import SandboxError


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    certificates = Certificates(tmp_path_factory.mktemp("home") / "certificates")
    certificates.make(CLIENTS)
    return certificates


def verify(made: Certificates, name: str, authority: str) -> bool:
    words = ["openssl", "verify", "-CAfile", str(made.crt(authority)), str(made.crt(name))]
    return subprocess.run(words, capture_output=True).returncode == 0


@pytest.mark.parametrize("name", ["server", *CLIENTS])
def test_servers_and_clients_are_signed_by_the_cluster_and_not_by_the_front_proxys_authority(
    made: Certificates, name: str
) -> None:
    assert verify(made, name, "ca")
    assert not verify(made, name, "front-proxy-ca")


def test_the_front_proxy_cannot_pass_for_a_client(made: Certificates) -> None:
    assert verify(made, "front-proxy-client", "front-proxy-ca")
    assert not verify(made, "front-proxy-client", "ca")


def test_private_keys_are_their_owners_alone(made: Certificates) -> None:
    assert stat.S_IMODE(made.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(key.stat().st_mode) for key in made.folder.glob("*.key")} == {0o600}
    for name in ("server", *CLIENTS):
        ssl.create_default_context().load_cert_chain(made.crt(name), made.key(name))


def test_what_is_there_is_kept_and_what_is_missing_is_made(made: Certificates) -> None:
    before = {file: file.read_bytes() for file in made.folder.iterdir() if not file.name.startswith("kwok")}
    made.crt("kwok").unlink()
    made.make(CLIENTS)
    assert verify(made, "kwok", "ca")
    assert {file: file.read_bytes() for file in before} == before


def test_without_openssl_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match="`openssl`, which is not on PATH. Install it"):
        Certificates(tmp_path / "certificates").make(CLIENTS)
