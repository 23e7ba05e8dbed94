"""Qdrant's REST API, as far as its administrator needs it."""

import http.client
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_PAUSE_SECONDS = 2.0
_TIMEOUT_SECONDS = 60


class RefusedError(Exception):
    """It cannot be done; the message is a sentence that says what to do instead."""


class UnreachableError(Exception):
    """Nobody answers there, or not yet; `refused` where the machine is up and nothing listens."""

    def __init__(self, reason: object) -> None:
        super().__init__(str(reason))
        self.refused = isinstance(reason, ConnectionRefusedError)
        self.unknown_name = "Name or service not known" in str(reason) or "Name does not resolve" in str(reason)


class Api:
    """A Qdrant node, or the Service before all of them."""

    def __init__(self, url: str, key: str, authority: str | None = None, timeout: float = _TIMEOUT_SECONDS) -> None:
        """`authority` is the file with the certificate of who has signed the servers'."""
        self.url = url.rstrip("/")
        self._key = key
        self._context = ssl.create_default_context(cafile=authority) if authority else None
        self._timeout = timeout

    def at(self, url: str, timeout: float) -> "Api":
        """The same with another address."""
        other = Api(url, self._key, None, timeout)
        other._context = self._context
        return other

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        """The status of the answer, and its result or what is wrong. Raises UnreachableError without one."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"api-key": self._key, "content-type": "application/json"}
        request = urllib.request.Request(self.url + path, content, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=self._timeout, context=self._context) as answer:
                return answer.status, json.load(answer).get("result")
        except urllib.error.HTTPError as error:
            return error.code, _reason(error.read())
        except urllib.error.URLError as error:
            raise UnreachableError(error.reason) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise UnreachableError(error) from None

    def get(self, path: str, until: float) -> Any:
        """The result; what fails in passing is asked again until then (`time.monotonic`)."""
        return self._result("GET", path, None, until)

    def send(self, method: str, path: str, body: Mapping[str, Any] | None, until: float) -> Any:
        """The result of a change, tried like `get`: all changes here may be made twice."""
        return self._result(method, path, body, until)

    def _result(self, method: str, path: str, body: Mapping[str, Any] | None, until: float) -> Any:
        status, result = self.patient(method, path, body, until)
        if status >= 400:
            raise RefusedError(f"Qdrant answers {method} {path} with {status}: {result}")
        return result

    def patient(self, method: str, path: str, body: Mapping[str, Any] | None, until: float) -> tuple[int, Any]:
        """The answer that is no passing failure."""
        while True:
            try:
                status, result = self.ask(method, path, body)
                if status not in _PASSING or time.monotonic() >= until:
                    return status, result
            except UnreachableError as error:
                if time.monotonic() >= until:
                    raise RefusedError(
                        f"Qdrant does not answer at {self.url}: {error}. See the logs of its pods."
                    ) from None
            time.sleep(_PAUSE_SECONDS)


def await_true(condition: Callable[[], bool], until: float, otherwise: Callable[[], str]) -> None:
    """Returns when the condition holds. Raises RefusedError with the sentence where it does not by then."""
    while not condition():
        if time.monotonic() >= until:
            raise RefusedError(otherwise())
        time.sleep(_PAUSE_SECONDS)


def _reason(content: bytes) -> str:
    try:
        status = json.loads(content)["status"]
        return str(status["error"] if isinstance(status, dict) else status)
    except (ValueError, KeyError, TypeError):
        return content.decode(errors="replace")[:500] or "no reason given"
