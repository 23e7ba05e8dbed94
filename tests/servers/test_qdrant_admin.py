"""What runs in the cluster of Qdrant, against a stand-in for its API: see `qdrant_server` for what that proves."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from penstock.data.qdrant import texts
from penstock.data.qdrant.admin import api as api_module
from penstock.data.qdrant.admin import collections, join, shards
from penstock.data.qdrant.admin.api import Api, RefusedError
from penstock.data.qdrant.spec import TENANT_FIELD, QdrantSpec
from penstock.spec import check
from sandbox.cloud.tls.makers import MAKERS
from tests.servers.qdrant_server import KEY, Collection, State, serving
from tests.unit.test_qdrant_plan import asked

PEERS = {1: "http://q-0.q:6335", 2: "http://q-1.q:6335", 3: "http://q-2.q:6335"}


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks again at once."""
    monkeypatch.setattr(api_module, "_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(join, "_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(join, "_LOOK_SECONDS", 0.2)


@pytest.fixture
def state() -> State:
    return State(dict(PEERS))


@pytest.fixture
def api(state: State) -> Iterator[Api]:
    with serving(state) as url:
        yield Api(url, KEY)


def soon(seconds: float = 10) -> float:
    return time.monotonic() + seconds


def wanted(**said: Any) -> dict[str, Any]:
    return texts.wanted(check(QdrantSpec, asked(**said)))


def replicas(found: Collection) -> set[int]:
    """How many whole replicas shards have."""
    return {sum(state == "Active" for state in holders.values()) for holders in found.shards.values()}


# Collections


def test_collections_are_made_as_they_are_wanted(api: Api, state: State) -> None:
    done = collections.ensure(api, wanted(), soon())
    assert state.collections.keys() == {"tenants", "llm_cache"}
    for found in state.collections.values():
        assert found.params["vectors"] == {"size": 384, "distance": "Cosine"}
        assert (len(found.shards), replicas(found)) == (6, {2})
        assert found.indexes == {TENANT_FIELD: {"type": "keyword", "is_tenant": True}}
        assert (found.hnsw["m"], found.hnsw["payload_m"]) == (0, 16)
    assert done[0] == "The collection tenants is made."


def test_a_second_time_nothing_is_changed(api: Api, state: State) -> None:
    collections.ensure(api, wanted(), soon())
    before = len(state.changes())
    assert collections.ensure(api, wanted(), soon()) == []
    assert len(state.changes()) == before


def test_points_stay_when_it_is_done_again(api: Api, state: State) -> None:
    collections.ensure(api, wanted(), soon())
    state.collections["tenants"].points.append({"id": 1, "payload": {TENANT_FIELD: "acme"}})
    collections.ensure(api, wanted(collection={"replicas": 3}), soon())
    assert len(state.collections["tenants"].points) == 1


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"vector_size": 768}, "tenants has vectors of size 384, and 768 is asked for"),
        ({"distance": "Dot"}, "has the distance Cosine, and Dot"),
        ({"shards": 9}, "has a number of shards of 6, and 9"),
    ],
)
def test_what_cannot_be_changed_is_refused_in_a_sentence(
    api: Api, state: State, said: dict[str, Any], sentence: str
) -> None:
    collections.ensure(api, wanted(), soon())
    before = len(state.changes())
    with pytest.raises(RefusedError, match=sentence):
        collections.ensure(api, wanted(collection=said), soon())
    assert len(state.changes()) == before, "nothing was changed before it was refused"


def test_more_replicas_are_made_and_awaited(api: Api, state: State) -> None:
    collections.ensure(api, wanted(), soon())
    done = collections.ensure(api, wanted(collection={"replicas": 3, "write_consistency": 2}), soon())
    found = state.collections["tenants"]
    assert replicas(found) == {3}
    assert (found.params["replication_factor"], found.params["write_consistency_factor"]) == (3, 2)
    assert "The collection tenants has now replication_factor 3, write_consistency_factor 2." in done


def test_fewer_replicas_are_kept_and_never_none(api: Api, state: State) -> None:
    collections.ensure(api, wanted(collection={"replicas": 3}), soon())
    collections.ensure(api, wanted(), soon())
    found = state.collections["tenants"]
    assert replicas(found) == {2}
    load = [sum(peer in holders for holders in found.shards.values()) for peer in PEERS]
    assert max(load) - min(load) <= 1, "the rest is spread evenly"


def test_a_lost_index_is_made_again(api: Api, state: State) -> None:
    collections.ensure(api, wanted(), soon())
    state.collections["tenants"].indexes.clear()
    assert collections.ensure(api, wanted(), soon()) == ["The field tenant_id of tenants is indexed."]


