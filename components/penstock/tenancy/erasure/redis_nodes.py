"""The nodes of a Redis cluster, each with a connection of its own: what is erased is erased on every one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from penstock.tenancy.erasure.errors import ErasureError, without_secrets

_SECONDS = 30


class Address(NamedTuple):
    """Where a Redis cluster is reached, and as whom."""

    host: str
    port: int
    user: str | None
    password: str | None
    tls: bool
    authority: str | None
    """The file with the certificate of who has signed the servers'."""

    def __str__(self) -> str:
        return f"Redis at {self.host}:{self.port}"


class Node(NamedTuple):
    """A node of the cluster."""

    id: str
    name: str
    """Host and port."""
    primary: bool
    client: Any
    """A `redis.Redis` that takes replies as they come."""


def nodes(address: Address) -> list[Node]:
    """All nodes. Raises ErasureError where one does not answer or slots are on their way: keys would be missed."""
    with told(address):
        first = _client(address, address.host, address.port)
        try:
            info = first.execute_command("INFO", "cluster")
            if b"cluster_enabled:1" not in info:
                raise ErasureError(f"{address} is no cluster. Name a node of the one in which tenants are.")
            rows = first.execute_command("CLUSTER NODES").decode().splitlines()
            if b"cluster_state:ok" not in first.execute_command("CLUSTER INFO"):
                raise ErasureError(
                    f"{address}: The cluster is not whole: slots have no primary. Repair it, then try again."
                )
        finally:
            first.close()
    found = []
    for row in rows:
        id_, where, flags, _, _, _, _, _, *slots = row.split()
        host, port = _place(where, address.host)
        name = f"{host}:{port}"
        if any(flag in flags.split(",") for flag in ("fail", "fail?", "handshake", "noaddr")):
            raise ErasureError(
                f"{address}: The node {name} is away. Bring it back, or let the cluster forget it: it would come back "
                "with what it has."
            )
        if any(slot.startswith("[") for slot in slots):
            raise ErasureError(f"{address}: Slots are being moved to or from {name}. Try again when that has ended.")
        found.append(Node(id_, name, "master" in flags.split(",") and bool(slots), _client(address, host, port)))
    with told(address):
        for node in found:
            _answers(node)
    return found


@contextmanager
def told(address: Address) -> Iterator[None]:
    """Turns the driver's errors into sentences, without the password."""
    import redis

    try:
        yield
    except (redis.RedisError, OSError) as error:
        said = without_secrets(" ".join(str(error).split()).rstrip("."), [address.password or ""])
        raise ErasureError(f"{address}: {said}. Mend that, then try again.") from None


def _answers(node: Node) -> None:
    import redis

    try:
        node.client.execute_command("PING")
    except redis.ConnectionError as error:
        raise redis.ConnectionError(
            f"The node {node.name} does not answer ({error}). Every node has to, under the name that it announces; "
            "in the cluster of the platform these names are known"
        ) from None


def _client(address: Address, host: str, port: int) -> Any:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    secure: dict[str, Any] = {"ssl": True, "ssl_ca_certs": address.authority} if address.tls else {}
    client = redis.Redis(
        host=host,
        port=port,
        username=address.user,
        password=address.password,
        protocol=2,
        socket_timeout=_SECONDS,
        socket_connect_timeout=10,
        retry=Retry(NoBackoff(), 1),
        **secure,
    )
    # Replies are taken as the server writes them: scores keep their digits, and there is one form for all versions.
    client.response_callbacks.clear()
    return client


def _place(where: str, given: str) -> tuple[str, int]:
    """Host and port of `ip:port@bus,hostname`. A node that knows no address of its own is the one that was asked."""
    address, *names = where.split(",")
    ip, port = address.split("@")[0].rsplit(":", 1)
    host = names[0] if names and names[0] and "=" not in names[0] else ip
    return host or given, int(port)
