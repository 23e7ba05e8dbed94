"""What kwok plays: the stages that its module ships for nodes and pods, at our pace, and our own for what they lack.

Nothing of the module is copied into this repository: its documents are read from where it was built.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
START_DELAY = "sandbox.penstock.dev/start-delay"
"""Annotation or label of a pod or node: how long it takes to become ready, such as `100s` or `1m30s`."""
START_SECONDS = "penstock.dev/start-seconds"
"""The same in seconds, such as `100`: what a program says of its pods, whatever cluster it is for."""
FAIL = "sandbox.penstock.dev/fail"
"""Annotation of a Job's pod: `true`, where it is to fail."""
STARTING = "sandbox.penstock.dev/starting"
"""Taint of a node that an autoscaler made, until it is ready."""
PLAYERS = 16
"""How many pods, and how many nodes, kwok plays at once: with its own four, a spike of pods takes half a minute."""
STAGES = ("stage/node/fast", "stage/node/heartbeat-with-lease", "stage/pod/general")
"""Folders of the module's `kustomize` whose stages are played."""
OURS = ("nodes", "pods", "jobs", "volumes")
"""Stages of our own, in files of these names."""
DEFINITIONS = ("metrics", "resourceusages", "clusterresourceusages")
"""Custom resources of kwok that say what pods use: they are made in the cluster, so that they can be changed there."""
USAGE = ("metrics/resource/metrics-resource.yaml", "metrics/usage/usage-from-annotation.yaml")
"""What a kubelet tells of the usage of containers; and that annotations of the pod say what they use."""

Document = dict[str, Any]


def stages(kustomize: Path, pod_start: float) -> list[Document]:
    """What kwok is configured with: pods are ready so many seconds after they were placed, unless they say other."""
    played = [
        paced(found, pod_start)
        for folder in STAGES
        for found in _documents(kustomize / folder)
        if found["kind"] == "Stage"
    ]
    # Where some are stated kwok has no defaults for the others.
    names = ("podPlayStageParallelism", "nodePlayStageParallelism", "nodeLeaseParallelism", "podsOnNodeSyncParallelism")
    options = dict.fromkeys(names, PLAYERS)
    pace = {"apiVersion": "config.kwok.x-k8s.io/v1alpha1", "kind": "KwokConfiguration", "options": options}
    return [pace, *played, *(found for name in OURS for found in _read(HERE / f"{name}.yaml"))]


def base_objects(kustomize: Path) -> tuple[list[Document], list[Document]]:
    """Custom resource definitions, and what is made in every cluster once they are accepted."""
    bases = kustomize / "crd/bases"
    definitions = [found for name in DEFINITIONS for found in _read(bases / f"kwok.x-k8s.io_{name}.yaml")]
    usage = [found for name in USAGE for found in _read(kustomize / name)]
    return definitions, [*usage, *_read(HERE / "storage-class.yaml")]


def paced(stage: Document, pod_start: float) -> Document:
    """A stage of the module at our pace: pods and nodes are ready after the time that they state, without jitter.

    Whatever comes before or after, such as making containers or ending them, takes no time that anybody would notice.
    """
    name, spec = stage["metadata"]["name"], dict(stage["spec"])
    if name == "pod-ready":
        spec["delay"] = start_delay(pod_start)
    elif name == "node-initialize":
        spec["delay"] = node_start()
        # The module has nodes ready since their creation, however long it takes them.
        template = spec.get("next", {}).get("statusTemplate", "")
        spec["next"] = {"statusTemplate": template.replace("or .metadata.creationTimestamp $now", "$now")}
    elif name in _QUICK:
        delay = dict(spec.get("delay", {}), durationMilliseconds=_QUICK[name])
        delay.pop("jitterDurationMilliseconds", None)
        spec["delay"] = delay
    if name in _OTHERWISE:
        selector = spec["selector"]
        spec["selector"] = {**selector, "matchExpressions": [*selector.get("matchExpressions", []), _OTHERWISE[name]]}
    return {**stage, "spec": spec}


_OTHERWISE = {
    "pod-complete": {"key": f'.metadata.annotations["{FAIL}"]', "operator": "NotIn", "values": ["true"]},
    "pod-delete": {"key": '.metadata.labels["cnpg.io/podRole"]', "operator": "NotIn", "values": ["instance"]},
}
"""Which pods are left out of stages of the module, since a stage of our own plays that of theirs."""
_QUICK = {"pod-create": 0, "pod-init-container-running": 100, "pod-init-container-completed": 500, "pod-complete": 1000}
"""Milliseconds that stages of the module take here."""


def start_delay(seconds: float) -> Document:
    """What the object itself says, or else so many seconds."""
    return {"durationMilliseconds": int(seconds * 1000), "durationFrom": {"jq": {"expression": _STATED}}}


def node_start() -> Document:
    """What a node itself says; at once, if it says nothing. Seconds count from its creation: others change it then."""
    told = f"(({_SECONDS}) | values | tonumber) as $s | .metadata.creationTimestamp | fromdate + $s | todate"
    return {"durationMilliseconds": 0, "durationFrom": {"jq": {"expression": f"({told}) // {_DELAY}"}}}


_DELAY, _SECONDS = (
    f'.metadata.annotations["{key}"] // .metadata.labels["{key}"]' for key in (START_DELAY, START_SECONDS)
)
_STATED = f'{_DELAY} // (({_SECONDS}) | values | . + "s")'


def config(documents: list[Document]) -> str:
    """The text of kwok's configuration file."""
    return yaml.safe_dump_all(documents, sort_keys=False)


def _documents(folder: Path) -> Iterator[Document]:
    """What stands in a folder's files, in the order of their names."""
    for file in sorted(folder.glob("*.yaml")):
        yield from _read(file)


def _read(file: Path) -> list[Document]:
    found = yaml.safe_load_all(file.read_text(encoding="utf-8"))
    return [document for document in found if document]
