"""A server on the loopback address that answers like the clouds' public price lists.

The answers are written by hand from the documented formats; their prices are no cloud's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

AWS_COLUMNS = (
    "SKU", "OfferTermCode", "RateCode", "TermType", "PriceDescription", "EffectiveDate", "StartingRange", "EndingRange",
    "Unit", "PricePerUnit", "Currency", "RelatedTo", "LeaseContractLength", "PurchaseOption", "OfferingClass",
    "Product Family", "serviceCode", "Location", "Location Type", "Instance Type", "Tenancy", "Operating System",
    "operation", "CapacityStatus", "Pre Installed S/W", "Region Code",
)  # fmt: skip


class Answer(NamedTuple):
    body: str = ""
    status: int = 200
    headers: dict[str, str] = {}
    cut: int = 0
    """Bytes that are promised and not sent."""


Route = Callable[[dict[str, str]], Answer]


class PriceLists:
    """Serves one route for each path; keeps what was asked."""

    def __init__(self, **_: Any) -> None:
        self.routes: dict[str, Route] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        lists = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                lists.asked.append((parts.path, query))
                route = lists.routes.get(parts.path)
                answer = route(query) if route else Answer("no such page", 404)
                body = answer.body.encode()
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body) + answer.cut))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve(self, path: str, *answers: Answer) -> None:
        """Answers a path with each in turn, then with the last for ever."""
        left = list(answers)
        self.routes[path] = lambda _: left.pop(0) if len(left) > 1 else left[0]


def aws_csv(rows: list[dict[str, str]]) -> str:
    """A region's price list file of AmazonEC2."""
    about = [
        '"FormatVersion","v1.0"',
        '"Disclaimer","Written by hand for tests."',
        '"Publication Date","2026-11-19T18:13:31Z"',
    ]
    about += ['"Version","20261119181331"', '"OfferCode","AmazonEC2"']
    plain = {
        "TermType": "OnDemand", "Unit": "Hrs", "Currency": "USD", "Tenancy": "Shared", "Operating System": "Linux",
        "operation": "RunInstances", "CapacityStatus": "Used", "Pre Installed S/W": "NA", "Product Family": "Compute Instance",
    }  # fmt: skip
    lines = [",".join(f'"{name}"' for name in AWS_COLUMNS)]
    for row in rows:
        cells = {**plain, **row}
        lines.append(",".join(f'"{cells[name]}"' if cells.get(name) else "" for name in AWS_COLUMNS))
    return "\n".join([*about, *lines]) + "\n"


def aws_index(*regions: str) -> Answer:
    path = "/offers/v1.0/aws/AmazonEC2/20261119181331/{0}/index.json"
    places = {region: {"regionCode": region, "currentVersionUrl": path.format(region)} for region in regions}
    return Answer(json.dumps({"formatVersion": "v1.0", "regions": places}))


def azure_item(name: str, usd: float, **changes: Any) -> dict[str, Any]:
    """One of the Items of the Azure Retail Prices API."""
    size = name.removeprefix("Standard_").replace("_", " ")
    return {
        "currencyCode": "USD", "tierMinimumUnits": 0.0, "retailPrice": usd, "unitPrice": usd, "armRegionName": "eastus",
        "location": "US East", "effectiveStartDate": "2026-01-01T00:00:00Z", "meterName": size,
        "productName": "Virtual Machines Dsv5 Series", "skuName": size, "serviceName": "Virtual Machines",
        "unitOfMeasure": "1 Hour", "type": "Consumption", "isPrimaryMeterRegion": True, "armSkuName": name, **changes,
    }  # fmt: skip


def gcp_sku(
    description: str, nanos: int, usage: str = "OnDemand", regions: tuple[str, ...] = ("us-central1",)
) -> dict[str, Any]:
    """One of the skus of the Cloud Billing Catalog API."""
    return {
        "name": "services/6F81-5844-456A/skus/0000-0000-0000", "skuId": "0000-0000-0000", "description": description,
        "category": {"serviceDisplayName": "Compute Engine", "resourceFamily": "Compute", "usageType": usage},
        "serviceRegions": list(regions),
        "pricingInfo": [{
            "effectiveTime": "2026-11-19T00:00:00Z",
            "pricingExpression": {
                "usageUnit": "h",
                "tieredRates": [{"startUsageAmount": 0, "unitPrice": {"currencyCode": "USD", "units": "0", "nanos": nanos}}],
            },
        }],
    }  # fmt: skip
