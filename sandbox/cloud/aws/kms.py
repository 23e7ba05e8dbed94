"""KMS keys and their aliases. A key is never deleted at once: it waits, disabled, for its window to end.

Sources: the KMS API reference on ScheduleKeyDeletion and CreateAlias; hashicorp/terraform-provider-aws
internal/service/kms/key.go.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from sandbox.cloud.aws.behaviour import AwsBehaviour, fill
from sandbox.cloud.aws.places import ACCOUNT
from sandbox.cloud.aws.refusals import not_found
from sandbox.cloud.schema import Failure
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import Properties

KEY: Final = "aws:kms/key:Key"
ALIAS: Final = "aws:kms/alias:Alias"
_RETENTIONS: Final = (
    0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip


_DEFAULT_POLICY: Final = json.dumps(
    {
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [
            {
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
)


class KeyBehaviour(AwsBehaviour):
    """A key."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        if inputs.get("rotationPeriodInDays") is not None and inputs.get("enableKeyRotation") is not True:
            yield Failure(("enableKeyRotation",), "This has to be true beside a rotationPeriodInDays.")

    def creating(self, resource: CloudResource) -> None:
        fill(resource.outputs, "policy", _DEFAULT_POLICY)
        if resource.outputs.get("enableKeyRotation") and not resource.outputs["rotationPeriodInDays"]:
            resource.outputs["rotationPeriodInDays"] = 365

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        self.creating(new)

    def deleting(self, resource: CloudResource) -> None:
        # Real aliases stay until the window ends. Nothing can be made with them by then, so they go along at once.
        for alias in list(self.lookup.of(ALIAS, targetKeyArn=resource.outputs["arn"])):
            self.store.remove(alias)


class AliasBehaviour(AwsBehaviour):
    """An alias of a key that exists."""

    def creating(self, resource: CloudResource) -> None:
        target = resource.outputs["targetKeyId"]
        key = self.store.get(KEY, target) or self.lookup.by_arn(KEY, target)
        if key is None:
            raise not_found(ALIAS, "create", resource.id, KEY, target)
        resource.outputs["targetKeyArn"] = key.outputs["arn"]

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        self.creating(new)


class LogGroupBehaviour(AwsBehaviour):
    """A log group: it keeps lines for a number of days that CloudWatch offers."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        days = inputs.get("retentionInDays")
        if isinstance(days, int) and days not in _RETENTIONS:
            offered = ", ".join(str(offer) for offer in _RETENTIONS)
            yield Failure(("retentionInDays",), f"Logs cannot be kept for {days} days; write one of {offered}.")

    def outlives(self, resource: CloudResource) -> bool:
        return bool(resource.outputs.get("skipDestroy"))

    def creating(self, resource: CloudResource) -> None:
        key = resource.outputs.get("kmsKeyId")
        own = f"arn:aws:kms:{resource.outputs['region']}:{ACCOUNT}:key/"
        if key and key.startswith(own) and self.lookup.by_arn(KEY, key) is None:
            raise not_found(resource.type, "create", resource.id, KEY, key)

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        self.creating(new)
