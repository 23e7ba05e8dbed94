"""Whether an object does what it was made for, and what it waits for: what Pulumi's provider waits for, too.

Source: https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/ and the provider's
`provider/pkg/await`. Endpoints of Services are not waited for: no kubelet runs here that would serve them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlencode

from sandbox.cluster.api import Api, Object
from sandbox.cluster.objects import conditions
from sandbox.cluster.platform.wanted import unmet, wanted

SKIP: Final = "pulumi.com/skipAwait"


def waits_for(api: Api, live: Object) -> str | None:
    """What is still missing; None, where it is ready or nothing is waited for."""
    if _is_skipped(live):
        return None
    if expressions := wanted(live):
        # They take the place of what is waited for otherwise.
        missing = next((reason for one in expressions if (reason := unmet(live, one))), None)
    else:
        look = _LOOKS.get((live["apiVersion"], live["kind"]))
        missing = look(api, live) if look else None
    return f"{live['kind']} {_name(live)}: {missing}" if missing else None


def lacks(api: Api, live: Object) -> str | None:
    """What a refresh finds missing. It asks of workloads alone, and not for what a program itself waits for."""
    look = _LOOKS.get((live["apiVersion"], live["kind"])) if live["kind"] in _READ else None
    if look is None or _is_skipped(live):
        return None
    missing = look(api, live)
    return failed(live) or (f"{live['kind']} {_name(live)}: {missing}" if missing else None)


def failed(live: Object) -> str | None:
    """Why it never will be, where that is known."""
    if live["kind"] == "Job" and _holds(live, "Failed"):
        return f"Job {_name(live)} failed: {conditions(live)['Failed'].get('message', 'no reason given')}"
    return None


def _replicas(_api: Api, live: Object) -> str | None:
    status, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    if not _observed(live):
        return "its controller has not seen it yet."
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    if updated >= wanted and available >= wanted and status.get("replicas", 0) <= wanted:
        return None
    return f"{available} of {wanted} pods are available, {updated} of them of the present template."


def _stateful(_api: Api, live: Object) -> str | None:
    status, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    if not _observed(live):
        return "its controller has not seen it yet."
    ready, updated = status.get("readyReplicas", 0), status.get("updatedReplicas", 0)
    # One that is updated by hand, or in part, has revisions that differ for good.
    rolls = live["spec"].get("updateStrategy", {}).get("type", "RollingUpdate") == "RollingUpdate"
    partition = live["spec"].get("updateStrategy", {}).get("rollingUpdate", {}).get("partition", 0)
    if ready >= wanted and (not rolls or updated >= wanted - partition):
        return None
    return f"{ready} of {wanted} pods are ready, {updated} of them of the present template."


def _daemons(_api: Api, live: Object) -> str | None:
    status = live.get("status", {})
    if not _observed(live):
        return "its controller has not seen it yet."
    wanted, ready = status.get("desiredNumberScheduled", 0), status.get("numberReady", 0)
    updated = status.get("updatedNumberScheduled", 0)
    on_delete = live["spec"].get("updateStrategy", {}).get("type") == "OnDelete"
    return None if ready >= wanted and (on_delete or updated >= wanted) else f"{ready} of {wanted} pods are ready."


def _job(_api: Api, live: Object) -> str | None:
    return None if _holds(live, "Complete") else "it has not completed."


def _pod(_api: Api, live: Object) -> str | None:
    if live.get("status", {}).get("phase") == "Succeeded" or _holds(live, "Ready"):
        return None
    scheduled = conditions(live).get("PodScheduled", {})
    return str(scheduled["message"]) if scheduled.get("message") else "it is not ready."


def _claim(api: Api, live: Object) -> str | None:
    if live.get("status", {}).get("phase") == "Bound":
        return None
    name = live["spec"].get("storageClassName")
    found = api.find(f"/apis/storage.k8s.io/v1/storageclasses/{name}") if name else None
    # Bound only when a pod uses it, which Pulumi's provider does not wait for.
    late = found is not None and found.get("volumeBindingMode") == "WaitForFirstConsumer"
    return None if late else "it is not bound to a volume."


def _definition(_api: Api, live: Object) -> str | None:
    return None if _holds(live, "Established") else "the API server does not serve it yet."


_LOOKS: Final[Mapping[tuple[str, str], Callable[[Api, Object], str | None]]] = {
    ("apps/v1", "Deployment"): _replicas,
    ("apps/v1", "StatefulSet"): _stateful,
    ("apps/v1", "DaemonSet"): _daemons,
    ("batch/v1", "Job"): _job,
    ("v1", "Pod"): _pod,
    ("v1", "PersistentVolumeClaim"): _claim,
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"): _definition,
}

_READ: Final = ("DaemonSet", "Deployment", "Job", "Pod", "StatefulSet")


def unscheduled(api: Api, live: Object) -> list[str]:
    """Why pods of it are not scheduled, each reason once."""
    labels = live.get("spec", {}).get("selector", {})
    wanted = labels.get("matchLabels") if isinstance(labels, dict) else None
    if not wanted:
        return []
    query = urlencode({"labelSelector": ",".join(f"{key}={value}" for key, value in wanted.items())})
    found = api.get(f"/api/v1/namespaces/{live['metadata']['namespace']}/pods?{query}")["items"]
    reasons = (conditions(pod).get("PodScheduled", {}) for pod in found)
    messages = [reason["message"] for reason in reasons if reason.get("status") == "False" and reason.get("message")]
    return list(dict.fromkeys(messages))


def _is_skipped(live: Object) -> bool:
    return bool(live["metadata"].get("annotations", {}).get(SKIP) == "true")


def _observed(live: Object) -> bool:
    return bool(live.get("status", {}).get("observedGeneration", 0) >= live["metadata"].get("generation", 0))


def _holds(live: Object, condition: str) -> bool:
    return bool(conditions(live).get(condition, {}).get("status") == "True")


def _name(live: Object) -> str:
    meta = live["metadata"]
    return f"{meta['namespace']}/{meta['name']}" if meta.get("namespace") else str(meta["name"])
