"""CloudNativePG's plugin for backups: puts a container beside each instance of a cluster that names it, and keeps the
rights of that container. What the container would do, archive and back up, is nobody's here.
"""

from __future__ import annotations

import base64
from pathlib import Path

from sandbox.cluster.addons import cloudnative_pg
from sandbox.cluster.addons.addon import Addon, Objects, documents, local_service, namespace, service_account
from sandbox.cluster.api import Api, Object
from sandbox.cluster.control_plane import Layout, flags
from sandbox.cluster.kubeconfig import write_private
from sandbox.cluster.processes import Component
from sandbox.cluster.tools import TOOLS
from sandbox.errors import SandboxError

NAME, PROCESS, SPACE = "plugin-barman-cloud", "barman-cloud", cloudnative_pg.SPACE
SIDECAR, GIVEN = "sidecar_image", "given_certificates"
"""Settings: the image of the container; its publisher's, unless said. And those of `SIDES` whose certificate the chart
does not make: it is in the Secret of the usual name.
"""
SIDES = SERVER, CLIENT = "server", "client"
IMAGE = {
    "registry": "ghcr.io",
    "repository": "cloudnative-pg/plugin-barman-cloud-sidecar",
    "tag": TOOLS[PROCESS].version,
}
"""The parts of the publisher's image."""
_PLUGIN = "barman-cloud.cloudnative-pg.io"
_HEALTH, _CLIENT = f"{PROCESS}/health", f"{PROCESS}-client"
_SECRETS = {side: f"{PROCESS}-{side}-tls" for side in SIDES}


def _given(layout: Layout, side: str) -> bool:
    return side in layout.settings.addons.get(NAME, {}).get(GIVEN, [])


def _file(layout: Layout, side: str, ending: str) -> Path:
    """Where a side's certificate (`crt`) or key lies."""
    return layout.folder / NAME / f"{side}.{ending}"


def _prepare(layout: Layout) -> Objects:
    config = layout.tools.folder(PROCESS) / "config"
    rights = documents(config / "rbac" / f"{name}.yaml" for name in ("role", "role_binding"))
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": NAME, "namespace": SPACE}}
    secrets = [_secret(layout, side) for side in SIDES if not _given(layout, side)]
    for side in SIDES:
        _write(layout, side)
    service = local_service(SPACE, PROCESS)
    service["metadata"] |= {
        "labels": {"app": PROCESS, "cnpg.io/pluginName": _PLUGIN},
        "annotations": {
            "cnpg.io/pluginClientSecret": _SECRETS[CLIENT],
            "cnpg.io/pluginServerSecret": _SECRETS[SERVER],
            # Unless said it is the service's, for which certificates are made elsewhere.
            **({} if _given(layout, SERVER) else {"cnpg.io/pluginServerName": "localhost"}),
            "cnpg.io/pluginPort": str(layout.ports[PROCESS]),
        },
    }
    definitions = documents(sorted((config / "crd/bases").glob("*.yaml")))
    return definitions, [namespace(SPACE), account, *rights, *secrets, service]


def _secret(layout: Layout, side: str) -> Object:
    """What cert-manager would make of the chart's. The operator trusts the server's certificate alone; here it trusts
    who signed it.
    """
    certificate, key = {SERVER: ("ca", "server"), CLIENT: (_CLIENT, _CLIENT)}[side]
    files = {"tls.crt": layout.certificates.crt(certificate), "tls.key": layout.certificates.key(key)}
    data = {entry: base64.b64encode(file.read_bytes()).decode() for entry, file in files.items()}
    meta = {"name": _SECRETS[side], "namespace": SPACE}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": data}


def _write(layout: Layout, side: str) -> None:
    """Puts what a side needs where the process reads it, as its pod has the Secrets for volumes."""
    (layout.folder / NAME).mkdir(exist_ok=True)
    certificates, endings = layout.certificates, {SERVER: ("crt", "key"), CLIENT: ("crt",)}[side]
    if not _given(layout, side):
        own = {"crt": certificates.crt("server" if side == SERVER else "ca"), "key": certificates.key("server")}
        found = {ending: own[ending].read_text() for ending in endings}
    elif secret := Api(layout.server, certificates).find(f"/api/v1/namespaces/{SPACE}/secrets/{_SECRETS[side]}"):
        found = {ending: base64.b64decode(secret["data"][f"tls.{ending}"]).decode() for ending in endings}
    elif _file(layout, side, "crt").exists():
        return
    else:
        raise SandboxError(
            f"There is no Secret {_SECRETS[side]} in namespace {SPACE}, which the chart {NAME} does not make since "
            f"certificate.create{side.title()}Certificate is false. Make it before the release."
        )
    for ending, content in found.items():
        write_private(_file(layout, side, ending), content)


def _components(layout: Layout) -> list[Component]:
    kubeconfig, port, health = layout.kubeconfig(PROCESS), layout.ports[PROCESS], layout.ports[_HEALTH]
    values = {
        "server-cert": _file(layout, SERVER, "crt"),
        "server-key": _file(layout, SERVER, "key"),
        "client-cert": _file(layout, CLIENT, "crt"),
        "server-address": f"127.0.0.1:{port}",
        "health-probe-bind-address": f"127.0.0.1:{health}",
    }
    program, *words = flags(layout.tools.place(PROCESS), values)
    usual = "{registry}/{repository}:{tag}".format(**IMAGE)
    image = layout.settings.addons.get(NAME, {}).get(SIDECAR) or usual
    env = {"KUBECONFIG": str(kubeconfig), "SIDECAR_IMAGE": str(image)}
    argv, ready = (program, "operator", *words), f"http://127.0.0.1:{health}/readyz"
    reads = (kubeconfig, _file(layout, SERVER, "crt"), _file(layout, CLIENT, "crt"))
    return [Component(PROCESS, argv, ready, env, reads, port)]


BARMAN_CLOUD = Addon(
    NAME,
    processes=(PROCESS,),
    ports=(PROCESS, _HEALTH),
    clients={PROCESS: service_account(SPACE, NAME), _CLIENT: f"/CN={_CLIENT}"},
    prepare=_prepare,
    components=_components,
    needs=(cloudnative_pg.NAME,),
)
