"""A small client of the API server: JSON over HTTPS, server-side apply, and the paths of objects by discovery."""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.parse
from collections.abc import Mapping
from typing import Any

from sandbox.cluster.certificates import Certificates
from sandbox.cluster.processes import wait_until
from sandbox.errors import SandboxError

Object = dict[str, Any]
MANAGER = "penstock-sandbox"


class ApiError(SandboxError):
    """The API server refused. `status` is the HTTP code, `reason` the API's own word, such as `Forbidden`."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason = status, reason


class UnknownKindError(SandboxError):
    """The API server knows no such kind."""


class Api:
    """The API server at `server`, asked by a client that has a certificate, or by the bearer of a `token`.

    Not for use by several threads at once.
    """

    def __init__(
        self, server: str, certificates: Certificates, client: str | None = "admin", token: str | None = None
    ) -> None:
        self._address = urllib.parse.urlsplit(server)
        self._tls = ssl.create_default_context(cafile=str(certificates.crt("ca")))
        if client and not token:
            self._tls.load_cert_chain(certificates.crt(client), certificates.key(client))
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._connection: http.client.HTTPSConnection | None = None
        self._kinds: dict[str, dict[str, tuple[str, bool]]] = {}

    def get(self, path: str) -> Object:
        """What stands at a path, such as `/api/v1/nodes`."""
        return self.request("GET", path)

    def find(self, path: str) -> Object | None:
        """The same; `None` where there is nothing."""
        try:
            return self.get(path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def create(self, path: str, body: Object) -> Object:
        """Post to a collection or a subresource."""
        return self.request("POST", path, body)

    def delete(self, path: str, propagation: str = "Background") -> None:
        """Delete what stands at a path, if anything does."""
        try:
            self.request("DELETE", path, {"propagationPolicy": propagation})
        except ApiError as error:
            if error.status != 404:
                raise

    def apply(self, thing: Object, subresource: str = "") -> Object:
        """Server-side apply an object, taking over fields that others manage."""
        path = self.path(thing) + (f"/{subresource}" if subresource else "")
        query = urllib.parse.urlencode({"fieldManager": MANAGER, "force": "true"})
        return self.request("PATCH", f"{path}?{query}", thing, "application/apply-patch+yaml")

    def path(self, thing: Object) -> str:
        """Where an object stands. Raises `UnknownKindError` where the API server does not know its kind."""
        version, kind, meta = thing["apiVersion"], thing["kind"], thing["metadata"]
        plural, namespaced = self._kind(version, kind)
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        space = f"/namespaces/{meta.get('namespace', 'default')}" if namespaced else ""
        return f"{root}{space}/{plural}/{meta['name']}"

    def await_established(self, definition: Object, seconds: float = 60) -> None:
        """Wait until objects of a custom resource definition can be made."""
        path = self.path(definition)

        def established() -> bool:
            conditions = (self.get(path).get("status") or {}).get("conditions") or []
            return any(found["type"] == "Established" and found["status"] == "True" for found in conditions)

        if not wait_until(established, seconds):
            raise SandboxError(f"The API server has not accepted the custom resource definition at {path}.")

    def request(self, method: str, path: str, body: Object | None = None, type_: str = "application/json") -> Object:
        """Ask, and return the answer's JSON. Raises `ApiError` where it is refused."""
        content = None if body is None else json.dumps(body)
        status, text = self._exchange(method, path, content, {**self._headers, "Content-Type": type_})
        answer = _parsed(text)
        if status >= 400:
            message = answer.get("message") or text.strip() or f"HTTP {status}"
            raise ApiError(status, answer.get("reason", ""), f"The API server refused {method} {path}: {message}")
        return answer

    def _exchange(self, method: str, path: str, content: str | None, headers: Mapping[str, str]) -> tuple[int, str]:
        """Over the connection that is open; where that has been closed meanwhile, over a new one."""
        for last in (False, True):
            reused = self._connection is not None
            connection = self._connection or http.client.HTTPSConnection(
                str(self._address.hostname), self._address.port, context=self._tls, timeout=60
            )
            self._connection = connection
            try:
                connection.request(method, path, content, dict(headers))
                response = connection.getresponse()
                return response.status, response.read().decode()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self._connection = None
                if last or not reused:
                    raise SandboxError(
                        f"The API server at {self._address.geturl()} does not answer: {error}"
                    ) from error
        raise AssertionError

    def _kind(self, version: str, kind: str) -> tuple[str, bool]:
        """The plural of a kind, and whether its objects have namespaces."""
        if kind not in self._kinds.get(version, {}):
            found = self.find(f"/apis/{version}" if "/" in version else f"/api/{version}") or {}
            kinds = {
                each["kind"]: (each["name"], each["namespaced"])
                for each in found.get("resources", [])
                if "/" not in each["name"]
            }
            self._kinds[version] = kinds
        try:
            return self._kinds[version][kind]
        except KeyError:
            raise UnknownKindError(f'no matches for kind "{kind}" in version "{version}"') from None


def _parsed(text: str) -> Object:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
