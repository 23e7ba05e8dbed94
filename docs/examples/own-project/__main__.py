"""A cluster, a pool for everything, a GPU pool, and a model server that is placed by what the pool says of itself."""

import pulumi
import pulumi_kubernetes as k8s

import penstock

cluster = penstock.Cluster(
    "llm",
    {
        "cloud": "gcp",
        "location": "us-central1",
        "zones": ["us-central1-a", "us-central1-b"],
        "deletion_protection": False,
    },
)
system = penstock.OnDemandNodePool(
    "system",
    {"cluster": cluster.ref, "cloud": "gcp", "machine_types": ["e2-standard-4"], "min_nodes": 1, "max_nodes": 3},
)
gpu = penstock.GpuNodePool(
    "gpu-l4",
    {
        "cluster": cluster.ref,
        "cloud": "gcp",
        "machine_types": ["g2-standard-8"],
        "purchase": "spot",
        "min_nodes": 0,
        "max_nodes": 4,
    },
)

# Everything in the cluster goes before its pools do, and is made after them.
provider = k8s.Provider(
    "cluster",
    kubeconfig=cluster.kubeconfig,
    cluster_identifier="own-project",
    opts=pulumi.ResourceOptions(depends_on=[system, gpu]),
)
within = pulumi.ResourceOptions(provider=provider)

namespace = k8s.core.v1.Namespace("models", metadata={"name": "models"}, opts=within)
labels = {"app": "llm"}
k8s.apps.v1.Deployment(
    "llm",
    metadata={"namespace": namespace.metadata.name},
    spec={
        "selector": {"match_labels": labels},
        "replicas": 1,
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                **penstock.scheduling(gpu.ref),
                "containers": [
                    {
                        "name": "server",
                        "image": "vllm/vllm-openai:v0.11.0",
                        "resources": {
                            "requests": {"cpu": "4", "memory": "16Gi"},
                            "limits": {gpu.ref["capacity"]["accelerator_resource"]: "1", "memory": "16Gi"},
                        },
                    }
                ],
            },
        },
    },
    opts=within,
)
pulumi.export("kubeconfig", cluster.kubeconfig)
