"""The programs that are measured against one another."""

from pathlib import Path

_PROJECT = "name: bench\nruntime:\n  name: python\nmain: program/\n"
_SETTINGS = "config:\n  gcp:project: penstock-bench\n  gcp:region: us-central1\n"

_CLUSTER = """
import pulumi_gcp as gcp

project = gcp.organizations.get_project_output()
network = gcp.compute.Network("network", auto_create_subnetworks=False)
subnetwork = gcp.compute.Subnetwork("subnetwork", region="us-central1", network=network.id, ip_cidr_range="10.0.0.0/20")
account = gcp.serviceaccount.Account("nodes", account_id="bench-nodes", project=project.project_id)
ring = gcp.kms.KeyRing("ring", location="us-central1")
cluster = gcp.container.Cluster(
    "bench", location="us-central1", network=network.id, subnetwork=subnetwork.id,
    initial_node_count=1, remove_default_node_pool=True, deletion_protection=False,
)
"""

_BARE_POOL = """
gcp.container.NodePool(
    "pool-{i}",
    cluster=cluster.name,
    location="us-central1",
    node_locations=["us-central1-a", "us-central1-b", "us-central1-c"],
    initial_node_count=0,
    autoscaling={{"total_min_node_count": 0, "total_max_node_count": 5, "location_policy": "ANY"}},
    management={{"auto_repair": True, "auto_upgrade": True}},
    upgrade_settings={{"strategy": "SURGE", "max_surge": 1, "max_unavailable": 0}},
    network_config={{"enable_private_nodes": True}},
    node_config={{
        "machine_type": "n2-standard-8", "image_type": "COS_CONTAINERD", "disk_type": "pd-balanced",
        "disk_size_gb": 100, "labels": {{"a": "b"}}, "metadata": {{"disable-legacy-endpoints": "true"}},
        "taints": [{{"key": "a", "value": "b", "effect": "NO_SCHEDULE"}}], "service_account": account.email,
        "oauth_scopes": ["https://www.googleapis.com/auth/cloud-platform"], "spot": True,
        "shielded_instance_config": {{"enable_secure_boot": True, "enable_integrity_monitoring": True}},
        "workload_metadata_config": {{"mode": "GKE_METADATA"}},
        "reservation_affinity": {{"consume_reservation_type": "NO_RESERVATION"}},
    }},
)
"""

_BARE_OTHER = """
gcp.projects.IAMMember("member-{i}", project=project.project_id, role="roles/r{i}", member="serviceAccount:a@b.c")
"""

_POOLS = """
import penstock

cluster = {{
    "cloud": "gcp", "name": "bench", "location": "us-central1", "project": "penstock-bench",
    "zones": ["us-central1-a", "us-central1-b", "us-central1-c"],
}}
for i in range({count}):
    penstock.SpotNodePool(f"pool-{{i}}", {{
        "cluster": cluster, "cloud": "gcp", "machine_types": ["n2-standard-8"], "min_nodes": 0, "max_nodes": 5,
        "labels": {{"a": "b"}}, "taints": [{{"key": "a", "value": "b"}}],
    }})
"""

