"""A platform in any cloud: its stack file says which one and how large, and nothing here knows the difference."""

import pulumi
import pulumi_kubernetes as k8s

import penstock

config = pulumi.Config("penstock")
settings = config.require_object("cluster")
cloud = penstock.Cloud(settings["cloud"])

cluster = penstock.Cluster("llm", settings)
# Everything in the cluster is made by this provider, after the pools on which it runs; it goes before they do.
inside = k8s.Provider(
    "cluster",
    kubeconfig=cluster.kubeconfig,
    # What is in a cluster stays when the cluster changes, though its kubeconfig is unknown until then.
    cluster_identifier=f"{pulumi.get_stack()}/{settings.get('location', 'here')}",
)
pools = {
    name: penstock.node_pool(
        name, {**pool, "cluster": cluster.ref, "cloud": cloud}, pulumi.ResourceOptions(provider=inside)
    )
    for name, pool in config.require_object("pools").items()
}
controllers = penstock.controllers(cluster.ref, cloud, list(pools.values()), inside)

after = pulumi.ResourceOptions(provider=inside, depends_on=[*pools.values(), *controllers])
namespace = k8s.core.v1.Namespace("models", metadata={"name": "models"}, opts=after)
for name, workload in config.require_object("workloads").items():
    # Any of its pools will do: a spot pool, and the on-demand pool that stands in for it.
    refs = [pools[pool].ref for pool in workload["pools"]]
    labels = {"app": name}
    requests = dict(workload["requests"])
    k8s.apps.v1.Deployment(
        name,
        metadata={"name": name, "namespace": namespace.metadata.name},
        spec={
            "replicas": workload["replicas"],
            "selector": {"match_labels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    **penstock.scheduling(*refs),
                    "containers": [
                        {
                            "name": name,
                            "image": workload["image"],
                            "resources": {"requests": requests, "limits": requests},
                        }
                    ],
                },
            },
        },
        opts=after,
    )

pulumi.export("cluster", cluster.ref)
pulumi.export("kubeconfig", cluster.kubeconfig)
pulumi.export("pools", {name: pool.ref for name, pool in pools.items()})