def test_it_waits_until_all_nodes_have_joined(api: Api, state: State) -> None:
    gone = state.peers.pop(3)
    with pytest.raises(RefusedError, match="Not all of the 3 nodes have joined"):
        collections.ensure(api, wanted(), soon(0.1))
    assert not state.collections
    state.peers[3] = gone
    collections.ensure(api, wanted(), soon())
    assert state.collections


def test_what_fails_in_passing_is_tried_again(api: Api, state: State) -> None:
    state.refuse = [503, 500, 429]
    collections.ensure(api, wanted(), soon())
    assert state.collections


def test_a_collection_that_is_made_and_whose_answer_is_lost_is_taken(api: Api, state: State) -> None:
    state.lose = [408]
    collections.ensure(api, wanted(), soon())
    tries = [path for method, path in state.changes() if method == "PUT" and path == "/collections/tenants"]
    assert len(tries) == 2, "the second was told that it is there"
    assert replicas(state.collections["tenants"]) == {2}


def test_a_wrong_key_is_said_at_once(state: State) -> None:
    with serving(state) as url, pytest.raises(RefusedError, match="401"):
        collections.ensure(Api(url, "wrong"), wanted(), soon(5))


def test_nobody_who_answers_is_said_in_a_sentence() -> None:
    with pytest.raises(RefusedError, match="does not answer"):
        collections.ensure(Api(f"http://localhost:{free_port()}", KEY), wanted(), soon(0.05))


def test_a_tenants_own_collection_is_made_beside_the_shared_ones(api: Api, state: State) -> None:
    alone = texts.wanted_alone("tenant-acme", 3, size=384, distance="Cosine", shards=1, replicas=2, write_consistency=1)
    collections.ensure(api, alone, soon())
    found = state.collections["tenant-acme"]
    assert (len(found.shards), replicas(found), found.hnsw["m"]) == (1, {2}, 16)


# The loss of a node


def test_replicas_that_were_lost_with_a_node_are_made_anew(api: Api, state: State) -> None:
    collections.ensure(api, wanted(), soon())
    api.send("DELETE", "/cluster/peer/3?force=true", None, soon())
    state.peers[4] = "http://q-2.q:6335"
    assert replicas(state.collections["tenants"]) == {1, 2}
    done = collections.repair(api, soon())
    assert all(replicas(found) == {2} for found in state.collections.values())
    assert all("is on node 4, too" in sentence for sentence in done)
    assert collections.repair(api, soon()) == []


def test_no_replica_is_put_on_a_node_that_is_silent(api: Api, state: State) -> None:
    collections.ensure(api, wanted(), soon())
    api.send("DELETE", "/cluster/peer/3?force=true", None, soon())
    state.peers[4] = "http://q-2.q:6335"
    state.silent = {4}
    collections.repair(api, soon())
    assert not any(4 in holders for found in state.collections.values() for holders in found.shards.values())


def test_a_node_that_is_away_for_a_while_keeps_its_replicas(api: Api, state: State) -> None:
    collections.ensure(api, wanted(), soon())
    state.silent = {2}
    for found in state.collections.values():
        for holders in found.shards.values():
            holders.update({peer: "Dead" for peer in holders if peer == 2})
    before = len(state.changes())
    assert collections.repair(api, soon()) == []
    assert len(state.changes()) == before, "Qdrant itself brings them up to date when it is back"


def test_a_shard_without_a_whole_replica_is_told_and_the_others_are_repaired(api: Api, state: State) -> None:
    collections.ensure(api, wanted(), soon())
    state.collections["tenants"].shards[0] = {1: "Dead", 2: "Dead"}
    state.collections["tenants"].shards[1] = {2: "Active"}
    state.collections["llm_cache"].shards[1] = {2: "Active"}
    with pytest.raises(RefusedError, match="No whole replica of shard 0 of tenants answers"):
        collections.repair(api, soon())
    assert len(state.collections["tenants"].shards[1]) == 2
    assert len(state.collections["llm_cache"].shards[1]) == 2


def test_a_shard_whose_only_whole_replica_is_on_a_silent_node_is_told(api: Api, state: State) -> None:
    collections.ensure(api, wanted(), soon())
    state.collections["tenants"].shards[0] = {2: "Active", 3: "Dead"}
    state.silent = {2}
    with pytest.raises(RefusedError, match="No whole replica of shard 0 of tenants answers"):
        collections.repair(api, soon())


# Joining


def blank(tmp_path: Path) -> Path:
    return tmp_path


