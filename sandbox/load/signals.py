"""What the exporters of a real platform would tell of the model: pure functions from its state to numbers.

- kv-cache use: the share of a replica's places that are taken. Each running request holds its part of the cache.
- GPU utilisation, as DCGM tells it, is the share of time in which any kernel ran: 0 without work, and from one request
  on 95 % and more (95 + 5 x the share of places taken). It says next to nothing of how full the replica is.
- GPU memory in use: weights and cache. vLLM allocates its cache at the start, so that use never falls with the load;
  with `preallocated: false` the cache is counted by its use. `taken_mib` adds what somebody else takes over time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sandbox.load.model import Replica, ServiceModel
from sandbox.load.profile import Profile

_UTILIZATION_AT_WORK = 95.0


@dataclass(frozen=True)
class GpuMemory:
    """The memory of a replica's GPU in MiB: all of it, the model's weights, and its cache of keys and values."""

    total_mib: float
    weights_mib: float
    cache_mib: float
    preallocated: bool = True
    taken_mib: Profile | None = None

    def used(self, share: float, at: float) -> float:
        """MiB in use at a time, when such a share of the cache is; never more than there is."""
        cache = self.cache_mib * (1.0 if self.preallocated else share)
        taken = self.taken_mib.rps(at) if self.taken_mib else 0.0
        return min(self.total_mib, self.weights_mib + cache + taken)


@dataclass(frozen=True)
class PodSignals:
    """What a pod's own exporters tell."""

    pod: str
    takes_work: bool
    running: int
    waiting: float
    served: int
    cache_share: float
    gpu_utilization: float = 0.0
    memory_used_mib: float = 0.0
    memory_free_mib: float = 0.0


@dataclass(frozen=True)
class ServiceSignals:
    """What a service tells: at its gateway, and of its pods."""

    namespace: str
    service: str
    target: str
    has_gpus: bool
    queue_depth: int
    in_service: int
    rps: float
    p95_seconds: float
    arrived: int
    failed: int
    duration_buckets: tuple[tuple[str, float], ...]
    duration_sum: float
    pods: tuple[PodSignals, ...]
    counters: Mapping[str, float]


@dataclass(frozen=True)
class Identity:
    """Whose signals these are: namespace, service, the workload that runs its pods, and what GPUs these have.

    `counters` are series of its pods that rise by so much with each request that is answered.
    """

    namespace: str
    service: str
    target: str
    gpu: GpuMemory | None = None
    counters: Mapping[str, float] = field(default_factory=dict)


def signals(identity: Identity, model: ServiceModel) -> ServiceSignals:
    """All that a service tells at this moment."""
    serving = len(model.serving)
    pods = tuple(_pod(replica, model, serving, identity.gpu) for replica in model.replicas)
    return ServiceSignals(
        namespace=identity.namespace,
        service=identity.service,
        target=identity.target,
        has_gpus=identity.gpu is not None,
        queue_depth=model.waiting,
        in_service=model.in_service,
        rps=model.rps(),
        p95_seconds=model.percentile(95),
        arrived=model.arrived,
        failed=model.failed,
        duration_buckets=tuple(model.durations.buckets()),
        duration_sum=model.durations.sum,
        pods=pods,
        counters=identity.counters,
    )


def gpu_utilization(share: float) -> float:
    """Percent, as DCGM tells it of a replica in which such a share of places is taken."""
    return 0.0 if share == 0 else _UTILIZATION_AT_WORK + (100 - _UTILIZATION_AT_WORK) * share


def _pod(replica: Replica, model: ServiceModel, serving: int, gpu: GpuMemory | None) -> PodSignals:
    share = replica.holds / model.concurrency
    used = gpu.used(share, model.now) if gpu else 0.0
    return PodSignals(
        pod=replica.name,
        takes_work=replica.takes,
        running=replica.holds,
        # The queue stands before all pods: each tells of its part.
        waiting=model.waiting / serving if replica.takes else 0.0,
        served=replica.served,
        cache_share=share,
        gpu_utilization=gpu_utilization(share) if gpu else 0.0,
        memory_used_mib=used,
        memory_free_mib=gpu.total_mib - used if gpu else 0.0,
    )


class Board:
    """Where signals are pinned for exporters to read: by default the newest, or those of some seconds ago.

    One thread posts, any may read. `silent` tells whether exporters are to fail at a time, as when they are down.
    """

    def __init__(self, delay_seconds: float = 0.0, silent: Callable[[float], bool] = lambda _at: False) -> None:
        self._delay = delay_seconds
        self._silent = silent
        self._posts: tuple[tuple[float, tuple[ServiceSignals, ...]], ...] = ()

    def post(self, at: float, found: tuple[ServiceSignals, ...]) -> None:
        """Pin what is told at a time, and take down what nobody will read again."""
        kept = [post for post in self._posts if post[0] > at - self._delay]
        before = [post for post in self._posts if post[0] <= at - self._delay][-1:]
        self._posts = (*before, *kept, (at, found))

    def read(self) -> tuple[ServiceSignals, ...] | None:
        """What exporters tell now; None where they do not answer."""
        posts = self._posts
        if not posts or self._silent(posts[-1][0]):
            return None
        old = [found for at, found in posts if at <= posts[-1][0] - self._delay]
        return old[-1] if old else ()
