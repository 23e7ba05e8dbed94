"""The kubernetes provider: any kind of object, in as many clusters as there are kubeconfigs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

import yaml

from sandbox.cloud import paths
from sandbox.cloud.diff import DiffRules, changes
from sandbox.cloud.errors import CloudError, NotFoundError
from sandbox.cloud.kubernetes.kinds import Kind, table
from sandbox.cloud.kubernetes.kubeconfig import Target
from sandbox.cloud.kubernetes.manifest import Manifest
from sandbox.cloud.kubernetes.release import RELEASE, Release
from sandbox.cloud.kubernetes.sort import Sort
from sandbox.cloud.naming import Autonaming
from sandbox.cloud.package import Call, Difference, Package, Reading, refresh
from sandbox.cloud.schema import Failure, ResourceType
from sandbox.cloud.store import AlreadyExistsError, CloudResource
from sandbox.cloud.values import UNKNOWN, Properties

NAMESPACE: Final = "kubernetes:core/v1:Namespace"


class KubernetesPackage(Package):
    """An API server that records what it is given, and believes that all of it runs."""

    def check_settings(self, inputs: Properties) -> Iterator[Failure]:
        yield from super().check_settings(inputs)
        try:
            Target.of(self.known_settings(inputs))
        except ValueError as error:
            yield Failure(("kubeconfig",), str(error))

    def known_settings(self, inputs: Properties) -> Properties:
        """Leaves out what only the deployment will tell, such as the kubeconfig of a cluster to come.

        The engine asks a provider with unknown settings nothing, so that its objects would go unchecked in a preview.
        """
        return {name: value for name, value in inputs.items() if value is not UNKNOWN}

    def diff_settings(self, old: Properties, new: Properties) -> list[str]:
        """Another API server, or one that is not known yet, means another cluster."""
        if old.get("clusterIdentifier") and new.get("clusterIdentifier"):
            return [] if old["clusterIdentifier"] == new["clusterIdentifier"] else ["clusterIdentifier"]
        vanished = "kubeconfig" in old and "kubeconfig" not in new
        return ["kubeconfig"] if vanished or Target.of(old).server != Target.of(new).server else []

    def scope(self, settings: Mapping[str, Any]) -> str:
        """The API server that is meant, within which ids are unique."""
        return Target.of(settings).server

    def resource_type(self, token: str) -> ResourceType | None:
        if Kind.of(token).custom:
            return self.sdk.resource_of_class(token, "apiextensions", "CustomResource")
        return super().resource_type(token)

    def misfits(self, resource: ResourceType, inputs: Properties) -> Iterator[Failure]:
        """Of a custom resource only the envelope has a type; the rest is its definition's business."""
        if Kind.of(resource.token).custom:
            inputs = {name: value for name, value in inputs.items() if name in resource.inputs.properties}
        yield from super().misfits(resource, inputs)

    def fill_defaults(
        self, call: Call, resource: ResourceType, old: Properties, inputs: Properties, naming: Autonaming
    ) -> None:
        sort_of(call.type).fill(call.name, Target.of(call.settings).namespace, old, inputs, naming)

    def rules(self, call: Call, resource: ResourceType, inputs: Properties) -> Iterator[Failure]:
        yield from sort_of(call.type).rules(inputs)

    def diff(
        self, call: Call, old: Properties, live: Properties, new: Properties, ignore: Sequence[paths.Path]
    ) -> Difference:
        sort = sort_of(call.type)
        found = changes(old, new, DiffRules(replace_on=sort.fixed(new, call.settings), ignore=ignore))
        replaces = any(change.replaces for change in found)
        return Difference(found, delete_before_replace=replaces and sort.keeps_place(old, new))

    def preview(self, call: Call, inputs: Properties, prior: Properties | None) -> Properties:
        outputs = sort_of(call.type).foreseen(inputs, prior)
        if "status" in self.type_of(call).outputs:
            outputs["status"] = (prior or {}).get("status", UNKNOWN)
        return outputs

    def create(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        sort, server = sort_of(call.type), self.scope(call.settings)
        id_ = sort.id_of(inputs)
        refusal = f'resource "{id_}" was not successfully created by the Kubernetes API server'
        namespace = paths.first(inputs, sort.namespace)
        if not (inputs.get("createNamespace") or self.has_namespace(namespace, server)):
            raise NotFoundError(f'{refusal}: namespaces "{namespace}" not found')
        outputs = self.made(call, inputs)
        try:
            self.store.add(CloudResource(call.type, id_, call.urn, inputs, outputs, server))
        except AlreadyExistsError:
            raise CloudError(f"{refusal}: {_shown(call.type, id_)} already exists") from None
        return id_, outputs

    def read(self, call: Call, id_: str, inputs: Properties, outputs: Properties) -> Reading | None:
        found = self.store.get(call.type, self.full_id(call, id_), self.scope(call.settings))
        if found is None:
            return None
        return Reading(found.id, refresh(inputs or found.inputs, found.outputs), found.outputs)

    def made(self, call: Call, inputs: Properties) -> Properties:
        """What comes of a new object or release."""
        return sort_of(call.type).created(inputs)

    def full_id(self, call: Call, id_: str) -> str:
        """The id with its namespace. An import may leave out the one that the provider assumes."""
        bare = "/" not in id_ and Kind.of(call.type).namespaced
        return f"{Target.of(call.settings).namespace}/{id_}" if bare else id_

    def update(self, call: Call, id_: str, prior: Properties, inputs: Properties) -> Properties:
        server = self.scope(call.settings)
        old = self.store.get(call.type, id_, server)
        if old is None:
            raise NotFoundError(f"{_shown(call.type, id_)} not found")
        outputs = sort_of(call.type).updated(inputs, old.outputs)
        new = CloudResource(call.type, id_, call.urn, inputs, outputs, server)
        self.store.put(new)
        self.store.record("update", new)
        return outputs

    def delete(self, call: Call, id_: str, prior: Properties) -> None:
        """Deletes the object, and with a namespace all that is in it."""
        server = self.scope(call.settings)
        found = self.store.get(call.type, id_, server)
        if found is None:
            return
        if call.type == NAMESPACE:
            self.store.remove_all(server, f"{id_}/")
        self.store.remove(found)

    def check_invoke(self, token: str, arguments: Properties) -> Iterator[Failure]:
        """The functions behind `yaml.ConfigFile` and its kin are not in the SDK's tables."""
        if token.split(":")[1] not in ("yaml", "helm", "kustomize"):
            yield from super().check_invoke(token, arguments)

    def invoke(self, token: str, arguments: Properties, settings: Mapping[str, Any]) -> Properties:
        if token != "kubernetes:yaml:decode":
            return super().invoke(token, arguments, settings)
        documents = [document for document in yaml.safe_load_all(arguments["text"]) if document]
        lists = [document["items"] if document.get("kind") == "List" else [document] for document in documents]
        return {"result": [item for items in lists for item in items]}

    def has_namespace(self, name: str | None, server: str) -> bool:
        """Whether objects can be made in it."""
        given = name is None or name in table("given_namespaces")
        return given or self.store.get(NAMESPACE, str(name), server) is not None


@cache
def sort_of(token: str) -> Sort:
    """What a type is: an object, or a release."""
    return Release(token) if token == RELEASE else Manifest(token)


def _shown(token: str, id_: str) -> str:
    """An object as the API server speaks of it: `deployments.apps "web"`."""
    kind = Kind.of(token)
    group = "" if kind.group == "core" else f".{kind.group}"
    return f'{kind.name.lower()}s{group} "{id_.rsplit("/", 1)[-1]}"'
