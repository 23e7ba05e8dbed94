"""Stacks made of a few resources, and a price book of round numbers."""

from typing import Any

from penstock_cost.bill import Bill
from penstock_cost.book import Commitment, MachinePrice, SpotRate
from penstock_cost.money import Confidence, Rate, UnknownPrice
from penstock_cost.resources import Options, Resource, Stack, bill_of

STACK = "urn:pulumi:test::test::pulumi:pulumi:Stack::test-test"
HOUR = 730.0
SERVICES = {
    "eks_control_plane": (0.1, "hour"),
    "eks_control_plane_extended": (0.6, "hour"),
    "gke_control_plane": (0.1, "hour"),
    "aks_free": (0.0, "hour"),
    "aks_standard": (0.1, "hour"),
    "aks_premium": (0.6, "hour"),
    "ebs_gp3": (0.1, "GB-month"),
    "ebs_gp3_iops": (0.01, "IOPS-month"),
    "ebs_gp3_throughput": (0.05, "MBps-month"),
    "ebs_gp2": (0.2, "GB-month"),
    "ebs_io2": (0.3, "GB-month"),
    "ebs_io2_iops": (0.1, "IOPS-month"),
    "nat_gateway": (0.05, "hour"),
    "nat_gb": (0.04, "GB"),
    "external_ipv4": (0.01, "hour"),
    "alb": (0.02, "hour"),
    "alb_lcu": (0.008, "LCU-hour"),
    "nlb": (0.03, "hour"),
    "nlb_lcu": (0.006, "LCU-hour"),
    "vpc_endpoint": (0.01, "hour"),
    "vpc_endpoint_gb": (0.01, "GB"),
    "kms_key": (1.0, "month"),
    "cloudwatch_logs_gb": (0.5, "GB"),
    "pd_standard": (0.04, "GB-month"),
    "pd_balanced": (0.1, "GB-month"),
    "pd_ssd": (0.2, "GB-month"),
    "local_ssd": (0.08, "GB-month"),
    "forwarding_rule": (0.025, "hour"),
    "azure_p10": (20.0, "month"),
    "azure_p15": (40.0, "month"),
    "azure_e10": (10.0, "month"),
    "azure_s4": (1.5, "month"),
    "lb_rules": (0.025, "hour"),
    "egress_inter_zone": (0.01, "GB"),
}


class RoundBook:
    """$1 an hour for each vCPU that the name tells; spot costs a quarter, a commitment half."""

    machine_prices = {
        "m5.large": 1.0,
        "m5.xlarge": 2.0,
        "c5.large": 0.8,
        "p3.2xlarge": 8.0,
        "n1-standard-4": 2.0,
        "n2-standard-2": 1.0,
        "n2-standard-4": 2.0,
        "n2-highmem-2": 1.4,
        "e2-medium": 0.5,
        "Standard_D2s_v5": 1.0,
        "Standard_D8s_v5": 4.0,
    }
    regions = {"aws": ("us-east-1", "eu-west-1"), "gcp": ("us-central1",), "azure": ("eastus",)}

    def machine(self, cloud: str, region: str, name: str) -> MachinePrice:
        if name not in self.machine_prices or region not in self.regions[cloud]:
            raise UnknownPrice(f"No price of {name} in {region}.")
        usd = self.machine_prices[name]
        spot = SpotRate(usd / 4, usd / 4, usd / 4, "", None, "test", "2026-11-01", Confidence.HIGH)
        return self._price(cloud, region, name, usd, spot)

    def accelerator(self, cloud: str, region: str, name: str) -> MachinePrice:
        return self._price(cloud, region, name, 0.5, None)

    def commitment(self, cloud: str, region: str, machine: str, term: str, payment: str) -> Commitment:
        usd = self.machine_prices[machine] / 2
        return Commitment(
            discount=0.5, upfront_fraction=0.0, instrument="x", rate=self._rate(usd), term=term, payment=payment
        )

    def service(self, cloud: str, region: str, item: str) -> Rate:
        if item not in SERVICES:
            raise UnknownPrice(f"No price of {item}.")
        return self._rate(*SERVICES[item])

    def machines(self, cloud: str, region: str) -> list[str]:
        return sorted(self.machine_prices)

    def tiered(self, cloud: str, region: str, item: str, gb: float) -> float:
        return gb * 0.09

    def tier_rate(self, cloud: str, region: str, item: str, gb: float) -> Rate:
        return self._rate(0.09, "GB")

    def negotiated_rate(self, cloud: str, region: str, machine: str, purchase: str) -> Rate | None:
        return None

    def _rate(self, usd: float, unit: str = "hour") -> Rate:
        return Rate(usd, unit, "test", "2026-11-01")

    def _price(self, cloud: str, region: str, name: str, usd: float, spot: SpotRate | None) -> MachinePrice:
        known = {
            "region": region,
            "name": name,
            "on_demand": self._rate(usd),
            "spot": spot,
            "sustained_use": 0.0,
            "cloud": cloud,
        }
        return MachinePrice(**{field: value for field, value in known.items() if field in MachinePrice._fields})


def resource(
    token: str,
    name: str = "it",
    properties: dict[str, Any] | None = None,
    joined: dict[str, list[Resource]] | None = None,
    parent: Resource | None = None,
    custom: bool = True,
    provider: str = "",
) -> Resource:
    """A resource with properties, some of which are made from other resources."""
    return Resource(
        urn=f"urn:pulumi:test::test::{token}::{name}",
        type=token,
        name=name,
        properties=properties or {},
        parent=parent.urn if parent else STACK,
        provider=provider,
        property_dependencies={key: [one.urn for one in ones] for key, ones in (joined or {}).items()},
        custom=custom,
    )


def priced(*resources: Resource, config: dict[str, Any] | None = None, **options: Any) -> Bill:
    """The bill of some resources; regions are those of the configuration."""
    config = config or {"aws:region": "us-east-1", "gcp:region": "us-central1", "azure-native:location": "East US"}
    return bill_of(Stack(resources, config), RoundBook(), Options(**options))  # type: ignore[arg-type]


def machines_of(bill: Bill, name: str = "it") -> Any:
    """The line of a pool's machines."""
    (item,) = [item for item in bill.items if item.kind == "machines" and item.name == name]
    return item


def costs(bill: Bill) -> tuple[float, ...]:
    """Floor, expected, ceiling and bounded ceiling."""
    return tuple(round(usd, 6) for usd in bill.cost)
