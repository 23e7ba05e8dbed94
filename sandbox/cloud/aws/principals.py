"""Who may use a cluster: access entries, the policies they have, and roles of pods.

Sources: hashicorp/terraform-provider-aws internal/service/eks/{access_entry,access_policy_association}.go
@01f431114674c27cf790fafb67ac274bf8f765e1 and pod_identity_association.go@00a35305dc1b297a6fcdecdfbba33f1e63c3da39;
Amazon EKS user guide on access entries.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Final

from sandbox.cloud.aws.behaviour import CLUSTER, ROLE, AwsBehaviour, Lookup
from sandbox.cloud.aws.iam import trusts
from sandbox.cloud.aws.places import ACCOUNT, CALLER, read
from sandbox.cloud.aws.refusals import not_found, refusal
from sandbox.cloud.schema import Failure
from sandbox.cloud.store import AlreadyExistsError, CloudResource, Store
from sandbox.cloud.values import Properties

ACCESS_ENTRY: Final = "aws:eks/accessEntry:AccessEntry"
ACCESS_POLICY: Final = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
POD_IDENTITY: Final = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
_POLICIES: Final = "arn:aws:eks::aws:cluster-access-policy/"
# People and AWS's own roles, which exist before any program.
_GIVEN: Final = (CALLER, f"arn:aws:iam::{ACCOUNT}:role/Admin")
_GIVEN_PATHS: Final = (f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/", f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/")


class AccessEntryBehaviour(AwsBehaviour):
    """An access entry: for a role or user that exists, one for each."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        if inputs.get("type") not in (None, "STANDARD", "EC2") and inputs.get("kubernetesGroups"):
            reason = "Only entries of the types STANDARD and EC2 have kubernetesGroups; leave them out."
            yield Failure(("kubernetesGroups",), reason)

    def creating(self, resource: CloudResource) -> None:
        outputs = resource.outputs
        cluster = self.store.get(CLUSTER, outputs["clusterName"])
        assert cluster is not None, "parents are looked for before"
        if not has_entries(cluster):
            text = (
                "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this "
                "operation."
            )
            raise refusal(ACCESS_ENTRY, "create", resource.id, "InvalidRequestException", text)
        if not exists(self.lookup, outputs["principalArn"]):
            text = "The specified principalArn is invalid: invalid principal."
            raise refusal(ACCESS_ENTRY, "create", resource.id, "InvalidParameterException", text)
        for group in outputs.get("kubernetesGroups") or []:
            if group.startswith("system:"):
                text = f"The kubernetes group name {group} is invalid, it cannot start with system:"
                raise refusal(ACCESS_ENTRY, "create", resource.id, "InvalidParameterException", text)

    def deleting(self, resource: CloudResource) -> None:
        outputs = resource.outputs
        own = {"clusterName": outputs["clusterName"], "principalArn": outputs["principalArn"]}
        for policy in list(self.lookup.of(ACCESS_POLICY, **own)):
            self.store.remove(policy)


