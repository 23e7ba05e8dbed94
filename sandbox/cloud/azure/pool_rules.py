"""What AKS refuses of an agent pool, whether it is made with its cluster or on its own.

Texts that Azure was seen to answer have their source beside them; the others are the sentences of AKS's documentation,
MicrosoftDocs/azure-aks-docs@fb060abe6a8fef960d4c487b543bf7b1e97808fe (spot-node-pool, use-system-pools,
create-node-pools, reduce-latency-ppg, use-labels, use-node-taints, use-capacity-reservation-groups,
node-auto-provisioning), since AKS's own are not published.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.cloud.azure.arm import invalid, refusal
from sandbox.cloud.azure.nodes import MOST_NODES
from sandbox.cloud.values import Properties

SPOT_LABEL: Final = "kubernetes.azure.com/scalesetpriority"
SPOT_TAINT: Final = f"{SPOT_LABEL}=spot:NoSchedule"

# Nothing replaces a pool for these, and AKS does not change them. Source: the pages named above, concepts-storage and
# reliability-availability-zones-configure; 2025-09-01 of the API for what "can only be set at creation".
FIXED: Final = (
    "scaleSetPriority", "scaleSetEvictionPolicy", "spotMaxPrice", "osDiskType", "osDiskSizeGB", "kubeletDiskType",
    "availabilityZones", "gpuProfile", "proximityPlacementGroupID", "capacityReservationGroupID", "hostGroupID",
    "maxPods", "osType", "type", "vnetSubnetID", "podSubnetID", "podIPAllocationMode", "nodePublicIPPrefixID",
    "enableUltraSSD", "enableEncryptionAtHost", "workloadRuntime", "creationData",
)  # fmt: skip

_TAINT = re.compile(r"[a-zA-Z\d][\w\-./]{0,252}=([a-zA-Z\d][\w\-.]{0,62})?:(NoSchedule|PreferNoSchedule|NoExecute)")
_SIZE = re.compile(r"(?i)(standard|basic)_[a-z]+\d+[\w-]*")
# Source: MicrosoftDocs/azure-compute-docs capacity-reservation-overview.md@05a44856413d48d1b2c45c23df447759739695dc.
_NEVER_RESERVED = re.compile(r"(?i)standard_(nd.*|nc\d+ad(i)?s_h100_v5|h[bc]\d.*)")
_LEAST_PRICE: Final = -1


def check(pool: Mapping[str, Any], name: str) -> None:
    """Raises `CloudError` for the first rule that the pool breaks."""
    for error in _errors(pool, name):
        raise error


def unreservable(vm_size: str) -> bool:
    """Whether no capacity can be reserved for machines of this size."""
    return _NEVER_RESERVED.fullmatch(vm_size) is not None


def _errors(pool: Mapping[str, Any], name: str) -> Iterator[Exception]:
    windows = pool.get("osType") == "Windows"
    if windows and len(name) > _LONGEST_WINDOWS_NAME:
        yield invalid("agentPoolProfile.name", "Windows agent pool names must be 6 characters or less.")
    if windows and pool.get("mode") == "System":
        yield invalid("agentPoolProfile.osType", "System pools osType must be Linux.")
    if windows != str(pool.get("osSKU") or ("Windows2022" if windows else "Ubuntu")).startswith("Windows"):
        yield invalid("agentPoolProfile.osSKU", f"{pool.get('osSKU')} is no OS SKU of {pool.get('osType', 'Linux')}.")
    size = pool.get("vmSize")
    if size is None and not pool.get("virtualMachinesProfile"):
        yield refusal(400, "InvalidParameter", "Required parameter agentPoolProfile.vmSize is missing (null).")
    if size is not None and not _SIZE.fullmatch(size):
        yield refusal(400, "BadRequest", f"The VM size of {size} is not allowed in your subscription.")
    yield from _spot(pool)
    yield from _count(pool)
    yield from _placement(pool)
    yield from _labels(pool)
    for taint in pool.get("nodeTaints") or []:
        if not _TAINT.fullmatch(taint):
            yield invalid("agentPoolProfile.nodeTaints", f"'{taint}' is not of the form key=value:Effect.")


_LONGEST_WINDOWS_NAME = 6


def _spot(pool: Mapping[str, Any]) -> Iterator[Exception]:
    price = pool.get("spotMaxPrice")
    if pool.get("scaleSetPriority") != "Spot":
        if pool.get("scaleSetEvictionPolicy") is not None:
            yield invalid(
                "agentPoolProfile.scaleSetEvictionPolicy",
                "This cannot be specified unless the scaleSetPriority is 'Spot'.",
            )
        if price not in (None, _LEAST_PRICE):
            yield invalid("agentPoolProfile.spotMaxPrice", "A max price needs the scaleSetPriority 'Spot'.")
        return
    if pool.get("mode") == "System":
        yield refusal(400, "BadRequest", "Spot node pools require user node pools.")
    if pool.get("type") not in (None, "VirtualMachineScaleSets"):
        yield invalid("agentPoolProfile.type", "A Spot node pool must use Virtual Machine Scale Sets.")
    if price is not None and price != _LEAST_PRICE and not (price > 0 and round(price, 5) == price):
        yield invalid(
            "agentPoolProfile.spotMaxPrice", "The value must be -1 or a positive value with up to five decimal places."
        )
    if (pool.get("upgradeSettings") or {}).get("maxSurge") is not None:
        # XenitAB/terraform-modules#755, Azure/bicep#14517.
        yield invalid("agentPoolProfile.upgrade.maxSurge", "Spot pools can't set max surge.")


def _count(pool: Mapping[str, Any]) -> Iterator[Exception]:
    least, most, count = pool.get("minCount"), pool.get("maxCount"), pool.get("count")
    lowest = 1 if pool.get("mode") == "System" else 0
    if not pool.get("enableAutoScaling"):
        for name, value in (("minCount", least), ("maxCount", most)):
            if value is not None:
                yield invalid(f"agentPoolProfile.{name}", "It can only be set when enableAutoScaling is true.")
        least, most = lowest, MOST_NODES
    for name, value in (("minCount", least), ("maxCount", most)):
        if value is None:
            yield refusal(400, "InvalidParameter", f"Required parameter agentPoolProfile.{name} is missing (null).")
            return
    assert least is not None and most is not None, "checked just now"
    if least < lowest:
        # Azure/azure-cli#22442.
        yield refusal(
            400,
            "InvalidParameter",
            "The value of parameter agentPoolProfile.minCount is invalid. Please see https://aka.ms/aks-naming-rules "
            "for more details.",
        )
    if least > most:
        yield invalid("agentPoolProfile.minCount", f"minCount {least} is bigger than maxCount {most}.")
    if count is not None and not least <= count <= most:
        # kubernetes-sigs/cluster-api-provider-azure#5947.
        yield refusal(
            400,
            "InvalidParameter",
            f"agentPoolProfile.count was {count}. It must be greater or equal to minCount:{least} and less than or "
            f"equal to maxCount:{most}. If allowedMinCount was expected to be 0 but is 1: 1) The nodepool is a VMAS "
            "pool. 2) api Version is less than 2020-03-01. 3) The node is a system pool.",
        )


def _placement(pool: Mapping[str, Any]) -> Iterator[Exception]:
    near, reserved = pool.get("proximityPlacementGroupID"), pool.get("capacityReservationGroupID")
    if near and len(pool.get("availabilityZones") or []) > 1:
        yield invalid(
            "agentPoolProfile.proximityPlacementGroupID",
            "A proximity placement group can map to only one availability zone.",
        )
    if not reserved:
        return
    if unreservable(str(pool.get("vmSize"))):
        # The same text as for a reservation: Azure/azure-cli#18943.
        yield refusal(400, "NotSupported", f"Capacity Reservation is not supported for VM size {pool.get('vmSize')}.")
    for what, has in (
        ("Spot VMs", pool.get("scaleSetPriority") == "Spot"),
        ("Proximity placement groups", near),
        ("Azure Ultra Disk Storage", pool.get("enableUltraSSD")),
        ("Dedicated hosts", pool.get("hostGroupID")),
    ):
        if has:
            yield refusal(400, "NotSupported", f"{what} aren't supported with a capacity reservation group.")


def _labels(pool: Mapping[str, Any]) -> Iterator[Exception]:
    """Labels that Azure keeps for itself; a spot pool may repeat its own."""
    own = {SPOT_LABEL: "spot"} if pool.get("scaleSetPriority") == "Spot" else {}
    for key, value in (pool.get("nodeLabels") or {}).items():
        domain = key.partition("/")[0] if "/" in key else ""
        if own.get(key) == value:
            continue
        if domain == "kubernetes.azure.com":
            # ams0/aks-nvme-ssd-provisioner#5.
            text = f"Invalid node label key {key}. The 'kubernetes.azure.com' prefix is preserved by aks system labels"
            yield refusal(400, "BadRequest", text)
        elif _kubernetes(domain) and domain not in _ALLOWED:
            # Azure/AKS#2866; since Azure/AKS#4628 also roles.
            yield refusal(
                400,
                "BadRequest",
                "For Kubernetes version greater than or equal to 1.16, node label keys in the 'kubernetes.io' or "
                "'k8s.io' namespace must begin with an allowed prefix (kubelet.kubernetes.io, node.kubernetes.io). "
                "For more information, please check https://aka.ms/aks-node-labels-116.",
            )


_ALLOWED = ("kubelet.kubernetes.io", "node.kubernetes.io", "node-role.kubernetes.io")


def _kubernetes(domain: str) -> bool:
    return any(domain == root or domain.endswith(f".{root}") for root in ("kubernetes.io", "k8s.io"))


def check_change(old: Properties, new: Properties) -> None:
    """Raises `CloudError` for a change that AKS does not make; what is not mentioned stays as it is."""
    for name in FIXED:
        value = new.get(name)
        if value is not None and value != old.get(name) and not _same_members(value, old.get(name)):
            raise refusal(
                400, "PropertyChangeNotAllowed", f"Changing property 'properties.{name}' is not allowed."
            )  # pulumi/pulumi-azure-native#959


def _same_members(value: Any, before: Any) -> bool:
    """Ids of another case, zones in another order, and blocks of which some is written down."""
    match value, before:
        case str(), str():
            return value.lower() == before.lower()
        case list(), list():
            return sorted(map(str, value)) == sorted(map(str, before))
        case dict(), dict():
            return all(before.get(name) == item for name, item in value.items())
        case _:
            return False
