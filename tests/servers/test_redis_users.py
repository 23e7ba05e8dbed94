"""Users of a Redis cluster with real servers: tenants kept apart on every node, own users with least rights."""

import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from penstock.data.redis.tenants import password_hash, tenant_user_job
from penstock.data.refs import RedisRef
from tests.servers.redis_client import Client, RefusedError
from tests.servers.redis_nodes import DOMAIN, Nodes, until

Make = Callable[..., Nodes]
REF = RedisRef(
    name="cache",
    namespace="data",
    host="cache.data.svc.cluster.local",
    port=6379,
    use="cache",
    replicas=6,
    memory_mib=192,
    image="redis",
    admin_secret="cache-users",
    tls_secret="cache-tls",
    labels={},
)


def give(nodes: Nodes, tenant: str, *passwords: str, rotation: int = 1, **said: Any) -> None:
    job = tenant_user_job(tenant, REF, [password_hash(each) for each in passwords], rotation=rotation, **said)
    done = nodes.job(job)
    assert done.returncode == 0, done.stderr


def refusal(client: Client, *words: str) -> str:
    with pytest.raises(RefusedError) as refused:
        client.send(*words)
    return str(refused.value).split()[0]


@pytest.fixture
def tenants(formed: Make) -> Nodes:
    """A cluster with two tenants, acme and globex."""
    nodes = formed()
    give(nodes, "acme", "acme-1")
    give(nodes, "globex", "globex-1")
    return nodes


def test_a_tenant_reads_and_writes_its_own_keys_wherever_they_are(tenants: Nodes) -> None:
    client = tenants.cluster(user="acme", password="acme-1")
    for i in range(50):
        client.send("set", f"acme:{i}", str(i))
    assert [client.send("get", f"acme:{i}") for i in range(50)] == [str(i).encode() for i in range(50)]
    assert len(client.clients) == 3, "they are on all primaries"
    assert client.send("lpush", "acme:list", "a") == 1
    assert client.send("expire", "acme:1", "100") == 1
    client.close()


@pytest.mark.parametrize("node", range(6))
def test_a_tenant_is_refused_all_that_is_not_its_own_on_every_node(shared_tenants: Nodes, node: int) -> None:
    with shared_tenants.client(node, "acme", "acme-1") as client:
        for words in (
            ("get", "globex:1"),
            ("set", "globex:1", "x"),
            ("del", "globex:1"),
            ("get", "plain"),
            ("exists", "globex:1"),
            ("rename", "acme:1", "globex:1"),
            ("copy", "globex:1", "acme:1"),
            ("dump", "globex:1"),
            ("object", "encoding", "globex:1"),
            ("memory", "usage", "globex:1"),
            ("sort", "acme:list", "get", "globex:*"),
            ("keys", "*"),
            ("scan", "0"),
            ("randomkey",),
            ("dbsize",),
            ("flushall",),
            ("flushdb",),
            ("swapdb", "0", "1"),
            ("config", "get", "masterauth"),
            ("acl", "list"),
            ("acl", "setuser", "acme", "~*"),
            ("client", "list"),
            ("client", "kill", "type", "normal"),
            ("client", "pause", "1000"),
            ("client", "no-evict", "on"),
            ("client", "tracking", "on", "bcast"),
            ("monitor",),
            ("debug", "sleep", "0"),
            ("shutdown",),
            ("replicaof", "no", "one"),
            ("psync", "?", "-1"),
            ("migrate", "h", "1", "acme:1", "0", "10"),
            ("restore", "acme:1", "0", "x"),
            ("cluster", "reset"),
            ("cluster", "failover"),
            ("cluster", "forget", "x"),
            ("cluster", "getkeysinslot", "0", "10"),
            ("cluster", "countkeysinslot", "0"),
            ("subscribe", "globex:news"),
            ("psubscribe", "*"),
            ("publish", "globex:news", "x"),
            ("pubsub", "channels"),
            ("eval", "return redis.call('get', 'globex:1')", "0"),
            ("function", "list"),
            ("function", "flush"),
            ("function", "load", "x"),
            ("script", "flush"),
            ("slowlog", "get"),
            ("latency", "latest"),
            ("info",),
            ("save",),
            ("bgrewriteaof",),
            ("module", "list"),
        ):
            assert refusal(client, *words) in ("NOPERM", "ERR"), words


