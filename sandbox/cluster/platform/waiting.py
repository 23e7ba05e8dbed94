"""Waiting for objects: until they are ready, until they are gone, and until what they need is there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from sandbox.cloud.errors import UnreadyError
from sandbox.cloud.kubernetes import objects
from sandbox.cloud.package import Call
from sandbox.cloud.values import Properties
from sandbox.cluster.api import Api, ApiError, Object, UnknownKindError
from sandbox.cluster.platform.forms import outputs_of
from sandbox.cluster.platform.ready import failed, unscheduled, waits_for
from sandbox.errors import SandboxError

PATIENCE: Final = 600.0
"""Seconds that an object has to become ready or to be gone, unless `custom_timeouts` say otherwise (the provider's)."""
RETRIES: Final = (1.0, 2.0, 4.0, 8.0)
"""Seconds after which it is tried again to make what needs a kind or a namespace that is not there yet. The provider
tries once more, after another 16 s: what is still missing after 15 s is not about to come.
"""
_PAUSE: Final = 0.5
_TIMEOUT: Final = "pulumi.com/timeoutSeconds"
Result = TypeVar("Result")


class Waiter:
    """Asks the API server until something holds, time is up, or the run is cancelled."""

    def __init__(self, api: Api, cancelled: threading.Event) -> None:
        self._api = api
        self._cancelled = cancelled

    def until_possible(self, make: Callable[[], Result]) -> Result:
        """What comes of making something, tried again for a while where a kind or a namespace is missing, since
        programs do not always say what needs what.
        """
        for seconds in RETRIES:
            try:
                return make()
            except (UnknownKindError, ApiError) as reason:
                missing = isinstance(reason, UnknownKindError) or reason.status == 404
                if not missing or self._cancelled.wait(seconds):
                    raise
        return make()

    def until_ready(self, id_: str, path: str, live: Object, seconds: float) -> Properties:
        """The object when it is ready. Raises `UnreadyError` where it does not become so; the engine keeps it then."""
        end = time.monotonic() + seconds
        while True:
            try:
                self._give_address(path, live)
                live = self._api.get(path)
                never, missing = failed(live), waits_for(self._api, live)
            except SandboxError as reason:
                raise UnreadyError(id_, outputs_of(live), [f"What became of it is not known. {reason}"]) from reason
            if not (never or missing):
                return outputs_of(live)
            if never or self._cancelled.is_set() or time.monotonic() > end:
                raise UnreadyError(id_, outputs_of(live), [never or missing or "", *self.homeless(live)])
            self._cancelled.wait(_PAUSE)

    def until_gone(self, path: str, gone: Object, seconds: float) -> None:
        """Waits for the end of that very object: a controller may make another one under its name at once."""
        end = time.monotonic() + seconds
        while (left := self._api.find(path)) and left["metadata"].get("uid") == gone["metadata"].get("uid"):
            if self._cancelled.is_set() or time.monotonic() > end:
                finalizers = ", ".join(left["metadata"].get("finalizers", [])) or "none"
                raise SandboxError(f"It is still there; finalizers that hold it: {finalizers}.")
            self._cancelled.wait(_PAUSE)

    def homeless(self, live: Object) -> list[str]:
        """Why its pods are not scheduled, as far as that can be found out."""
        try:
            return unscheduled(self._api, live)
        except SandboxError:
            return []

    def _give_address(self, path: str, live: Object) -> None:
        """No cloud is here to give a load balancer its address."""
        if live["kind"] in ("Service", "Ingress") and not live.get("status", {}).get("loadBalancer"):
            status = objects.balancer(live, seed=path)
            if status["loadBalancer"]:
                self._api.request("PATCH", f"{path}/status", {"status": status}, "application/merge-patch+json")


def patience(call: Call, thing: Properties) -> float:
    """Seconds that it has, as the resource's options say, or else its annotation."""
    stated = str(((thing.get("metadata") or {}).get("annotations") or {}).get(_TIMEOUT, ""))
    return call.timeout or (float(stated) if stated.isdecimal() else PATIENCE)