_TENANTS = """
import pulumi
import pulumi_kubernetes as k8s
import penstock

inside = k8s.Provider("cluster", kubeconfig=json.dumps(KUBECONFIG))
opts = pulumi.ResourceOptions(provider=inside)
policies = penstock.TenantPolicies("tenants", {{}}, opts)
after = pulumi.ResourceOptions(provider=inside, depends_on=[policies])
for i in range({count}):
    penstock.Tenant(f"tenant-{{i}}", {{
        "pools": [POOL], "quota": {{"cpu": "1", "memory": "4Gi"}}, "images": {{"registries": ["registry.example.com"]}},
        "groups": {{"admin": [f"oidc:{{i}}-admins"], "developer": [f"oidc:{{i}}-developers"]}},
        "redis": REDIS, "postgres": POSTGRES, "qdrant": QDRANT,
    }}, after)
"""
_POOL = {
    "name": "shared",
    "cloud": "gcp",
    "purchase": "on_demand",
    "machine_types": ["n2-standard-8"],
    "min_nodes": 1,
    "max_nodes": 500,
    "labels": {"penstock/pool": "shared"},
    "taints": [],
    "capacity": {"cpu_millicores": 7910, "memory_mib": 30000, "accelerators": 0},
}
_REDIS = {
    "name": "cache",
    "namespace": "data",
    "host": "cache.data.svc.cluster.local",
    "port": 6379,
    "use": "cache",
    "replicas": 6,
    "memory_mib": 6144,
    "image": "docker.io/library/redis:8",
    "admin_secret": "cache-admin",
    "tls_secret": "cache-tls",
    "labels": {"app.kubernetes.io/name": "redis", "app.kubernetes.io/instance": "cache"},
}
_POSTGRES = {
    "name": "main",
    "namespace": "data",
    "host": "main-pooler-rw.data.svc.cluster.local",
    "read_host": "main-pooler-ro.data.svc.cluster.local",
    "direct_host": "main-rw.data.svc.cluster.local",
    "port": 5432,
    "database": "platform",
    "image": "ghcr.io/cloudnative-pg/postgresql:18-standard-trixie",
    "admin_secret": "main-admin",
    "ca_secret": "main-ca",
    "labels": {"cnpg.io/cluster": "main"},
    "pooler_labels": {"cnpg.io/poolerName": "main"},
}
_QDRANT = {
    "name": "vectors",
    "namespace": "data",
    "host": "vectors.data.svc.cluster.local",
    "port": 6333,
    "grpc_port": 6334,
    "collection": "shared",
    "vector_size": 384,
    "api_key": "key",
    "admin_secret": "vectors-keys",
    "tls": False,
    "client_image": "docker.io/library/python:3",
    "scripts": "vectors-scripts",
    "replicas": 2,
    "nodes": 3,
    "labels": {"app.kubernetes.io/name": "qdrant", "app.kubernetes.io/instance": "vectors"},
}
_KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "bench", "cluster": {"server": "https://192.0.2.1"}}],
    "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
    "users": [{"name": "bench", "user": {"token": "bench"}}],
    "current-context": "bench",
}


def bare(*, pools: int, others: int) -> str:
    """A program of the stack itself, a cluster of five resources' kinds, node pools, and small resources."""
    parts = [_CLUSTER, *(_BARE_POOL.format(i=i) for i in range(pools))]
    return "".join([*parts, *(_BARE_OTHER.format(i=i) for i in range(others))])


def pools(count: int) -> str:
    """A program of `count` pools in a cluster that exists."""
    return _POOLS.format(count=count)


def tenants(count: int) -> str:
    """A program of `count` tenants, each with its part of three stores that exist."""
    known = {"KUBECONFIG": _KUBECONFIG, "POOL": _POOL, "REDIS": _REDIS, "POSTGRES": _POSTGRES, "QDRANT": _QDRANT}
    stated = "".join(f"{name} = {value!r}\n" for name, value in known.items())
    return f"import json\n{stated}{_TENANTS.format(count=count)}"


def write(folder: Path, program: str) -> None:
    """Writes a project with this program and a stack `dev`."""
    (folder / "program").mkdir(parents=True, exist_ok=True)
    (folder / "Pulumi.yaml").write_text(_PROJECT)
    (folder / "Pulumi.dev.yaml").write_text(_SETTINGS)
    (folder / "program" / "__main__.py").write_text(program)


_IDLE_PACK = """
import pulumi_policy

nothing = pulumi_policy.ResourceValidationPolicy("nothing", "Checks nothing.", lambda _args, _report: None)
pulumi_policy.PolicyPack("{name}", [nothing])
"""


def idle_pack(folder: Path) -> Path:
    """The folder of a policy pack that checks nothing."""
    folder.mkdir()
    (folder / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (folder / "__main__.py").write_text(_IDLE_PACK.format(name=folder.name))
    return folder
