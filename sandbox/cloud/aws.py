"""Amazon Web Services, generically: every resource is recorded, with an id and an ARN of the usual shape."""

from __future__ import annotations

import uuid

from sandbox.cloud.catalogue import CataloguePackage
from sandbox.cloud.package import Call
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import Properties

_ACCOUNT = "123456789012"


class AwsPackage(CataloguePackage):
    """AWS: no replace rules, no enums; an update is made in place."""

    def plain_id(self, call: Call, inputs: Properties) -> str:
        name = inputs.get("name")
        return name if isinstance(name, str) else f"{_kind(call).lower()}-{uuid.uuid4().hex[:17]}"

    def complete(self, call: Call, resource: CloudResource) -> None:
        if "arn" in self.type_of(call).outputs:
            service = call.type.split(":")[1].split("/")[0]
            region = resource.outputs.get("region") or call.settings.get("region") or "us-east-1"
            arn = f"arn:aws:{service}:{region}:{_ACCOUNT}:{_kind(call).lower()}/{resource.id}"
            resource.outputs.setdefault("arn", arn)
        super().complete(call, resource)


def _kind(call: Call) -> str:
    return call.type.rsplit(":", 1)[-1]
