"""How the API server of a sandbox cluster is reached, by its kubeconfig, and of no other cluster."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import yaml

from sandbox.cluster.api import Api
from sandbox.cluster.certificates import Certificates
from sandbox.errors import SandboxError
from sandbox.load.watching import Endpoint


@dataclass(frozen=True)
class Access:
    """The API server, and the certificates of whoever asks."""

    server: str
    certificates: Certificates
    client: str

    def api(self) -> Api:
        """A client for single questions."""
        return Api(self.server, self.certificates, self.client)

    def endpoint(self) -> Endpoint:
        """The same for watches."""
        tls = ssl.create_default_context(cafile=str(self.certificates.crt("ca")))
        tls.load_cert_chain(self.certificates.crt(self.client), self.certificates.key(self.client))
        return Endpoint(self.server, tls)


def access(kubeconfig: Path) -> Access:
    """The way to a sandbox cluster. Raises SandboxError where the file is another cluster's."""
    try:
        found = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        (cluster,), (user,) = found["clusters"], found["users"]
        server = str(cluster["cluster"]["server"])
        authority = Path(cluster["cluster"]["certificate-authority"])
        certificate = Path(user["user"]["client-certificate"])
    except FileNotFoundError:
        raise SandboxError(f"There is no {kubeconfig}. `python -m sandbox.cluster up` starts a cluster.") from None
    except (KeyError, TypeError, ValueError, yaml.YAMLError):
        raise SandboxError(_strange(kubeconfig)) from None
    ours = Certificates(authority.parent)
    if authority != ours.crt("ca") or certificate != ours.crt(certificate.stem):
        raise SandboxError(_strange(kubeconfig))
    return Access(server, ours, certificate.stem)


def _strange(kubeconfig: Path) -> str:
    return f"{kubeconfig} is not that of a sandbox cluster: only such a one is put under pretend load."
