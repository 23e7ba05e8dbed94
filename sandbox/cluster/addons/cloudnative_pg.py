"""CloudNativePG: its operator with its admission webhooks, and what plays the instance managers that it asks.

The operator is the real one. What its pods would do, run PostgreSQL and answer for it, is played: see `instances`.
"""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

from sandbox.cluster.addons.addon import (
    Addon,
    Objects,
    authority,
    documents,
    granted,
    namespace,
    python,
    service_account,
)
from sandbox.cluster.api import Object
from sandbox.cluster.control_plane import Layout, flags
from sandbox.cluster.kubeconfig import write_private
from sandbox.cluster.processes import Component
from sandbox.cluster.tools import TOOLS

NAME, SPACE = "cloudnative-pg", "cnpg-system"
OPERATOR, INSTANCES = "cnpg-operator", "cnpg-instances"
CONFIG, MUTATING, VALIDATING = "config", "mutating", "validating"
"""Settings: what configures the operator, such as `INHERITED_LABELS`; and whether what its webhooks of either sort
cannot be asked about passes (`Ignore`) or is refused (`Fail`, unless said).
"""
GROUP = "postgresql.cnpg.io"
_ACCOUNT, _QUERIES = "cnpg-manager", "cnpg-default-monitoring"
_METRICS = f"{OPERATOR}/metrics"
_READ, _PLAYED = ["get", "list"], ("clusters", "databases", "databaseroles", "failoverquorums")


def _certificates(layout: Layout) -> Path:
    """The folder in which it looks for the certificate of its webhooks, under the names that OLM would give it."""
    return layout.folder / NAME


def _settings(layout: Layout) -> dict[str, Any]:
    return dict(layout.settings.addons.get(NAME, {}))


def _prepare(layout: Layout) -> Objects:
    folder = _certificates(layout)
    (folder / "plugins").mkdir(parents=True, exist_ok=True)
    for ending in ("crt", "key"):
        write_private(folder / f"apiserver.{ending}", (layout.certificates.folder / f"server.{ending}").read_text())
    _offer(layout)
    config = layout.tools.folder(OPERATOR) / "config"
    definitions = documents(sorted((config / "crd/bases").glob("*.yaml")))
    rules = [rule for role in documents([config / "rbac/role.yaml"]) for rule in role["rules"]]
    queries = documents([config / "manager/default-monitoring.yaml"])[0]
    queries["metadata"] |= {"name": _QUERIES, "namespace": SPACE}
    webhooks = [_webhook(layout, found) for found in documents([config / "webhook/manifests.yaml"])]
    made = [namespace(SPACE), _account(_ACCOUNT), *granted(_ACCOUNT, rules, SPACE, _ACCOUNT), queries]
    return definitions, [*made, *granted("sandbox-instances", _rights(), SPACE, INSTANCES), *webhooks]


def _offer(layout: Layout) -> None:
    """It looks, where it runs, for the programs by machine that it has for its pods: for one as for its own."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    offered = layout.folder / "run" / "operator" / f"manager_{machine}"
    offered.parent.mkdir(parents=True, exist_ok=True)
    offered.unlink(missing_ok=True)
    offered.symlink_to(layout.tools.place(OPERATOR))


def _account(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": SPACE}}


def _rights() -> list[Object]:
    """What instance managers may do, of that what is played."""
    status = [f"{name}/status" for name in _PLAYED]
    return [
        {"apiGroups": [""], "resources": ["pods"], "verbs": _READ},
        {"apiGroups": [GROUP], "resources": list(_PLAYED), "verbs": _READ},
        {"apiGroups": [GROUP], "resources": status, "verbs": ["patch"]},
    ]


def _webhook(layout: Layout, document: Object) -> Object:
    """Its own list of webhooks, asked at the port of its process."""
    sort = MUTATING if document["kind"].startswith("Mutating") else VALIDATING
    policy = _settings(layout).get(sort)
    for webhook in document["webhooks"]:
        path = webhook["clientConfig"]["service"]["path"]
        webhook["failurePolicy"] = policy or webhook["failurePolicy"]
        webhook["clientConfig"] = {
            "url": f"https://127.0.0.1:{layout.ports[OPERATOR]}{path}",
            "caBundle": authority(layout),
        }
    document["metadata"]["name"] = f"cnpg-{document['metadata']['name']}"
    return document


def _components(layout: Layout) -> list[Component]:
    return [_instances(layout), _operator(layout)]


def _operator(layout: Layout) -> Component:
    kubeconfig, port, folder = layout.kubeconfig(OPERATOR), layout.ports[OPERATOR], _certificates(layout)
    values = {"metrics-bind-address": f"127.0.0.1:{layout.ports[_METRICS]}", "webhook-port": port}
    program, *words = flags(layout.tools.place(OPERATOR), values)
    image = f"ghcr.io/cloudnative-pg/cloudnative-pg:{TOOLS[OPERATOR].version.removeprefix('v')}"
    env = {
        **{name: str(value) for name, value in _settings(layout).get(CONFIG, {}).items()},
        "KUBECONFIG": str(kubeconfig),
        "OPERATOR_NAMESPACE": SPACE,
        "OPERATOR_IMAGE_NAME": image,
        "MONITORING_QUERIES_CONFIGMAP": _QUERIES,
        "PLUGIN_SOCKET_DIR": str(folder / "plugins"),
        "WEBHOOK_CERT_DIR": str(folder),
        "SANDBOX_INSTANCES": f"127.0.0.1:{layout.ports[INSTANCES]}",
    }
    argv, ready = (program, "controller", *words), f"https://127.0.0.1:{port}/readyz"
    return Component(OPERATOR, argv, ready, env, (kubeconfig,), port)


def _instances(layout: Layout) -> Component:
    port = layout.ports[INSTANCES]
    where = {"server": layout.server, "certificates": layout.certificates.folder, "client": INSTANCES, "port": port}
    argv, env = python("sandbox.cluster.addons.instances", where)
    return Component(INSTANCES, argv, f"http://127.0.0.1:{port}/", env, port=port)


CLOUDNATIVE_PG = Addon(
    NAME,
    processes=(INSTANCES, OPERATOR),
    ports=(INSTANCES, OPERATOR, _METRICS),
    clients={OPERATOR: service_account(SPACE, _ACCOUNT), INSTANCES: service_account(SPACE, INSTANCES)},
    prepare=_prepare,
    components=_components,
)