# Of the connection itself, of a transaction, or of keys that are named further on (and checked then).
HARMLESS = """asking auth blmpop bzmpop client|caching client|getname client|getredir client|help client|id client|info
client|no-touch client|reply client|setinfo client|setname client|trackinginfo cluster|info cluster|keyslot cluster|myid
cluster|nodes cluster|shards cluster|slots command|count command|docs command|getkeys command|getkeysandflags
command|help command|info command|list discard echo exec hello lmpop lolwut multi ping punsubscribe quit readonly
readwrite reset select sintercard unsubscribe unwatch wait waitaof xread xreadgroup zdiff zinter zintercard zmpop
zunion""".split()


def commands(replies: list[Any]) -> Iterator[tuple[str, int, int]]:
    """Of what COMMAND tells: names, arities, and the positions of first keys."""
    for reply in replies:
        parts = reply[9] if len(reply) > 9 else []
        if parts:
            yield from commands(parts)
        else:
            yield reply[0].decode(), abs(reply[1]), reply[3]


def test_all_that_a_tenant_may_do_without_a_key_is_known_to_concern_itself_alone(shared_tenants: Nodes) -> None:
    allowed = set()
    with shared_tenants.client(0) as client:
        for name, arity, first_key in commands(client.send("command")):
            words = name.split("|")
            tried = [*words, *["x"] * (arity - len(words))]
            if not first_key and client.send("acl", "dryrun", "acme", *tried) == b"OK":
                allowed.add(name)
    assert allowed <= set(HARMLESS)
    assert "ping" in allowed, "it was asked"


def test_scripts_are_let_run_where_that_is_asked_for_and_only_on_own_keys(formed: Make) -> None:
    nodes = formed()
    give(nodes, "acme", "acme-1", scripting=True)
    client = nodes.cluster(user="acme", password="acme-1")
    assert client.send("eval", "return redis.call('set', KEYS[1], 'x')", "1", "acme:k") == b"OK"
    with pytest.raises(RefusedError):
        client.send("eval", "return redis.call('get', 'globex:1')", "1", "acme:k")
    with pytest.raises(RefusedError):
        client.send("eval", "return redis.call('scan', '0')", "1", "acme:k")
    client.close()


def test_clients_of_tenants_find_the_nodes(shared_tenants: Nodes) -> None:
    with shared_tenants.client(0, "acme", "acme-1") as client:
        assert len(client.send("cluster", "slots")) == 3
        assert DOMAIN in client.text("cluster", "nodes")
        assert client.send("cluster", "shards")


def test_two_passwords_are_valid_side_by_side_and_the_one_before_them_is_not(tenants: Nodes) -> None:
    give(tenants, "acme", "acme-2", "acme-1", rotation=2)
    give(tenants, "globex", "globex-1")
    for password in ("acme-1", "acme-2"):
        with tenants.client(5, "acme", password) as client:
            assert client.send("ping") == b"PONG"
    give(tenants, "acme", "acme-3", "acme-2", rotation=3)
    for node in range(6):
        with pytest.raises(RefusedError, match="WRONGPASS"), tenants.client(node, "acme", "acme-1"):
            pass


def test_users_of_tenants_outlive_restarts_while_own_users_follow_the_secret(tenants: Nodes) -> None:
    (tenants.folder / "secrets" / "admin-password").write_text("admin-secret-2")
    (tenants.folder / "secrets" / "admin-previous-password").write_text("admin-secret-1")
    tenants.end(*range(6))
    tenants.start(*range(6))
    for node in range(6):
        with tenants.client(node, "acme", "acme-1") as client:
            assert client.send("ping") == b"PONG"
        for password in ("admin-secret-1", "admin-secret-2"):
            with tenants.client(node, password=password) as client:
                assert client.send("ping") == b"PONG"
    tenants.form()


