"""The plan of a pool's launch template: everything about its machines that EKS leaves to one."""

from collections.abc import Mapping
from typing import Any

from penstock.nodes.args import DiskType, NodeImage
from penstock.nodes.eks import tables
from penstock.nodes.eks.node import disk_gib
from penstock.nodes.eks.reservation_rules import RESERVATION_ID
from penstock.nodes.eks.spec import EksPoolSpec
from penstock.nodes.eks.user_data import uses_local_disks
from penstock.refs import Purchase

# What gp3 can be given, beyond its 3,000 operations and 125 MiB a second: up to 500 operations a second for each GiB.
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchTemplateEbsBlockDeviceRequest.html
_MOST_IOPS, _MOST_IOPS_PER_GIB, _MOST_MIB_A_SECOND = 16000, 500, 1000

# On the bill and in the console these tell pools apart.
POOL_TAG = "penstock-pool"
_TAGGED = ("instance", "volume", "network-interface")


def launch_template_args(spec: EksPoolSpec) -> dict[str, Any]:
    """Every provider input of the launch template that does not depend on another resource or on the cluster.

    The market is never `spot`: EKS takes that from the node group and refuses it here.
    """
    args: dict[str, Any] = {
        "update_default_version": True,
        "block_device_mappings": _disks(spec),
        # One hop: the node itself gets at its role's credentials, its pods do not.
        "metadata_options": {"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1},
    }
    if spec.disk.type is DiskType.LOCAL:
        args["user_data"] = uses_local_disks(spec.node_image)
    if spec.from_block:
        args["instance_market_options"] = {"market_type": "capacity-block"}
        args["instance_type"] = spec.machine.name  # and none on the node group
    return args


def tag_specifications(tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """Puts `tags` on what a launch makes: neither EKS nor the provider's default tags reach that."""
    return [{"resource_type": made, "tags": dict(tags)} for made in _TAGGED]


def tags(name: str, cluster_labels: Mapping[str, str] | None) -> dict[str, str]:
    """The tags of everything of the pool `name`: its cluster's cost labels, and its own."""
    return {**(cluster_labels or {}), POOL_TAG: name}


def takes_no_reservation(spec: EksPoolSpec) -> dict[str, Any] | None:
    """For a pool without a reservation: an open one of somebody else's must not be eaten by accident.

    None for spot, which cannot run in reservations anyway.
    """
    return None if spec.purchase is Purchase.SPOT else {"capacity_reservation_preference": "none"}


def takes_reservation(name: str) -> dict[str, Any]:
    """Consumes the reservation (or the resource group of reservations) with this id (or ARN)."""
    kind = "id" if RESERVATION_ID.fullmatch(name) else "resource_group_arn"
    return {"capacity_reservation_target": {f"capacity_reservation_{kind}": name}}


def network_interfaces(machine_type: str) -> list[dict[str, Any]]:
    """The network interfaces of a machine with all its Elastic Fabric Adapters.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-acc-inst-types.html: the first interface carries the IP
    traffic, which on most machines an adapter can do; the others only carry EFA's and take no addresses.
    """
    found = tables.adapters(machine_type)
    assert found is not None
    assert found.network_cards is not None
    primary_type = "interface" if found.first_card else "efa"  # some have none on the card that everything goes by
    primary = {"network_card_index": 0, "device_index": 0, "interface_type": primary_type}
    others = [
        {"network_card_index": card, "device_index": 1, "interface_type": "efa-only"}
        for card in range(1, found.network_cards)
    ]
    return [{**interface, "delete_on_termination": "true"} for interface in (primary, *others)]


def _disks(spec: EksPoolSpec) -> list[dict[str, Any]]:
    disk = {"volume_size": disk_gib(spec), **_ebs(), **_speed(spec)}
    if spec.node_image is NodeImage.BOTTLEROCKET:
        # Its first disk holds the system only, in the size that the image has; images and pods live on the second.
        return [{"device_name": "/dev/xvda", "ebs": _ebs()}, {"device_name": "/dev/xvdb", "ebs": disk}]
    return [{"device_name": "/dev/xvda", "ebs": disk}]


def _ebs() -> dict[str, str]:
    return {"volume_type": "gp3", "encrypted": "true", "delete_on_termination": "true"}


def _speed(spec: EksPoolSpec) -> dict[str, int]:
    """A fast disk is a gp3 at its limits: io2 has more, at many times the price, for a durability no node needs."""
    if spec.disk.type is not DiskType.PERFORMANCE:
        return {}
    return {"iops": min(_MOST_IOPS, _MOST_IOPS_PER_GIB * disk_gib(spec)), "throughput": _MOST_MIB_A_SECOND}
