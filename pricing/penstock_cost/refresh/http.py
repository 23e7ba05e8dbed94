"""Downloads that are tried again, with errors that say what to do. Needs the extra `refresh`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from penstock_cost.money import CostError

if TYPE_CHECKING:
    import requests

ATTEMPTS = 5
BACKOFF = 1.0
"""Seconds before the second attempt; each further wait is twice as long, or what the server asks for in Retry-After."""
TIMEOUT = (10, 120)
"""Seconds until it has connected, and between two pieces of an answer."""
RETRIED = (429, 500, 502, 503, 504)


class Client:
    """Gets files and answers of one price list."""

    def __init__(self, address: str) -> None:
        try:
            import requests
            from requests.adapters import HTTPAdapter
            from urllib3.util import Retry
        except ImportError:
            raise CostError(
                "Refreshing prices needs more packages. Run `pip install 'penstock-cost[refresh]'`."
            ) from None
        self.address = address.rstrip("/")
        self._session = requests.Session()
        self._session.headers["User-Agent"] = "penstock-cost"
        retry = Retry(total=ATTEMPTS - 1, backoff_factor=BACKOFF, status_forcelist=RETRIED, allowed_methods=["GET"])
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))

    def json(self, url: str, parameters: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The object that an address answers. Raises CostError."""
        answer = self._get(url, parameters)
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise CostError(f"{_place(url)} answered something else than a JSON object. Is the address right?")
        return found

    def lines(self, url: str, what: str) -> Iterator[str]:
        """The lines of a file, while it is downloaded; on a terminal with its progress. Raises CostError."""
        import requests
        from tqdm import tqdm

        with self._get(url, stream=True) as answer:
            size = int(answer.headers.get("Content-Length", 0)) or None
            got, quiet = 0, not sys.stderr.isatty()
            with tqdm(total=size, unit="B", unit_scale=True, desc=what, disable=quiet) as progress:
                try:
                    for line in answer.iter_lines(chunk_size=1 << 16):
                        got += len(line) + 1
                        progress.update(len(line) + 1)
                        yield line.decode("utf-8") + "\n"
                except (requests.RequestException, UnicodeDecodeError):
                    raise CostError(
                        f"The download of {_place(url)} broke off after {got:,} bytes. Nothing was changed. "
                        "Run it again."
                    ) from None

    def _get(self, url: str, parameters: Mapping[str, str] | None = None, stream: bool = False) -> requests.Response:
        import requests

        if urlsplit(url).netloc != urlsplit(self.address).netloc:
            raise CostError(f"The price list names an address of another host, {_place(url)}. It was not followed.")
        try:
            answer = self._session.get(url, params=parameters, stream=stream, timeout=TIMEOUT)
        except requests.exceptions.RetryError:
            raise CostError(
                f"{_place(url)} answered 'too many requests' or an error of its own {ATTEMPTS} times. "
                "Run it again later."
            ) from None
        except requests.RequestException as error:
            reason = type(error).__name__
            raise CostError(
                f"{_place(url)} cannot be reached ({reason}). Check the network and its proxy; --url takes a mirror."
            ) from None
        if answer.status_code != 200:
            raise CostError(f"{_place(url)} answered {answer.status_code} {answer.reason}. Nothing was changed.")
        return answer


def _place(url: str) -> str:
    """An address without its parameters, which may hold a key."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