def test_a_node_that_comes_up_blank_gets_the_users_from_a_peer_before_it_is_ready(tenants: Nodes) -> None:
    replica = tenants.replica_of(tenants.primaries()[0])
    tenants.end(replica)
    tenants.wipe(replica)
    tenants.start(replica)
    assert tenants.script("probe.sh", "ready", node=replica).returncode == 1
    with pytest.raises(RefusedError, match="WRONGPASS"), tenants.client(replica, "acme", "acme-1"):
        pass
    tenants.heal()
    until(lambda: tenants.script("probe.sh", "ready", node=replica).returncode == 0, "it is ready")
    for tenant in ("acme", "globex"):
        with tenants.client(replica, tenant, f"{tenant}-1") as client:
            assert client.send("ping") == b"PONG"
    tenants.end(replica)
    tenants.start(replica)
    with tenants.client(replica, "acme", "acme-1") as client:
        assert client.send("ping") == b"PONG", "it has saved them"


def test_a_user_is_given_only_when_every_node_has_it(formed: Make) -> None:
    nodes = formed()
    nodes.end(5)
    job = tenant_user_job("acme", REF, [password_hash("x")], rotation=1)
    done = nodes.job(job, TENANT_SECONDS="2")
    assert done.returncode == 1
    assert f"{nodes.name(5)} could not be reached" in done.stderr


def test_own_users_can_do_what_they_are_for_and_nothing_else(shared_tenants: Nodes) -> None:
    with shared_tenants.client(0, "exporter", "exporter-secret-1") as client:
        client.send("client", "setname", "redis_exporter")
        for words in (("info", "all"), ("cluster", "info"), ("slowlog", "len"), ("latency", "latest")):
            client.send(*words)
        for words in (("get", "acme:1"), ("config", "get", "*"), ("client", "list"), ("acl", "list"), ("scan", "0")):
            assert refusal(client, *words) == "NOPERM"
    with shared_tenants.client(0, "probe", "probe-secret-1") as client:
        for words in (("get", "acme:1"), ("cluster", "failover"), ("acl", "list"), ("config", "get", "*")):
            assert refusal(client, *words) == "NOPERM"
    with shared_tenants.client(0, "replica", "replica-secret-1") as client:
        for words in (("get", "acme:1"), ("info",), ("set", "a", "b")):
            assert refusal(client, *words) == "NOPERM"
    with pytest.raises(RefusedError, match="WRONGPASS"), shared_tenants.client(0, "default", ""):
        pass


def test_nobody_gets_in_without_tls_or_without_a_password(shared_tenants: Nodes) -> None:
    plain = ["redis-cli", "-h", shared_tenants.addresses[0], "-p", str(shared_tenants.port)]
    assert "PONG" not in subprocess.run([*plain, "ping"], capture_output=True, text=True, timeout=10).stdout
    secure = [*plain, "--tls", "--cacert", str(shared_tenants.tls / "ca.crt")]
    assert "NOAUTH" in subprocess.run([*secure, "ping"], capture_output=True, text=True, timeout=10).stdout


def test_nodes_take_new_passwords_and_go_on_without_a_restart(formed: Make) -> None:
    nodes = formed()
    for user in ("admin", "replica", "exporter", "probe"):
        secret = nodes.folder / "secrets" / f"{user}-password"
        (secret.parent / f"{user}-previous-password").write_text(secret.read_text())
        secret.write_text(f"{user}-secret-2")
    nodes.form()  # A Job has the new ones before nodes do.
    for i in range(6):
        nodes.keep(i)

    def accepted() -> bool:
        for i in range(6):
            with nodes.client(i, password="admin-secret-2") as client:
                if client.send("config", "get", "masterauth")[1] != b"replica-secret-2":
                    return False
        return True

    until(accepted, "every node has the new passwords", 20)
    with nodes.client(0, password="admin-secret-1") as client:
        assert client.send("ping") == b"PONG", "those before stay valid"
    lost = nodes.primaries()[0]
    nodes.end(lost)
    until(lambda: len(nodes.primaries()) == 3, "its replica has taken over", 20)
    nodes.start(lost)
    until(nodes.ok, "it has come back in step, with the new password")


def test_keepers_alone_bring_a_cluster_back_whose_nodes_all_have_other_addresses(formed: Make) -> None:
    nodes = formed()
    nodes.end(*range(6))
    nodes.move(*range(6))
    nodes.start(*range(6))
    for i in range(6):
        nodes.keep(i)
    until(nodes.ok, "the cluster is whole", 30)
    known = nodes.ask(0, "cluster", "nodes")
    assert all(f" {address}:" in known for address in nodes.addresses)
