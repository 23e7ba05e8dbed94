"""Roles and their policies.

Sources: hashicorp/terraform-provider-aws internal/service/iam/role.go@0040ea6911af00bea2cca6dbb14e86829826ad8e; the
IAM API reference on CreateRole and DeleteRole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, Final

from sandbox.cloud.aws.behaviour import ROLE, AwsBehaviour
from sandbox.cloud.aws.places import ACCOUNT, read
from sandbox.cloud.aws.refusals import not_found, refusal
from sandbox.cloud.schema import Failure
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import Properties

INLINE_POLICY: Final = "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT: Final = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
POLICY: Final = "aws:iam/policy:Policy"
INSTANCE_PROFILE: Final = "aws:iam/instanceProfile:InstanceProfile"
OIDC_PROVIDER: Final = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
_MANAGED: Final = "arn:aws:iam::aws:policy/"
_UPPER = str.maketrans("0123456789abcdef", "ABCDEFGHIJKLMNOP")


class RoleBehaviour(AwsBehaviour):
    """A role: whom it trusts is a JSON document; it cannot go before its policies are detached."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        yield from _document(inputs, "assumeRolePolicy")

    def creating(self, resource: CloudResource) -> None:
        for statement in statements(resource.outputs["assumeRolePolicy"]):
            if "Resource" in statement:
                text = "Has prohibited field Resource"
                raise refusal(ROLE, "create", resource.id, "MalformedPolicyDocument", text)
            if "Principal" not in statement and "NotPrincipal" not in statement:
                text = "AssumeRolepolicy must contain at least one principal"
                raise refusal(ROLE, "create", resource.id, "MalformedPolicyDocument", text)
        resource.outputs["uniqueId"] = _unique("AROA", resource.id)

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        self.creating(new)

    def deleting(self, resource: CloudResource) -> None:
        for profile in list(self.lookup.of(INSTANCE_PROFILE, role=resource.id)):
            profile.outputs["role"] = ""
            self.store.put(profile)
        attached = list(self.lookup.of(ATTACHMENT, role=resource.id))
        inline = list(self.lookup.of(INLINE_POLICY, role=resource.id))
        if resource.outputs.get("forceDetachPolicies"):
            for policy in (*attached, *inline):
                self.store.remove(policy)
        elif attached or inline:
            what = "detach all policies" if attached else "delete policies"
            text = f"Cannot delete entity, must {what} first."
            raise refusal(ROLE, "delete", resource.id, "DeleteConflict", text, 409)


class InlinePolicyBehaviour(AwsBehaviour):
    """A policy inside a role."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        yield from _document(inputs, "policy")

    def creating(self, resource: CloudResource) -> None:
        _require_actions(resource)

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        _require_actions(new)


class PolicyBehaviour(AwsBehaviour):
    """A policy of the account: it cannot go while it is attached."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        yield from _document(inputs, "policy")

    def creating(self, resource: CloudResource) -> None:
        _require_actions(resource)
        resource.outputs["policyId"] = _unique("ANPA", resource.id)

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        self.creating(new)

    def reading(self, resource: CloudResource, prior: Properties) -> None:
        resource.outputs["attachmentCount"] = sum(1 for _ in self.lookup.of(ATTACHMENT, policyArn=resource.id))

    def deleting(self, resource: CloudResource) -> None:
        if any(self.lookup.of(ATTACHMENT, policyArn=resource.id)):
            text = "Cannot delete a policy attached to entities."
            raise refusal(POLICY, "delete", resource.id, "DeleteConflict", text, 409)


class AttachmentBehaviour(AwsBehaviour):
    """A policy that a role has: one of the account's, or one that AWS manages."""

    def creating(self, resource: CloudResource) -> None:
        arn = resource.outputs["policyArn"]
        managed = arn.startswith(_MANAGED)
        known = arn.removeprefix(_MANAGED) in managed_policies() if managed else self.lookup.has(POLICY, arn)
        if not known:
            raise not_found(ATTACHMENT, "create", resource.outputs["role"], POLICY, arn)


class InstanceProfileBehaviour(AwsBehaviour):
    """An instance profile."""

    def creating(self, resource: CloudResource) -> None:
        resource.outputs["uniqueId"] = _unique("AIPA", resource.id)

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        self.creating(new)


class OidcProviderBehaviour(AwsBehaviour):
    """An identity provider; its ARN is its id."""

    def new_id(self, inputs: Properties) -> str | None:
        return f"arn:aws:iam::{ACCOUNT}:oidc-provider/{inputs['url'].removeprefix('https://')}"

    def creating(self, resource: CloudResource) -> None:
        thumbprint = hashlib.sha256(resource.id.encode()).hexdigest()[:40]
        resource.outputs["thumbprintLists"] = resource.outputs.get("thumbprintLists") or [thumbprint]

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        if not new.outputs.get("thumbprintLists"):
            new.outputs["thumbprintLists"] = old.outputs["thumbprintLists"]


def statements(document: str | dict[str, Any]) -> list[dict[str, Any]]:
    """The statements of a policy document."""
    parsed = json.loads(document) if isinstance(document, str) else document
    found = parsed.get("Statement") or []
    return found if isinstance(found, list) else [found]


def trusts(role: CloudResource, service: str) -> bool:
    """Whether a service may take on the role."""
    for statement in statements(role.outputs["assumeRolePolicy"]):
        principals = statement.get("Principal")
        services = principals.get("Service", []) if isinstance(principals, dict) else []
        if statement.get("Effect") == "Allow" and service in ([services] if isinstance(services, str) else services):
            return True
    return False


def managed_policies() -> frozenset[str]:
    """The names, with paths, of the policies that AWS manages."""
    return frozenset(read("managed_policies")["policies"])


def _document(inputs: Properties, name: str) -> Iterator[Failure]:
    given = inputs.get(name)
    if not isinstance(given, str):
        return
    try:
        parsed = json.loads(given)
    except json.JSONDecodeError as error:
        yield Failure((name,), f'"{name}" contains an invalid JSON policy: {error}')
        return
    if not isinstance(parsed, dict) or not parsed.get("Statement"):
        yield Failure((name,), f'"{name}" is no policy document: it has no Statement.')


def _require_actions(policy: CloudResource) -> None:
    """Every statement of an identity's policy names actions and resources, and no principals."""
    for statement in statements(policy.outputs["policy"]):
        if not {"Action", "NotAction"} & statement.keys():
            reason = "Policy statement must contain actions."
        elif not {"Resource", "NotResource"} & statement.keys():
            reason = "Policy statement must contain resources."
        elif {"Principal", "NotPrincipal"} & statement.keys():
            reason = "Policy document should not specify a principal."
        else:
            continue
        raise refusal(policy.type, "create", policy.id, "MalformedPolicyDocument", reason)


def _unique(prefix: str, seed: str) -> str:
    return prefix + hashlib.sha256(seed.encode()).hexdigest()[:17].translate(_UPPER).upper()
