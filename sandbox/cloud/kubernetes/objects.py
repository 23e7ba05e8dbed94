"""What the API server and its controllers add to an object: identity, addresses, status."""

from __future__ import annotations

import base64
import copy
import datetime
import hashlib
import uuid
from collections.abc import Callable
from typing import Any

from sandbox.cloud.paths import first
from sandbox.cloud.values import UNKNOWN, Properties


def created(kind: str, inputs: Properties, seed: str) -> Properties:
    """The object as it lives: everything runs, everything is ready."""
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    identity = {"uid": str(uuid.uuid4()), "creationTimestamp": now, "resourceVersion": "1", "generation": 1}
    return _complete(kind, inputs, identity, seed)


def updated(kind: str, inputs: Properties, prior: Properties, seed: str) -> Properties:
    """The object after a change: the same object, a later version."""
    identity = {name: prior["metadata"][name] for name in ("uid", "creationTimestamp")}
    identity["resourceVersion"] = str(int(prior["metadata"]["resourceVersion"]) + 1)
    identity["generation"] = int(prior["metadata"]["generation"]) + 1
    return _complete(kind, inputs, identity, seed)


def foreseen(kind: str, inputs: Properties, prior: Properties | None) -> Properties:
    """The object as far as it is known before it exists or changes."""
    names = ("uid", "creationTimestamp", "resourceVersion", "generation")
    known = (prior or {}).get("metadata", {})
    identity = {name: known.get(name, UNKNOWN) for name in names[:2]} | dict.fromkeys(names[2:], UNKNOWN)
    outputs = _with_metadata(inputs, identity)
    if kind == "Service" and isinstance(outputs.get("spec"), dict):
        outputs["spec"].setdefault("clusterIP", first(prior, ("spec", "clusterIP")) or UNKNOWN)
    return outputs


def _complete(kind: str, inputs: Properties, identity: Properties, seed: str) -> Properties:
    outputs = _with_metadata(inputs, identity)
    if kind == "Service":
        _address(outputs, seed)
    if kind == "Secret" and outputs.get("stringData"):
        # The API encodes what is written as text and returns it in `data`.
        texts = {name: base64.b64encode(str(text).encode()).decode() for name, text in outputs["stringData"].items()}
        outputs["data"] = {**(outputs.get("data") or {}), **texts}
    status = _STATUS.get(kind)
    if status is not None:
        outputs["status"] = status(outputs, seed)
    return outputs


def _with_metadata(inputs: Properties, identity: Properties) -> Properties:
    outputs = copy.deepcopy(inputs)
    metadata = outputs.get("metadata") or {}
    if isinstance(metadata, dict):
        outputs["metadata"] = {**metadata, **identity}
    return outputs


def _address(service: Properties, seed: str) -> None:
    spec = service.setdefault("spec", {})
    spec.setdefault("type", "ClusterIP")
    if spec["type"] != "ExternalName":
        spec.setdefault("clusterIP", _ip("10.96", seed))
        spec.setdefault("clusterIPs", [spec["clusterIP"]])
    for port in spec.get("ports") or []:
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port"))


def _replicas(workload: Properties, seed: str) -> Properties:
    wanted = first(workload, ("spec", "replicas"))
    count = 1 if wanted is None else int(wanted)
    names = ("replicas", "readyReplicas", "availableReplicas", "updatedReplicas")
    generation = workload["metadata"]["generation"]
    conditions = [{"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"}]
    return {**dict.fromkeys(names, count), "observedGeneration": generation, "conditions": conditions}


def _daemons(workload: Properties, seed: str) -> Properties:
    names = ("currentNumberScheduled", "desiredNumberScheduled", "numberMisscheduled", "numberReady")
    return {**dict.fromkeys(names, 0), "observedGeneration": workload["metadata"]["generation"]}


def _done(job: Properties, seed: str) -> Properties:
    wanted = first(job, ("spec", "completions"))
    return {"succeeded": 1 if wanted is None else wanted, "conditions": [{"type": "Complete", "status": "True"}]}


def balancer(owner: Properties, seed: str) -> Properties:
    """The status of a Service or Ingress: with the address that its cloud gives it, if it wants one."""
    public = owner.get("kind") == "Ingress" or first(owner, ("spec", "type")) == "LoadBalancer"
    return {"loadBalancer": {"ingress": [{"ip": _ip("203.0", seed)}]} if public else {}}


def _phase(phase: str) -> Callable[[Properties, str], Properties]:
    return lambda thing, seed: {"phase": phase}


_STATUS: dict[str, Callable[[Properties, str], Any]] = {
    "DaemonSet": _daemons,
    "Deployment": _replicas,
    "Ingress": balancer,
    "Job": _done,
    "Namespace": _phase("Active"),
    "PersistentVolume": _phase("Available"),
    "PersistentVolumeClaim": _phase("Bound"),
    "Pod": _phase("Running"),
    "ReplicaSet": _replicas,
    "Service": balancer,
    "StatefulSet": _replicas,
}


def _ip(prefix: str, seed: str) -> str:
    digest = hashlib.sha256(seed.encode()).digest()
    return f"{prefix}.{digest[0]}.{1 + digest[1] % 254}"
