"""A client of one Redis node, as small as the tests need it, and one that follows a cluster's redirections."""

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any


class RefusedError(RuntimeError):
    """What a node answers with an error."""


class Client:
    """A connection to one node, over TLS."""

    def __init__(self, address: str, port: int, authority: Path, user: str, password: str) -> None:
        context = ssl.create_default_context(cafile=str(authority))
        context.check_hostname = False  # addresses stand for names here
        plain = socket.create_connection((address, port), timeout=10)
        self.socket = context.wrap_socket(plain)
        self.file = self.socket.makefile("rb")
        try:
            self.send("AUTH", user, password)
        except Exception:
            self.close()
            raise

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def send(self, *words: str | bytes) -> Any:
        """The reply to one command. Raises RefusedError, and ConnectionError where there is none."""
        parts = [word.encode() if isinstance(word, str) else word for word in words]
        self.socket.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
        return self._reply()

    def text(self, *words: str) -> str:
        reply = self.send(*words)
        return reply.decode() if isinstance(reply, bytes) else str(reply)

    def _reply(self) -> Any:
        line = self.file.readline()
        if not line:
            raise ConnectionError("the node has hung up")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RefusedError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"+":
            return rest
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self._reply() for _ in range(int(rest))]
        raise AssertionError(line)


class ClusterClient:
    """Sends each command to the node that a redirection names; names are found by `address_of`."""

    def __init__(self, connect: Callable[[str], Client], address_of: Callable[[str], str], first: str) -> None:
        self.connect, self.address_of, self.first = connect, address_of, first
        self.clients: dict[str, Client] = {}
        self.redirections: list[str] = []
        self.last = first

    def send(self, *words: str) -> Any:
        address = self.first
        for _ in range(5):
            try:
                self.last = address
                return self._client(address).send(*words)
            except RefusedError as refused:
                kind, *rest = str(refused).split()
                if kind != "MOVED":
                    raise
                host = rest[1].rsplit(":", 1)[0]
                self.redirections.append(host)
                address = self.address_of(host)
        raise AssertionError(f"five redirections for {words}")

    def also(self, *words: str) -> Any:
        """A command on the connection of the last one."""
        return self._client(self.last).send(*words)

    def _client(self, address: str) -> Client:
        if address not in self.clients:
            self.clients[address] = self.connect(address)
        return self.clients[address]

    def close(self) -> None:
        for client in self.clients.values():
            client.close()
