"""Plays CloudNativePG's instance managers, the programs in its pods that run PostgreSQL and answer for it.

An operator asks each instance how it does, and tells them through the cluster's status which of them is to be primary.
Here an instance does well as long as its pod is ready; the one that is to be primary becomes so as soon as it is ready,
and with its promotion a new timeline begins. All data is the same everywhere at all times. Databases and roles count as
applied at once. Nothing is archived or backed up here, and nobody is fenced.

Source: CloudNativePG 1.30, internal/management/controller and pkg/management/postgres/probes.go.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import sys
import threading
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

from sandbox.cluster.api import Api, Object
from sandbox.cluster.certificates import Certificates
from sandbox.cluster.objects import conditions
from sandbox.errors import SandboxError

_SECONDS = 1
_API = "/apis/postgresql.cnpg.io/v1"
_CLUSTER, _ROLE = "cnpg.io/cluster", "cnpg.io/podRole=instance"
_PENDING = "pending"
"""What the operator writes for the primary to be until it has chosen one."""
_POSITION = "0/3000000"
"""How far everyone's data is."""
_MERGE = "application/merge-patch+json"


class Instances:
    """The instances of every cluster of an API server. Who promotes them, and who tells of them, share `timelines`."""

    def __init__(self, api: Api, timelines: dict[str, int] | None = None) -> None:
        self._api = api
        self._timelines = {} if timelines is None else timelines

    def status(self, address: str) -> Object | None:
        """What the instance at a pod's address says of itself; `None` where no such pod is ready."""
        query = urlencode({"labelSelector": _ROLE, "fieldSelector": f"status.podIP={address}"})
        found = [pod for pod in self._api.get(f"/api/v1/pods?{query}")["items"] if _is_ready(pod)]
        if len(found) != 1:
            return None
        meta = found[0]["metadata"]
        space, name = meta["namespace"], meta["labels"][_CLUSTER]
        cluster = self._api.find(f"{_API}/namespaces/{space}/clusters/{name}")
        return self._told(cluster, meta["name"], self._ready(space, name)) if cluster else None

    def play(self) -> None:
        """Does what instances do of their own accord, once."""
        for cluster in self._api.get(f"{_API}/clusters")["items"]:
            self._promote(cluster)
            self._tell_quorum(cluster)
        for kind in ("databases", "databaseroles"):
            for thing in self._api.get(f"{_API}/{kind}")["items"]:
                seen = thing["metadata"]["generation"]
                if (thing.get("status") or {}).get("observedGeneration") != seen:
                    self._patch(thing, kind, {"applied": True, "observedGeneration": seen})

    def _promote(self, cluster: Object) -> None:
        """The instance that is to be primary becomes so, where it is ready."""
        status, meta = cluster.get("status") or {}, cluster["metadata"]
        wanted, present = status.get("targetPrimary"), status.get("currentPrimary")
        if wanted in (None, "", _PENDING, present) or wanted not in self._ready(meta["namespace"], meta["name"]):
            return
        if present:
            self._timelines[meta["uid"]] = self._timeline(cluster) + 1
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self._patch(cluster, "clusters", {"currentPrimary": wanted, "currentPrimaryTimestamp": now})

    def _tell_quorum(self, cluster: Object) -> None:
        """The primary writes who confirms its writes, where the operator is to ask before it promotes another."""
        status, meta = cluster.get("status") or {}, cluster["metadata"]
        rule = cluster["spec"].get("postgresql", {}).get("synchronous") or {}
        primary = status.get("currentPrimary")
        if not rule.get("failoverQuorum") or not primary or status.get("targetPrimary") != primary:
            return
        path = f"{_API}/namespaces/{meta['namespace']}/failoverquorums/{meta['name']}"
        found = self._api.find(path)
        others = sorted(name for name in status.get("instanceNames") or [] if name != primary)
        told = {
            "method": str(rule.get("method", "any")).upper(),
            "primary": primary,
            "standbyNames": others,
            "standbyNumber": rule.get("number", 1),
        }
        if found and found.get("status") != told:
            self._patch(found, "failoverquorums", told)

    def _told(self, cluster: Object, pod: str, ready: set[str]) -> Object:
        """The answer of an instance manager."""
        status = cluster.get("status") or {}
        primary = status.get("currentPrimary") or status.get("targetPrimary")
        told: Object = {
            "systemID": str(int(hashlib.sha256(cluster["metadata"]["uid"].encode()).hexdigest()[:15], 16)),
            "isPrimary": pod == primary,
            "timeLineID": self._timeline(cluster),
            "executableHash": "sandbox",
            "instanceManagerVersion": "sandbox",
            "instanceArch": "amd64",
            "sessionID": cluster["metadata"]["uid"],
            "pod": {"metadata": {"name": pod}},
        }
        if pod == primary:
            return {**told, "currentLsn": _POSITION, "replicationInfo": _streams(ready - {pod})}
        follows = primary in ready and status.get("targetPrimary") == primary
        return {**told, "receivedLsn": _POSITION, "replayLsn": _POSITION, "isWalReceiverActive": follows}

    def _timeline(self, cluster: Object) -> int:
        told = (cluster.get("status") or {}).get("timelineID") or 1
        return max(int(told), self._timelines.get(cluster["metadata"]["uid"], 1))

    def _ready(self, space: str, cluster: str) -> set[str]:
        """The names of a cluster's instances whose pods are ready."""
        query = urlencode({"labelSelector": f"{_CLUSTER}={cluster},{_ROLE}"})
        found = self._api.get(f"/api/v1/namespaces/{space}/pods?{query}")["items"]
        return {pod["metadata"]["name"] for pod in found if _is_ready(pod)}

    def _patch(self, thing: Object, kind: str, status: Mapping[str, object]) -> None:
        meta = thing["metadata"]
        path = f"{_API}/namespaces/{meta['namespace']}/{kind}/{meta['name']}/status"
        self._api.request("PATCH", path, {"status": dict(status)}, _MERGE)


