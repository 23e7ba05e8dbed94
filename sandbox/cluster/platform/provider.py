"""The kubernetes provider that applies what it is given to the API server of the sandbox's cluster.

Whatever kubeconfig a program names, it means this cluster, which plays the one of the stack. As the real provider does
(https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/), it
refuses to create what exists already (since 4.29), applies server-side without force, asks the API server at preview
whether it would accept the object, and waits until workloads are ready.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final

from sandbox.cloud.errors import CloudError, UnreadyError
from sandbox.cloud.kubernetes.package import KubernetesPackage, sort_of
from sandbox.cloud.kubernetes.release import RELEASE
from sandbox.cloud.package import Call, Reading
from sandbox.cloud.store import CloudResource, Store
from sandbox.cloud.values import Properties, has_unknown
from sandbox.cluster.api import Api, ApiError, Object, UnknownKindError
from sandbox.cluster.cluster import Cluster
from sandbox.cluster.platform import charts
from sandbox.cluster.platform.forms import (
    identity,
    is_patch,
    kind_of,
    manager,
    outputs_of,
    query_of,
    refreshed,
    sent,
    written,
)
from sandbox.cluster.platform.ready import lacks
from sandbox.cluster.platform.waiting import Waiter, patience
from sandbox.errors import SandboxError

_NAMESPACES: Final = "/api/v1/namespaces"
_APPLY: Final = "application/apply-patch+yaml"
_PROPAGATION: Final = "pulumi.com/deletionPropagationPolicy"


class LivePackage(KubernetesPackage):
    """Applies objects; the store keeps them too, to list them and to recover from interrupted runs."""

    def __init__(self, name: str, store: Store, cluster: Cluster) -> None:
        super().__init__(name, store)
        self._cluster = cluster
        self._of_thread = threading.local()
        self._cancelled = threading.Event()

    def scope(self, _settings: Mapping[str, Any]) -> str:
        """There is one cluster, whatever it is called."""
        return "cluster"

    def cancel(self) -> None:
        self._cancelled.set()

    def resume(self) -> None:
        self._cancelled.clear()

    def preview(self, call: Call, inputs: Properties, prior: Properties | None) -> Properties:
        if call.type != RELEASE and not has_unknown(inputs):
            self._rehearse(call, inputs, new=prior is None)
        return super().preview(call, inputs, prior)

    def create(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        id_ = sort_of(call.type).id_of(inputs)
        refusal = f'resource "{id_}" was not successfully created by the Kubernetes API server'
        if call.type == RELEASE:
            try:
                return super().create(call, inputs)
            except SandboxError as reason:
                raise CloudError(f"{refusal}: {reason}") from reason
        try:
            path, live = self._waiter.until_possible(lambda: self._make(call, id_, inputs))
        except UnknownKindError as reason:
            raise CloudError(
                f'creation of resource "{id_}" with kind {inputs["apiVersion"]}/{kind_of(call, inputs)} failed because '
                "the Kubernetes API server reported that the apiVersion for this resource does not exist. "
                f"Verify that any required CRDs have been created: {reason}"
            ) from reason
        except (SandboxError, CloudError) as reason:
            raise CloudError(f"{refusal}: {reason}") from reason
        self._keep(call, id_, inputs, live)
        return id_, self._waiter.until_ready(id_, path, live, patience(call, live))

    def made(self, call: Call, inputs: Properties) -> Properties:
        charts.install(self._cluster, inputs)
        return super().made(call, inputs)

    def read(self, call: Call, id_: str, inputs: Properties, outputs: Properties) -> Reading | None:
        if call.type == RELEASE:
            return super().read(call, id_, inputs, outputs)
        try:
            live = self._api.find(self._path(call, id_, inputs, outputs))
            if live is None:
                return None
            now = refreshed(inputs, live) if inputs else written(live)
            # What is imported is taken as it is.
            if inputs and (missing := lacks(self._api, live)):
                raise UnreadyError(id_, outputs_of(live), [missing, *self._waiter.homeless(live)], now)
        except UnknownKindError:
            return None  # Its definition is gone, and with it whatever there was of its kind.
        except SandboxError as reason:
            raise CloudError(f'"{id_}" could not be read: {reason}') from reason
        return Reading(self.full_id(call, id_), now, outputs_of(live))

    def update(self, call: Call, id_: str, prior: Properties, inputs: Properties) -> Properties:
        try:
            if call.type == RELEASE:
                charts.install(self._cluster, inputs)
                return super().update(call, id_, prior, inputs)
            path = self._path(call, id_, inputs)
            live = self._apply(call, path, inputs)
        except SandboxError as reason:
            raise CloudError(f'"{id_}" was not successfully updated by the Kubernetes API server: {reason}') from reason
        self._keep(call, id_, inputs, live)
        return self._waiter.until_ready(id_, path, live, patience(call, live))

    def delete(self, call: Call, id_: str, prior: Properties) -> None:
        try:
            if call.type == RELEASE:
                self._uninstall(id_, prior)
            else:
                self._delete(call, id_, prior)
        except UnknownKindError:
            pass  # Its definition is gone, and with it whatever there was of its kind.
        except SandboxError as reason:
            raise CloudError(f'"{id_}" could not be deleted: {reason}') from reason
        super().delete(call, self._kept_id(call, id_, prior), prior)

    def has_namespace(self, name: str | None, scope: str) -> bool:
        """Whoever made it: the API server tells."""
        return name is None or super().has_namespace(name, scope) or self._api.find(f"{_NAMESPACES}/{name}") is not None

    def _uninstall(self, id_: str, release: Properties) -> None:
        """Unless another release of that chart is there: one that replaces another is made before that goes."""
        others = (other for other in self.store.all(RELEASE) if other.id != id_)
        if not any(charts.chart_of(other.inputs) == charts.chart_of(release) for other in others):
            charts.uninstall(self._cluster, release)

    @property
    def _api(self) -> Api:
        """A client of this thread: a connection serves one request at a time."""
        if not hasattr(self._of_thread, "api"):
            self._of_thread.api = self._cluster.api
        api: Api = self._of_thread.api
        return api

    @property
    def _waiter(self) -> Waiter:
        return Waiter(self._api, self._cancelled)

    def _path(self, call: Call, id_: str, *told: Properties) -> str:
        """Where it stands."""
        return self._api.path(identity(call, self.full_id(call, id_), *told))

    def _make(self, call: Call, id_: str, inputs: Properties) -> tuple[str, Object]:
        """Where the new object stands, and the object."""
        path = self._path(call, id_, inputs)
        if not (is_patch(call, inputs) or call.settings.get("upsertExistingObjects")) and self._api.find(path):
            raise CloudError(f"{path} already exists. Import it, or set upsertExistingObjects on the provider.")
        return path, self._apply(call, path, inputs)

    def _kept_id(self, call: Call, id_: str, *told: Properties) -> str:
        """Under which id the store keeps it: several Patches of one object have one id, and are apart there."""
        return f"{id_} {manager(call, *told)}" if is_patch(call, *told) else id_

    def _rehearse(self, call: Call, inputs: Properties, new: bool) -> None:
        """Asks whether the object would be accepted. What it needs may come with the same update, so that a kind or a
        namespace that is missing is no refusal yet; nor is an object in the way, which may be about to be replaced."""
        id_ = sort_of(call.type).id_of(inputs)
        thing = sent(call, inputs)
        try:
            path = self._path(call, id_, inputs)
            if new and not is_patch(call, inputs):
                self._api.request("POST", f"{path.rpartition('/')[0]}?{query_of(call, inputs, dry=True)}", thing)
            else:
                self._api.request("PATCH", f"{path}?{query_of(call, inputs, dry=True)}", thing, _APPLY)
        except UnknownKindError:
            return
        except ApiError as refusal:
            if refusal.status != 404 and not (new and refusal.status == 409):
                raise CloudError(f'"{id_}" will be refused by the Kubernetes API server: {refusal}') from refusal
        except SandboxError as reason:
            raise CloudError(f'"{id_}" cannot be previewed: {reason}') from reason

    def _apply(self, call: Call, path: str, inputs: Properties) -> Object:
        return self._api.request("PATCH", f"{path}?{query_of(call, inputs)}", sent(call, inputs), _APPLY)

    def _keep(self, call: Call, id_: str, inputs: Properties, live: Object) -> None:
        scope, kept = self.scope(call.settings), self._kept_id(call, id_, inputs)
        resource = CloudResource(call.type, kept, call.urn, inputs, outputs_of(live), scope)
        if self.store.get(call.type, kept, scope) is None:
            self.store.add(resource)
        else:
            self.store.put(resource)
            self.store.record("update", resource)

    def _delete(self, call: Call, id_: str, prior: Properties) -> None:
        path = self._path(call, id_, prior)
        there = self._api.find(path)
        if there is None:
            return
        if is_patch(call, prior):
            # Applying nothing gives back the fields that were applied.
            nothing = identity(call, id_, prior)
            self._api.request("PATCH", f"{path}?fieldManager={manager(call, prior)}", nothing, _APPLY)
            return
        annotations = (prior.get("metadata") or {}).get("annotations") or {}
        self._api.delete(path, str(annotations.get(_PROPAGATION, "foreground")).title())
        self._waiter.until_gone(path, there, patience(call, prior))