class AccessPolicyBehaviour(AwsBehaviour):
    """A policy of an access entry: there is an entry for the principal, and the policy is one of EKS's."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        scope = inputs.get("accessScope")
        if not isinstance(scope, dict):
            return
        if scope.get("type") == "namespace" and not scope.get("namespaces"):
            yield Failure(("accessScope", "namespaces"), "Access to namespaces needs their names here.")
        if scope.get("type") == "cluster" and scope.get("namespaces"):
            reason = "Access to the whole cluster has no namespaces; leave them out."
            yield Failure(("accessScope", "namespaces"), reason)

    def creating(self, resource: CloudResource) -> None:
        outputs = resource.outputs
        entry = f"{outputs['clusterName']}:{outputs['principalArn']}"
        found = self.store.get(ACCESS_ENTRY, entry)
        if found is None:
            raise not_found(ACCESS_POLICY, "create", resource.id, ACCESS_ENTRY, entry)
        if found.outputs.get("type") != "STANDARD" and found.outputs.get("type") != "EC2":
            text = f"The access entry is of type {found.outputs['type']}, to which no policies can be associated."
            raise refusal(ACCESS_POLICY, "create", resource.id, "InvalidRequestException", text)
        if outputs["policyArn"].removeprefix(_POLICIES) not in read("eks")["access_policies"]:
            text = "The policyArn parameter format is not valid"
            raise refusal(ACCESS_POLICY, "create", resource.id, "InvalidParameterException", text)


class PodIdentityBehaviour(AwsBehaviour):
    """A role of a service account's pods: one for each, and one that trusts EKS's pods."""

    def rules(self, inputs: Properties) -> Iterator[Failure]:
        policy = inputs.get("policy")
        if isinstance(policy, str):
            try:
                json.loads(policy)
            except json.JSONDecodeError as error:
                yield Failure(("policy",), f'"policy" contains an invalid JSON policy: {error}')
            if inputs.get("disableSessionTags") is not True:
                yield Failure(("disableSessionTags",), "This has to be true beside a policy.")

    def creating(self, resource: CloudResource) -> None:
        outputs = resource.outputs
        own = {name: outputs[name] for name in ("clusterName", "namespace", "serviceAccount")}
        if any(self.lookup.of(POD_IDENTITY, **own)):
            text = "Association already exists: " + ", ".join(str(value) for value in own.values())
            raise refusal(POD_IDENTITY, "create", resource.id, "ResourceInUseException", text, 409)
        require_pods_trust(self.lookup, resource, outputs["roleArn"], "create")

    def updating(self, old: CloudResource, new: CloudResource, prior: Properties) -> None:
        require_pods_trust(self.lookup, new, new.outputs["roleArn"], "update")


def require_pods_trust(lookup: Lookup, resource: CloudResource, role_arn: str, verb: str) -> None:
    """Refuses a role that EKS's pods cannot take on."""
    role = lookup.by_arn(ROLE, role_arn)
    if role is not None and not trusts(role, "pods.eks.amazonaws.com"):
        text = (
            "Trust policy of the provided IAM role should include eks service principal: pods.eks.amazonaws.com, "
            "with actions: [sts:AssumeRole, sts:TagSession]"
        )
        raise refusal(resource.type, verb, resource.id, "InvalidParameterException", text)


def has_entries(cluster: CloudResource) -> bool:
    """Whether a cluster has access entries, or only its config map."""
    return cluster.outputs["accessConfig"]["authenticationMode"] in ("API", "API_AND_CONFIG_MAP")


def exists(lookup: Lookup, principal: str) -> bool:
    """Whether there is such a role or user. Nothing is known of other accounts: theirs all exist."""
    if not principal.startswith(f"arn:aws:iam::{ACCOUNT}:"):
        return principal.startswith("arn:aws:iam::")
    return principal in _GIVEN or principal.startswith(_GIVEN_PATHS) or lookup.has(ROLE, principal, by_arn=True)


def admit(store: Store, cluster: CloudResource, principal: str, kind: str, policy: str | None = None) -> None:
    """EKS itself makes an access entry, unless there is one."""
    where = {"clusterName": cluster.id, "principalArn": principal, "region": cluster.outputs["region"]}
    shown = {**where, "type": kind, "userName": principal, "kubernetesGroups": [], "tagsAll": {}}
    arn = f"arn:aws:eks:{where['region']}:{ACCOUNT}:access-entry/{cluster.id}"
    times = dict.fromkeys(("createdAt", "modifiedAt"), cluster.outputs["createdAt"])
    entry = CloudResource(
        ACCESS_ENTRY, f"{cluster.id}:{principal}", "", where, {**shown, **times, "accessEntryArn": arn}
    )
    with contextlib.suppress(AlreadyExistsError):
        store.add(entry)
    if policy is not None:
        id_ = f"{cluster.id}#{principal}#{policy}"
        held = {**where, "policyArn": policy, "accessScope": {"type": "cluster", "namespaces": []}}
        times = dict.fromkeys(("associatedAt", "modifiedAt"), cluster.outputs["createdAt"])
        with contextlib.suppress(AlreadyExistsError):
            store.add(CloudResource(ACCESS_POLICY, id_, "", held, {**held, **times}))
