"""What Azure charges for resources of the package `azure-native`."""

from penstock_cost.resources.azure import clusters, disks, machines, network, reservations, scale_sets

__all__ = ["clusters", "disks", "machines", "network", "reservations", "scale_sets"]
