"""What Google Cloud charges for resources of the package `gcp`."""

from penstock_cost.resources.gcp import clusters, commitments, disks, groups, instances, network, nodes, reservations

__all__ = ["clusters", "commitments", "disks", "groups", "instances", "network", "nodes", "reservations"]
