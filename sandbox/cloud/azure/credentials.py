"""Kubeconfigs that AKS hands out, and where an API server listens.

Source of their form: MicrosoftDocs/azure-aks-docs articles/aks/kubelogin-authentication.md
@fb060abe6a8fef960d4c487b543bf7b1e97808fe; of the refusal: hashicorp/terraform-provider-azurerm#15489.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Final

import yaml

from sandbox.cloud.azure import arm
from sandbox.cloud.gcp.places import cluster_ca
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import Properties

# The application that all AKS clusters' API servers are to Microsoft Entra.
_SERVER: Final = "6dae42f8-4368-4678-94ff-3960e28e3630"
_CLIENT: Final = "80faf920-1908-4b52-b5ef-a8e7bedfc67a"


def host(cluster: CloudResource) -> str:
    """The host and port of the cluster's API server."""
    return f"{cluster.outputs.get('privateFQDN') or cluster.outputs['fqdn']}:443"


def user_credentials(cluster: CloudResource, server: str | None, form: str | None) -> Properties:
    """The kubeconfig of whoever is logged in, or of the cluster's own user when nobody can log in."""
    name = f"clusterUser_{arm.segment(cluster.id, 'resourcegroups')}_{arm.name_of(cluster.id)}"
    if cluster.outputs.get("aadProfile"):
        user = _azure_provider() if form == "azure" else _exec(form)
        return _credentials("clusterUser", cluster, name, user, server)
    _require_accounts(cluster)
    return _credentials("clusterUser", cluster, name, _certificate(cluster, "user"), server)


def admin_credentials(cluster: CloudResource, server: str | None) -> Properties:
    """The kubeconfig of the cluster's own administrator."""
    _require_accounts(cluster)
    name = f"clusterAdmin_{arm.segment(cluster.id, 'resourcegroups')}_{arm.name_of(cluster.id)}"
    return _credentials("clusterAdmin", cluster, name, _certificate(cluster, "admin"), server)


def _require_accounts(cluster: CloudResource) -> None:
    if cluster.outputs.get("disableLocalAccounts"):
        raise arm.refusal(
            400,
            "BadRequest",
            "Getting static credential is not allowed because this cluster is set to disable local accounts.",
        )


def _credentials(
    kind: str, cluster: CloudResource, user: str, account: dict[str, Any], server: str | None
) -> Properties:
    name = arm.name_of(cluster.id)
    context = f"{name}-admin" if kind == "clusterAdmin" else name
    authority = base64.b64encode(cluster_ca().encode()).decode()
    at = f"{server}:443" if server else host(cluster)
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "current-context": context,
        "clusters": [{"name": name, "cluster": {"certificate-authority-data": authority, "server": f"https://{at}"}}],
        "contexts": [{"name": context, "context": {"cluster": name, "user": user}}],
        "users": [{"name": user, "user": account}],
    }
    text = yaml.safe_dump(config, sort_keys=False)
    return {"kubeconfigs": [{"name": kind, "value": base64.b64encode(text.encode()).decode()}]}


def _exec(form: str | None) -> dict[str, Any]:
    """The user part with kubelogin, which every supported version of Kubernetes gets, whatever form is asked for."""
    arguments = ["get-token", "--environment", "AzurePublicCloud", "--server-id", _SERVER, "--client-id", _CLIENT]
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "kubelogin",
            "args": [*arguments, "--tenant-id", arm.TENANT, "--login", "devicecode"],
            "env": None,
            "installHint": "kubelogin is not installed which is required to connect to AAD enabled cluster.",
            "provideClusterInfo": False,
        }
    }


def _azure_provider() -> dict[str, Any]:
    config = {
        "apiserver-id": _SERVER,
        "client-id": _CLIENT,
        "config-mode": "1",
        "environment": "AzurePublicCloud",
        "tenant-id": arm.TENANT,
    }
    return {"auth-provider": {"name": "azure", "config": config}}


def _certificate(cluster: CloudResource, of: str) -> dict[str, Any]:
    """A certificate, key and token that open nothing."""
    secret = hashlib.sha256(f"{cluster.id}#{of}".encode()).hexdigest()
    fake = base64.b64encode(f"sandbox {of} {secret}".encode()).decode()
    return {"client-certificate-data": fake, "client-key-data": fake, "token": secret}
