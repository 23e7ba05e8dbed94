"""What lies in one region: a name is taken in its own region only, and nothing of another is found there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sandbox.cloud.store import CloudResource, Store


class RegionStore(Store):
    """A cloud as one region sees it: what lies in that region, and what lies in none, as all of IAM.

    Without a region it is the whole cloud, which only what lies in none may be looked for in by its id.
    """

    def __init__(self, store: Store, region: str, is_regional: Callable[[str], bool]) -> None:
        super().__init__(store.folder)
        self._region = region
        self._is_regional = is_regional

    def get(self, type_: str, id_: str, scope: str = "") -> CloudResource | None:
        return super().get(type_, id_, scope or self._scope(type_))

    def all(self, type_: str | None = None) -> Iterator[CloudResource]:
        for found in super().all(type_):
            if not self._region or found.scope in ("", self._region):
                yield found

    def add(self, resource: CloudResource) -> None:
        super().add(self._placed(resource))

    def put(self, resource: CloudResource) -> None:
        super().put(self._placed(resource))

    def remove(self, resource: CloudResource) -> None:
        super().remove(self._placed(resource))

    def _placed(self, resource: CloudResource) -> CloudResource:
        resource.scope = resource.scope or self._scope(resource.type)
        return resource

    def _scope(self, type_: str) -> str:
        return self._region if self._is_regional(type_) else ""
