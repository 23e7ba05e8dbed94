"""What a data source is asked, and by whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.cloud.aws.behaviour import Lookup
from sandbox.cloud.aws.places import regions
from sandbox.cloud.errors import CloudError
from sandbox.cloud.schema import Sdk
from sandbox.cloud.schema.results import as_result
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import Properties


@dataclass(frozen=True)
class Question:
    """One call of a data source."""

    token: str
    arguments: Properties
    settings: Mapping[str, Any]
    lookup: Lookup
    sdk: Sdk

    @property
    def region(self) -> str:
        """The region that is asked about; raises `CloudError` for none, and for one that does not exist."""
        region = self.arguments.get("region") or self.settings.get("region")
        if not region:
            raise CloudError("Missing region information: the AWS region is not set. Set region here, or aws:region.")
        if region not in regions():
            raise CloudError(f"invalid AWS Region: {region}")
        return str(region)

    def answer(self, source: Mapping[str, Any]) -> Properties:
        """The source in the form of the SDK's result; what is not known of the region is this call's."""
        function = self.sdk.function(self.token)
        assert function is not None, "the token was checked before"
        return as_result(function.result, source)

    def shown(self, resource: CloudResource) -> Properties:
        """A resource in the form of the SDK's result."""
        return self.answer({**resource.outputs, "id": resource.id})


Invoke = Callable[[Question], Properties]
