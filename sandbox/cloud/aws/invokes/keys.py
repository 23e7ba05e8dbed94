"""KMS keys and aliases as data sources show them."""

from __future__ import annotations

from sandbox.cloud.aws.invokes.asking import Question
from sandbox.cloud.aws.kms import ALIAS, KEY
from sandbox.cloud.aws.places import ACCOUNT
from sandbox.cloud.errors import NotFoundError
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import Properties


def get_key(question: Question) -> Properties:
    """A key by id, ARN, alias or ARN of an alias."""
    asked = question.arguments["keyId"]
    key = _key(question, asked)
    enabled = bool(key.outputs.get("isEnabled", True))
    more = {
        "awsAccountId": ACCOUNT,
        "enabled": enabled,
        "keyState": "Enabled" if enabled else "Disabled",
        "keyManager": "CUSTOMER",
        "keySpec": key.outputs.get("customerMasterKeySpec"),
        "origin": "AWS_KMS",
    }
    return question.answer({**key.outputs, **more, "id": key.id, "keyId": asked})


def get_alias(question: Question) -> Properties:
    """An alias by its name."""
    name = question.arguments["name"]
    found = question.lookup.store.get(ALIAS, name)
    if found is None:
        raise NotFoundError(f"reading KMS Alias ({name}): couldn't find resource")
    key = _key(question, found.outputs["targetKeyId"])
    return question.answer({**found.outputs, "id": found.outputs["arn"], "targetKeyId": key.id})


def _key(question: Question, asked: str) -> CloudResource:
    lookup = question.lookup
    alias = lookup.store.get(ALIAS, asked) or lookup.by_arn(ALIAS, asked)
    id_ = alias.outputs["targetKeyId"] if alias else asked
    key = lookup.store.get(KEY, id_) or lookup.by_arn(KEY, id_)
    if key is None:
        raise NotFoundError(f"reading KMS Key ({asked}): NotFoundException: Key '{asked}' does not exist")
    return key