def _is_ready(pod: Object) -> bool:
    """Whether it runs, is not about to end, and is ready."""
    phase, ending = pod.get("status", {}).get("phase"), pod["metadata"].get("deletionTimestamp")
    return phase == "Running" and not ending and conditions(pod).get("Ready", {}).get("status") == "True"


def _streams(names: Iterable[str]) -> list[Object]:
    positions = dict.fromkeys(("receivedLsn", "writeLsn", "flushLsn", "replayLsn"), _POSITION)
    return [
        {"applicationName": name, "state": "streaming", "syncState": "quorum", **positions} for name in sorted(names)
    ]


class Front(ThreadingHTTPServer):
    """Answers for the pods: the address that was asked for is in the request's header `Host`."""

    daemon_threads = True

    def __init__(self, port: int, instances: Instances) -> None:
        super().__init__(("127.0.0.1", port), _Exchange)
        self.instances = instances
        self.one_at_a_time = threading.Lock()


class _Exchange(BaseHTTPRequestHandler):
    server: Front

    def do_GET(self) -> None:
        if self.path == "/":
            return self._answer(200, {})
        if self.path != "/pg/status":
            return self._answer(404, {"error": f"The sandbox's instances know no {self.path}."})
        address = str(self.headers.get("Host")).rpartition(":")[0]
        try:
            with self.server.one_at_a_time:
                found = self.server.instances.status(address)
        except SandboxError as error:
            return self._answer(500, {"error": str(error)})
        return self._answer(200 if found else 503, found or {"error": f"No instance at {address} is ready."})

    def _answer(self, status: int, content: Object) -> None:
        body = json.dumps(content).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Until ended: answer, and look every second what the instances are to do."""
    parser = argparse.ArgumentParser()
    for name in ("server", "client"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificates", type=Path, required=True)
    options = parser.parse_args()

    timelines: dict[str, int] = {}

    def instances() -> Instances:
        return Instances(Api(options.server, Certificates(options.certificates), options.client), timelines)

    front, players = Front(options.port, instances()), instances()
    threading.Thread(target=front.serve_forever, daemon=True).start()
    pause, said = threading.Event(), ""
    while True:
        try:
            players.play()
            said = ""
        except SandboxError as error:
            if said != str(error):
                sys.stderr.write(f"{error}\n")
            said = str(error)
        pause.wait(_SECONDS)


if __name__ == "__main__":
    main()