def in_a_cluster(tmp_path: Path, term: int = 3, peer: int = 77) -> Path:
    raft = {"hard_state": {"term": term, "vote": 1, "commit": 9}}
    state = {"state": raft, "peer_address_by_id": {}, "this_peer_id": peer}
    (tmp_path / "raft_state.json").write_text(json.dumps(state))
    return tmp_path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def nobody() -> str:
    return f"http://localhost:{free_port()}"


def start(storage: Path, *others: str, first: bool, settle: float = 0.05, seconds: float = 0.5) -> str | None:
    """By whom a node at the place of peer 3 joins, where the others are at these addresses."""
    known = [(url, f"http://peer-{index}:6335") for index, url in enumerate(others)]
    return join.bootstrap(
        Api("http://localhost:1", KEY), PEERS[3], known, storage, first=first, settle=settle, until=soon(seconds)
    )


def test_the_first_node_founds_the_cluster_where_nobody_has_one(tmp_path: Path) -> None:
    assert start(blank(tmp_path), nobody(), nobody(), first=True) is None


def test_others_never_found_one_and_wait_for_it(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="No node with a cluster answers"):
        start(blank(tmp_path), nobody(), nobody(), first=False)


def test_others_join_the_cluster_that_lives(tmp_path: Path, state: State) -> None:
    state.peers.pop(3)
    with serving(state) as url:
        assert start(blank(tmp_path), nobody(), url, first=False) == "http://peer-1:6335"


def test_a_first_node_that_has_lost_its_volume_joins_and_founds_none(tmp_path: Path, state: State) -> None:
    state.peers.pop(3)
    with serving(state) as url:
        assert start(blank(tmp_path), url, nobody(), first=True) == "http://peer-0:6335"


@pytest.mark.parametrize("first", [True, False])
def test_after_a_full_restart_every_node_starts_at_once_from_its_volume(tmp_path: Path, first: bool) -> None:
    began = time.monotonic()
    assert start(in_a_cluster(tmp_path), nobody(), nobody(), first=first, settle=30, seconds=30) is None
    assert time.monotonic() - began < 1


def test_a_state_that_was_begun_and_never_in_a_cluster_counts_as_none(tmp_path: Path, state: State) -> None:
    """Qdrant writes its state before it has joined: term 0 is what it calls a new deployment."""
    state.peers.pop(3)
    with serving(state) as url:
        assert start(in_a_cluster(tmp_path, term=0), url, first=True) == "http://peer-0:6335"


def test_a_state_that_cannot_be_read_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "raft_state.json").write_text("{")
    assert not join.formed(tmp_path)


def test_the_first_node_founds_none_while_another_may_have_one(tmp_path: Path, state: State) -> None:
    """One that is there, and does not say that it is in a cluster with a leader, may still find its leader."""
    state.leader = None
    with serving(state) as url, pytest.raises(RefusedError, match="may have one"):
        start(blank(tmp_path), url, nobody(), first=True)


def test_the_first_node_founds_none_while_a_machine_does_not_answer(tmp_path: Path) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(1)  # takes the connection, and says nothing
        url = f"http://localhost:{deaf.getsockname()[1]}"
        with pytest.raises(RefusedError, match="may have one"):
            start(blank(tmp_path), url, first=True, settle=0.01, seconds=1)


def test_the_node_that_was_there_before_is_forgotten_first(tmp_path: Path, api: Api, state: State) -> None:
    collections.ensure(api, wanted(), soon())
    assert start(blank(tmp_path), api.url, first=False) == "http://peer-0:6335"
    assert 3 not in state.peers
    assert not any(3 in holders for found in state.collections.values() for holders in found.shards.values())


def test_a_node_that_had_begun_to_join_goes_on_with_that(tmp_path: Path, api: Api, state: State) -> None:
    storage = in_a_cluster(tmp_path, term=0, peer=3)
    assert start(storage, api.url, first=False) == "http://peer-0:6335"
    assert 3 in state.peers


def test_the_only_replica_is_never_forgotten(tmp_path: Path, api: Api, state: State) -> None:
    collections.ensure(api, wanted(), soon())
    state.collections["tenants"].shards[5] = {3: "Active", 1: "Dead"}
    with pytest.raises(RefusedError, match="only replica of 1 shards of tenants"):
        start(blank(tmp_path), api.url, first=False)
    assert 3 in state.peers


# As it runs in a pod


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """What the ConfigMap puts into a pod."""
    folder = tmp_path / "program" / "admin"
    folder.mkdir(parents=True)
    for name, text in texts.admin().items():
        (folder / name).write_text(text)
    return folder.parent


