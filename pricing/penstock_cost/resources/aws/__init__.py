"""What AWS charges for resources of the package `aws`."""

from penstock_cost.resources.aws import control_plane, disks, groups, instances, network, nodes, reservations

__all__ = ["control_plane", "disks", "groups", "instances", "network", "nodes", "reservations"]
