"""The inputs of `Workload` and `ServiceNamespace`."""

from typing import NotRequired, TypedDict

import pulumi

from penstock.refs import PoolRef


class WorkloadRequests(TypedDict):
    """What each pod asks for."""

    cpu: str
    """CPU, for example `500m`. There is no limit: what is idle may be used."""
    memory: str
    """Memory, for example `2Gi`. It is the limit, too."""
    gpus: NotRequired[int]
    """GPUs, or what else the pools offer of theirs: shares, partitions. Default: 0."""


class WorkloadArgs(TypedDict):
    """A service that answers requests, in pods that come and go."""

    namespace: pulumi.Input[str]
    """Its namespace, which has to exist."""
    image: pulumi.Input[str]
    """The image that it runs, best with a digest."""
    pools: list[PoolRef]
    """The pools on whose nodes it runs: the `ref` of each. They decide its selector, its tolerations, and how long it
    may take to end."""
    requests: WorkloadRequests
    """What each pod asks for."""
    image_pull_policy: NotRequired[str]
    """Whether a node that has the image asks the registry again: `Always`, `IfNotPresent` or `Never`. Default:
    Kubernetes' own, `IfNotPresent`, and `Always` for images without a tag. Tenants' pods have to write `Always`."""
    command: NotRequired[list[str]]
    """What is run in place of the image's own entry point."""
    arguments: NotRequired[list[str]]
    """The arguments of what is run."""
    environment: NotRequired[dict[str, pulumi.Input[str]]]
    """Environment variables. For secrets use `secret_environment`."""
    secret_environment: NotRequired[dict[str, str]]
    """Environment variables from Secrets of the namespace, as `secret/key`."""
    port: NotRequired[int]
    """The port on which it answers HTTP, 1 to 65535. Default: 8080."""
    health_path: NotRequired[str]
    """The path that answers 200 when it is ready. Default: `/healthz`."""
    metrics_path: NotRequired[str]
    """The path of its Prometheus metrics, which are scraped every 15 s by way of a PodMonitor (monitoring.coreos.com).
    Default: none."""
    cold_start_seconds: NotRequired[int]
    """How long a pod may take until it serves, 1 to 3600: a model has to be loaded. Default: 30."""
    pre_stop_seconds: NotRequired[int]
    """How long a pod that ends still takes requests, until every load balancer knows, 0 to 120. Default: 5."""
    drain_seconds: NotRequired[int]
    """How long its longest request may take after that, 0 to 3600. Default: 15."""
    gpu_memory_utilization: NotRequired[float]
    """The part of a GPU's memory that its server takes at its start (vLLM's `--gpu-memory-utilization`), above 0, up
    to 1. Default: not known."""
    priority_class: NotRequired[str]
    """The PriorityClass of its pods, which has to exist. Default: none."""
    labels: NotRequired[dict[str, str]]
    """Labels of its pods, besides its own."""


class ServiceNamespaceArgs(TypedDict):
    """A namespace of services."""

    labels: NotRequired[dict[str, str]]
    """Labels of the namespace, besides those of Pod Security."""
