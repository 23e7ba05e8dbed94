"""Throw-away certificates of a cluster: two authorities, the servers' certificate, and one for every client."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SandboxError

_DAYS = 3650
_SERVER_NAMES = (
    "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,"
    "DNS:kubernetes.default.svc.cluster.local,DNS:*.kube-system.svc,DNS:*.monitoring.svc,DNS:*.keda.svc,"
    "IP:127.0.0.1,IP:10.96.0.1"
)


@dataclass(frozen=True)
class Certificates:
    """The folder of the certificates, private to its owner."""

    folder: Path

    def crt(self, name: str) -> Path:
        """A certificate."""
        return self.folder / f"{name}.crt"

    def key(self, name: str) -> Path:
        """Its private key."""
        return self.folder / f"{name}.key"

    def make(self, clients: Mapping[str, str]) -> None:
        """Make all that are not there. `clients` tells what stands in the certificate of each.

        The key of service accounts is the one of its own certificate.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._authority("ca", "/CN=sandbox")
        self._authority("front-proxy-ca", "/CN=sandbox-front-proxy")
        self._signed("server", "/CN=sandbox-server", "ca", f"subjectAltName={_SERVER_NAMES}\n")
        for name, subject in {**clients, "etcd-client": "/CN=kube-apiserver"}.items():
            self._signed(name, subject, "ca")
        self._signed("front-proxy-client", "/CN=front-proxy-client", "front-proxy-ca")
        self._signed("service-accounts", "/CN=service-accounts", "ca")

    def _authority(self, name: str, subject: str) -> None:
        if not self.crt(name).exists():
            self._signed(
                name, subject, None, "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
            )

    def _signed(self, name: str, subject: str, authority: str | None, extensions: str = "") -> None:
        """A key and its certificate. The certificate comes last, so that where it is, all is."""
        if self.crt(name).exists():
            return
        if authority:
            extensions += "keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n"
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="unfinished-") as temporary:
            here = Path(temporary)
            key, request, signed = here / "key", here / "request", here / "crt"
            (here / "extensions").write_text(extensions)
            _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(key))
            _openssl("req", "-new", "-key", str(key), "-subj", subject, "-out", str(request))
            by = ["-signkey", str(key)]
            if authority:
                by = ["-CA", str(self.crt(authority)), "-CAkey", str(self.key(authority)), "-CAcreateserial"]
                by += ["-CAserial", str(here / "serial")]
            output = ["-extfile", str(here / "extensions"), "-days", str(_DAYS), "-sha256", "-out", str(signed)]
            _openssl("x509", "-req", "-in", str(request), *by, *output)
            key.chmod(0o600)
            key.rename(self.key(name))
            signed.rename(self.crt(name))


def _openssl(*words: str) -> None:
    try:
        done = subprocess.run(["openssl", *words], capture_output=True, text=True)
    except FileNotFoundError as missing:
        raise SandboxError(
            "The cluster's certificates are made by `openssl`, which is not on PATH. Install it and run this again."
        ) from missing
    if done.returncode:
        raise SandboxError(f"`openssl {words[0]}` failed: {done.stderr.strip()}")
