"""Kubeconfigs without credentials: a program of the cloud gets them when they are needed."""

import json
from collections.abc import Mapping
from typing import Any


def kubeconfig(name: str, server: str, ca_certificate: str | None, credentials: Mapping[str, Any]) -> str:
    """A kubeconfig for kubectl and the Kubernetes provider, as JSON (which is YAML).

    `ca_certificate` is the base64 of a PEM certificate, None where a public authority signs the server's.
    `credentials` is the `exec` part of its user, without the API version.
    """
    cluster = {"server": server}
    if ca_certificate:
        cluster["certificate-authority-data"] = ca_certificate
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [
                {
                    "name": name,
                    "user": {"exec": {"apiVersion": "client.authentication.k8s.io/v1beta1", **credentials}},
                }
            ],
        }
    )
