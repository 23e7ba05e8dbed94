"""The plugin for backups: whose certificates it and the operator know one another by."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.cluster.addons import barman_cloud
from sandbox.cluster.addons.barman_cloud import BARMAN_CLOUD
from sandbox.cluster.addons.charts import settings
from sandbox.cluster.control_plane import API, Layout
from sandbox.cluster.settings import Settings
from sandbox.cluster.toolbox import Toolbox
from sandbox.errors import SandboxError

OWN = {"certificate": {"createClientCertificate": False, "createServerCertificate": False}}
SECRETS = {"barman-cloud-client-tls", "barman-cloud-server-tls"}


class ApiOfSecrets:
    secrets: dict[str, dict[str, str]] = {}

    def __init__(self, *_words: object) -> None:
        pass

    def find(self, path: str) -> dict[str, Any] | None:
        found = self.secrets.get(path.rpartition("/")[2])
        return (
            {"data": {name: base64.b64encode(text.encode()).decode() for name, text in found.items()}}
            if found
            else None
        )


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A folder with certificates and the module's manifests, and an API server that has no Secret."""
    (tmp_path / "config/rbac").mkdir(parents=True)
    for name in ("role", "role_binding"):
        (tmp_path / "config/rbac" / f"{name}.yaml").touch()
    monkeypatch.setattr(Toolbox, "folder", lambda _toolbox, _name: tmp_path)
    monkeypatch.setattr(barman_cloud, "Api", ApiOfSecrets)
    monkeypatch.setattr(ApiOfSecrets, "secrets", {})
    made = Layout(tmp_path, dict.fromkeys((API, *BARMAN_CLOUD.ports), 20_000), Toolbox(tmp_path / "tools"))
    made.certificates.folder.mkdir()
    for name in ("ca", "server", "barman-cloud-client"):
        made.certificates.crt(name).write_text(f"crt of {name}")
        made.certificates.key(name).write_text(f"key of {name}")
    return made


def with_values(layout: Layout, values: dict[str, Any]) -> Layout:
    return replace(layout, settings=Settings({BARMAN_CLOUD.name: settings("plugin-barman-cloud", values)}))


def objects(layout: Layout) -> dict[str, dict[str, Any]]:
    return {f"{made['kind']} {made['metadata']['name']}": made for made in BARMAN_CLOUD.prepare(layout)[1]}


def read(layout: Layout, flag: str) -> str:
    (process,) = BARMAN_CLOUD.components(layout)
    return Path(next(word for word in process.argv if word.startswith(f"--{flag}=")).partition("=")[2]).read_text()


def test_the_charts_certificates_are_the_clusters_own(layout: Layout) -> None:
    made = objects(with_values(layout, {}))
    assert {f"Secret {name}" for name in SECRETS} <= made.keys()
    assert made["Service barman-cloud"]["metadata"]["annotations"]["cnpg.io/pluginServerName"] == "localhost"
    assert (read(layout, "server-cert"), read(layout, "client-cert")) == ("crt of server", "crt of ca")


def test_certificates_that_the_chart_is_not_to_make_are_those_of_the_secrets(layout: Layout) -> None:
    for name in SECRETS:
        ApiOfSecrets.secrets[name] = {"tls.crt": f"crt of {name}", "tls.key": f"key of {name}"}
    theirs = with_values(layout, OWN)
    made = objects(theirs)
    assert not {f"Secret {name}" for name in SECRETS} & made.keys()
    assert "cnpg.io/pluginServerName" not in made["Service barman-cloud"]["metadata"]["annotations"]
    assert read(theirs, "server-cert") == "crt of barman-cloud-server-tls"
    assert read(theirs, "server-key") == "key of barman-cloud-server-tls"
    assert read(theirs, "client-cert") == "crt of barman-cloud-client-tls"


def test_a_release_before_those_secrets_is_refused(layout: Layout) -> None:
    with pytest.raises(SandboxError, match="There is no Secret barman-cloud-server-tls in namespace cnpg-system"):
        objects(with_values(layout, OWN))