def pod(program: Path, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(program), "PATH": os.environ["PATH"], "DEADLINE_SECONDS": "20", **variables}
    return subprocess.run(
        [sys.executable, "-S", "-m", "admin", command],  # without anything that is installed
        env={**environment, "QDRANT_API_KEY": KEY},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def authority(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's certificate as the component has it made, and who has signed it."""
    make = {name.rpartition(":")[2]: maker for name, maker in MAKERS.items()}
    curve = {"algorithm": "ECDSA", "ecdsaCurve": "P256"}
    above, own = (make["PrivateKey"](curve)[1] for _ in range(2))
    subject = {"subject": {"commonName": "authority"}, "isCaCertificate": True}
    uses = {"allowedUses": ["cert_signing"], "validityPeriodHours": 10}
    _, root = make["SelfSignedCert"]({"privateKeyPem": above["privateKeyPem"], **subject, **uses})
    _, request = make["CertRequest"]({"privateKeyPem": own["privateKeyPem"], "dnsNames": ["localhost"]})
    signing = {"caPrivateKeyPem": above["privateKeyPem"], "caCertPem": root["certPem"]}
    uses = {"allowedUses": ["digital_signature", "server_auth"], "validityPeriodHours": 10}
    _, signed = make["LocallySignedCert"]({"certRequestPem": request["certRequestPem"], **signing, **uses})
    for name, text in (
        ("ca.crt", root["certPem"]),
        ("tls.crt", signed["certPem"]),
        ("tls.key", own["privateKeyPemPkcs8"]),
    ):
        (tmp_path / name).write_text(text)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    return context, tmp_path / "ca.crt"


def test_a_job_makes_collections_over_tls_with_nothing_but_python(program: Path, tmp_path: Path, state: State) -> None:
    context, trusted = authority(tmp_path)
    file = tmp_path / "collections.json"
    file.write_text(json.dumps(wanted()))
    with serving(state, context=context) as url:
        done = pod(program, "ensure", QDRANT_URL=url, QDRANT_CA=str(trusted), WANTED=str(file))
        assert (done.returncode, done.stderr) == (0, "")
        assert "The collection tenants is made." in done.stdout
        stranger = pod(program, "ensure", QDRANT_URL=url, WANTED=str(file), DEADLINE_SECONDS="0")
    assert stranger.returncode == 1
    assert "does not answer" in stranger.stderr, "who has signed the certificate has to be known"


def test_a_job_that_cannot_do_it_ends_with_a_sentence(program: Path, tmp_path: Path, state: State) -> None:
    file = tmp_path / "collections.json"
    with serving(state) as url:
        for content, code in ((wanted(), 0), (wanted(collection={"vector_size": 8}), 1)):
            file.write_text(json.dumps(content))
            done = pod(program, "ensure", QDRANT_URL=url, WANTED=str(file))
            assert done.returncode == code
    assert "vectors of size 384, and 8 is asked for" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_pod_writes_down_by_whom_it_joins_and_qdrant_is_started_so(
    program: Path, tmp_path: Path, state: State
) -> None:
    storage = tmp_path / "storage"
    storage.mkdir()
    bootstrap = tmp_path / "bootstrap"
    in_a_cluster(storage)
    done = pod(
        program,
        "join",
        QDRANT_URL="http://localhost:6333",
        POD_NAME="q-0",
        PEER_DOMAIN="q-headless.data.svc.cluster.local",
        NODES="3",
        STORAGE=str(storage),
        BOOTSTRAP=str(bootstrap),
    )
    assert done.returncode == 0, done.stderr
    assert bootstrap.read_text() == "\n"
    assert started(tmp_path, bootstrap) == ["--uri", "http://q-0:6335"]
    bootstrap.write_text("http://q-1:6335\n")
    assert started(tmp_path, bootstrap) == ["--uri", "http://q-0:6335", "--bootstrap", "http://q-1:6335"]


def started(folder: Path, bootstrap: Path) -> list[str]:
    """The arguments with which the image's own script is called."""
    script = folder / "entrypoint.sh"
    script.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    script.chmod(0o755)
    start = files("penstock.data.qdrant") / "data" / "start.sh"
    environment = {"BOOTSTRAP": str(bootstrap), "PEER_URI": "http://q-0:6335", "PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["bash", str(start)], cwd=folder, env=environment, capture_output=True, text=True, timeout=20, check=True
    )
    return done.stdout.split()


def test_shards_of_a_collection_are_read_from_any_node(state: State) -> None:
    with serving(state, peer=1) as one, serving(state, peer=2) as two:
        collections.ensure(Api(one, KEY), wanted(), soon())
        assert shards.shards(Api(one, KEY), "tenants", soon()) == shards.shards(Api(two, KEY), "tenants", soon())
