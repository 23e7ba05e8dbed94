"""Kubeconfig files: where the API server is, and who asks."""

from __future__ import annotations

import os
from pathlib import Path

import yaml

from sandbox.cluster.certificates import Certificates


def write_kubeconfig(file: Path, server: str, certificates: Certificates, client: str) -> Path:
    """Let `client`, one of those that have a certificate, talk to the API server at `server`."""
    user = {"client-certificate": str(certificates.crt(client)), "client-key": str(certificates.key(client))}
    cluster = {"server": server, "certificate-authority": str(certificates.crt("ca"))}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "sandbox",
        "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": client}}],
        "clusters": [{"name": "sandbox", "cluster": cluster}],
        "users": [{"name": client, "user": user}],
    }
    write_private(file, yaml.safe_dump(config, sort_keys=False))
    return file


def write_private(file: Path, text: str) -> None:
    """Replace a file in one step by one that only its owner can read; an equal one stays as it is."""
    if file.exists() and file.read_text() == text:
        return
    draft = file.with_name(f".{file.name}.draft")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as stream:
        stream.write(text)
    draft.replace(file)
