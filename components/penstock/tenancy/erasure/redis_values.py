"""A key of Redis as a line of JSON, whatever is in it, without holding more than a part of it in memory.

Bytes that are UTF-8 are a text, others `{"base64": "…"}`. A text of more than 64 KiB is base64, too, so that it can be
written as it is read.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

_ITEMS = 500
_BYTES = 64 * 1024 - (64 * 1024) % 3
"""A multiple of 3, so that pieces of base64 can be put together."""
_FIELD_EXPIRY = (7, 4)
"""The version of Redis since which fields of hashes can expire."""
Write = Callable[[bytes], None]


class Values:
    """Reads keys of one node."""

    def __init__(self, client: Any) -> None:
        self._client = client
        lines = client.execute_command("INFO", "server").decode().splitlines()
        version = next(line.split(":")[1] for line in lines if line.startswith("redis_version:"))
        self.version = version.strip()
        self._fields_expire = tuple(int(part) for part in version.split(".")[:2]) >= _FIELD_EXPIRY

    def write(self, keys: Sequence[bytes], out: Write) -> int:
        """A line for each key that is still there. Returns how many."""
        asked = self._client.pipeline(transaction=False)
        for key in keys:
            asked.execute_command("TYPE", key)
            asked.execute_command("PEXPIRETIME", key)
        replies = iter(asked.execute())
        found = [(key, kind.decode(), expires) for key, kind, expires in zip(keys, replies, replies, strict=True)]
        there = [one for one in found if one[1] != "none"]
        for key, kind, expires in there:
            head = {"key": text(key), "type": kind, "expires_at_ms": expires if expires >= 0 else None}
            out(_json(head)[:-1])
            for piece in self._value(key, kind):
                out(piece)
            out(b"}\n")
        return len(there)

    def _value(self, key: bytes, kind: str) -> Iterator[bytes]:
        """The rest of the line: `,"value":…` and what else there is."""
        if kind == "string":
            yield b',"value":'
            yield from self._string(key)
        elif kind == "list":
            yield from _array("value", self._ranged("LRANGE", key))
        elif kind == "set":
            yield from _array("value", (text(item) for item in self._scanned("SSCAN", key)))
        elif kind == "hash" and not (self._fields_expire and self._some_expire(key)):
            yield from _array("value", _pairs(self._scanned("HSCAN", key), text))
        elif kind == "zset":
            yield from _array("value", self._scored(key))
        elif kind == "stream":
            yield from self._stream(key)
        else:
            dump = self._client.execute_command("DUMP", key)
            yield b',"dump":' + _json(_base64(dump or b""))

    def _string(self, key: bytes) -> Iterator[bytes]:
        length = self._client.execute_command("STRLEN", key)
        if length <= _BYTES:
            yield _json(text(self._client.execute_command("GET", key) or b""))
            return
        yield b'{"base64":"'
        for start in range(0, length, _BYTES):
            yield base64.b64encode(self._client.execute_command("GETRANGE", key, start, start + _BYTES - 1))
        yield b'"}'

    def _ranged(self, command: str, key: bytes) -> Iterator[Any]:
        start = 0
        while page := self._client.execute_command(command, key, start, start + _ITEMS - 1):
            yield from (text(item) for item in page)
            start += len(page)

    def _scored(self, key: bytes) -> Iterator[Any]:
        start = 0
        while page := self._client.execute_command("ZRANGE", key, start, start + _ITEMS - 1, "WITHSCORES"):
            yield from _pairs(page, lambda score: score.decode())
            start += len(page) // 2

    def _scanned(self, command: str, key: bytes) -> Iterator[bytes]:
        return (item for page in self._scanned_pages(command, key) for item in page)

    def _scanned_pages(self, command: str, key: bytes) -> Iterator[list[bytes]]:
        cursor = b"0"
        while True:
            cursor, page = self._client.execute_command(command, key, cursor, "COUNT", _ITEMS)
            yield page
            if cursor == b"0":
                return

    def _some_expire(self, key: bytes) -> bool:
        for page in self._scanned_pages("HSCAN", key):
            fields = page[::2]
            times = self._client.execute_command("HPTTL", key, "FIELDS", len(fields), *fields) if fields else []
            if any(time >= 0 for time in times):
                return True
        return False

    def _stream(self, key: bytes) -> Iterator[bytes]:
        yield from _array("value", self._entries(key))
        about = _mapping(self._client.execute_command("XINFO", "STREAM", key))
        yield b',"last_id":' + _json(text(about["last-generated-id"]))
        yield b',"entries_added":' + _json(about.get("entries-added"))
        yield b',"max_deleted_id":' + _json(text(about.get("max-deleted-entry-id", b"0-0")))
        yield b',"groups":['
        for number, row in enumerate(self._client.execute_command("XINFO", "GROUPS", key)):
            group = _mapping(row)
            consumers = [
                _mapping(one)["name"] for one in self._client.execute_command("XINFO", "CONSUMERS", key, group["name"])
            ]
            head = {
                "name": text(group["name"]),
                "last_id": text(group["last-delivered-id"]),
                "entries_read": group.get("entries-read"),
                "consumers": [text(one) for one in consumers],
            }
            yield (b"," if number else b"") + _json(head)[:-1]
            yield from _array("pending", self._pending(key, group["name"]))
            yield b"}"
        yield b"]"

    def _entries(self, key: bytes) -> Iterator[Any]:
        start = b"-"
        while page := self._client.execute_command("XRANGE", key, start, "+", "COUNT", _ITEMS):
            yield from ([id_.decode(), [text(item) for item in fields]] for id_, fields in page)
            start = b"(" + page[-1][0]

    def _pending(self, key: bytes, group: bytes) -> Iterator[Any]:
        start = b"-"
        while page := self._client.execute_command("XPENDING", key, group, start, "+", _ITEMS):
            yield from ([id_.decode(), text(consumer), idle, times] for id_, consumer, idle, times in page)
            start = b"(" + page[-1][0]


def text(data: bytes) -> Any:
    """Bytes as a text, or in base64 where they are none."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return _base64(data)


def _base64(data: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(data).decode()}


def _array(name: str, items: Iterable[Any]) -> Iterator[bytes]:
    yield f',"{name}":['.encode()
    for number, item in enumerate(items):
        yield (b"," if number else b"") + _json(item)
    yield b"]"


def _pairs(flat: Iterable[bytes], second: Callable[[bytes], Any]) -> Iterator[Any]:
    items = iter(flat)
    return ([text(first), second(other)] for first, other in zip(items, items, strict=True))


def _mapping(flat: Sequence[Any]) -> dict[str, Any]:
    return {name.decode(): value for name, value in zip(flat[::2], flat[1::2], strict=True)}


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
