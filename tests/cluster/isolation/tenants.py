"""Two tenants on a real control plane, people of theirs, and a namespace without any of it to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.cluster import Cluster
from sandbox.cluster.api import Api, ApiError, Object
from sandbox.cluster.platform import platform
from sandbox.engine import find_engine
from tests.cluster.conftest import ROOT
from tests.support.tenants import POSTGRES, QDRANT, REDIS

PROJECT = "name: tenants\nruntime: python\n"
SETTINGS = "config:\n  gcp:project: p\n  gcp:region: us-central1\n"
CAPACITY = {"cpu_millicores": 3900, "memory_mib": 12000, "accelerators": 0}


def pool(name: str, **said: Any) -> dict[str, Any]:
    """A pool as its component offers it."""
    taint = {"key": "workload-type", "value": name, "effect": "NoSchedule"}
    return {
        "name": name,
        "cloud": "gcp",
        "purchase": "on_demand",
        "machine_types": ["e2-standard-4"],
        "min_nodes": 2,
        "max_nodes": 4,
        "labels": {"penstock/pool": name, "workload-type": name},
        "taints": [taint],
        "capacity": CAPACITY,
        **said,
    }


CPU = pool("cpu")
GPU = pool(
    "gpu", capacity={**CAPACITY, "accelerators": 1, "accelerator_resource": "nvidia.com/gpu"}, max_nodes=2, min_nodes=0
)
OTHER = pool("other", labels={"penstock/pool": "other", "workload-type": "cpu"})
REGISTRY = "registry.example.com/acme"
DIGEST = "sha256:" + "a" * 64
IMAGE = f"{REGISTRY}/web@{DIGEST}"
ACME: dict[str, Any] = {
    "pools": [CPU, GPU],
    "cluster_pools": [CPU, GPU, OTHER],
    "quota": {
        "cpu": "4",
        "memory": "8Gi",
        "gpus": 1,
        "storage_gib": 20,
        "ephemeral_storage_gib": 8,
        "pods": 20,
        "objects": {
            "count/jobs.batch": 1,
            "count/cronjobs.batch": 0,
            "persistentvolumeclaims": 2,
            "services": 1,
            "count/scaledobjects.keda.sh": 1,
        },
    },
    "images": {"registries": [REGISTRY]},
    "groups": {role: [f"oidc:acme-{role}s"] for role in ("admin", "developer", "viewer")},
    "containers": {"default_cpu": "100m", "default_memory": "128Mi", "max_cpu": "2", "max_memory": "4Gi"},
    "priority_classes": [{"name": "acme-high", "pods": 1}],
    "scaling": {"max_replicas": 5, "triggers": ["cpu", "cron", "prometheus"], "prometheus_address": "http://acme.prom"},
    "redis": REDIS,
    "postgres": POSTGRES,
    "qdrant": QDRANT,
    "qdrant_collection": True,
    "egress": {"cidrs": ["0.0.0.0/0", "::/0"]},
    "routes": {"gateways": ["gateway/public"], "hostnames": ["acme.example.com", "*.acme.example.com"]},
}
GLOBEX: dict[str, Any] = {
    "pools": [OTHER, CPU],
    "quota": {"cpu": "2", "memory": "4Gi", "pods": 10},
    "images": {"registries": ["registry.example.com/globex"]},
    "groups": {"developer": ["oidc:globex-developers"]},
    "postgres": POSTGRES,
    "qdrant": QDRANT,
}
SPACE, OTHERS, BARE = "tenant-acme", "tenant-globex", "bare"
PEOPLE = ("admin", "developer", "viewer")

PROGRAM = """
import pulumi
import pulumi_gcp as gcp
import pulumi_kubernetes as k8s

from penstock.tenancy.policies import TenantPolicies
from penstock.tenancy.tenant import Tenant
from penstock.workloads.namespace import ServiceNamespace

cluster = gcp.container.Cluster("c", name="c", location="us-central1-a", initial_node_count=1,
    remove_default_node_pool=True, deletion_protection=False)
labels = {"penstock/pool": "cpu", "workload-type": "cpu"}
pool = gcp.container.NodePool("pool", name="pool", cluster=cluster.name, location="us-central1-a", node_count=2,
    node_config={"machine_type": "e2-standard-4", "labels": labels})
on = pulumi.ResourceOptions(depends_on=[pool])
data = ServiceNamespace("data", {}, on)
policies = TenantPolicies("tenants", {}, on)
for name, args in TENANTS.items():
    tenant = Tenant(name, args, pulumi.ResourceOptions(depends_on=[policies, data]))
"""


class Tenants:
    """A stack with tenants."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        folder.mkdir()
        (folder / "Pulumi.yaml").write_text(PROJECT)
        (folder / "Pulumi.dev.yaml").write_text(SETTINGS)
        self._program = folder / "__main__.py"
        self._sandbox = platform(folder, cluster, find_engine(ROOT / ".sandbox" / "engine"))

    def run(self, command: str, tenants: Mapping[str, Any], *, check: bool = True) -> str:
        """What a command says with these tenants; it must pass, or with `check=False` fail."""
        self._program.write_text(f"TENANTS = {dict(tenants)!r}\n{PROGRAM}")
        done = self._sandbox.pulumi(command, check=check)
        assert check or done.returncode
        assert "Traceback" not in done.stdout + done.stderr
        return done.stdout + done.stderr


class As(Api):
    """The API server, asked as somebody of a group, or as a ServiceAccount."""

    def __init__(self, cluster: Cluster, user: str, group: str | None = None) -> None:
        self._admin = cluster.api
        vars(self).update(vars(cluster.api))
        self._headers = {"Impersonate-User": user, **({"Impersonate-Group": group} if group else {})}
        self.user, self.group = user, group

    def refusal(self, thing: Object, space: str = SPACE, *, dry: bool = True) -> str | None:
        """Why an object cannot be made in a namespace; None where it can. Unless `dry`, it is."""
        made = {**thing, "metadata": {**thing["metadata"], "namespace": space}}
        collection = self._admin.path(made).rpartition("/")[0]
        return self._asked("POST", f"{collection}{'?dryRun=All' if dry else ''}", made)

    def refusal_to_delete(self, path: str) -> str | None:
        """Why what stands at a path cannot be deleted; nothing is."""
        return self._asked("DELETE", f"{path}?dryRun=All", None)

    def refusal_to_change(self, path: str, patch: Object) -> str | None:
        """Why what stands at a path cannot be changed; nothing is."""
        return self._asked("PATCH", f"{path}?dryRun=All", patch, "application/merge-patch+json")

    def may(self, verb: str, resource: str, space: str = "", *, group: str = "") -> bool:
        """What the API server's authorizer says (a SubjectAccessReview). `resource` may name a subresource."""
        kind, _, sub = resource.partition("/")
        asked = {"verb": verb, "group": group, "resource": kind, "subresource": sub, "namespace": space}
        groups = ["system:authenticated", *([self.group] if self.group else [])]
        if self.user.startswith("system:serviceaccount:"):
            groups += ["system:serviceaccounts", f"system:serviceaccounts:{self.user.split(':')[2]}"]
        attributes = {key: value for key, value in asked.items() if value}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": self.user, "groups": groups, "resourceAttributes": attributes},
        }
        answer = self._admin.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
        return bool(answer["status"]["allowed"])

    def _asked(self, method: str, path: str, body: Object | None, type_: str = "application/json") -> str | None:
        try:
            self.request(method, path, body, type_)
        except ApiError as refused:
            return str(refused)
        return None
