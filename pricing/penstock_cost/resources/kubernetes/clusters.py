"""In which of the program's clusters an object of Kubernetes lies."""

from __future__ import annotations

from penstock_cost.resources.model import Resource, Stack
from penstock_cost.resources.tokens import plain

CLUSTERS = (
    "aws:eks/cluster:Cluster",
    "gcp:container/cluster:Cluster",
    "azure-native:containerservice:ManagedCluster",
)


def cluster_of(stack: Stack, resource: Resource) -> Resource | None:
    """The cluster from which its provider's kubeconfig is made, or the only one; None where that is not known."""
    provider = stack.provider_of(resource)
    if provider is not None:
        for urn in (*provider.made_from("kubeconfig"), *provider.dependencies):
            made_from = stack.by_urn.get(urn)
            if made_from is not None and plain(made_from.type) in CLUSTERS:
                return made_from
    clusters = [cluster for token in CLUSTERS for cluster in stack.by_type.get(token, ())]
    return clusters[0] if len(clusters) == 1 else None
