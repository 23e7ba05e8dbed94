"""All exporters in one: `/metrics` for Prometheus, `/queue/<namespace>/<service>` for KEDA's metrics-api.

It listens on the loopback interface. While the board is silent both answer 503, as an exporter behind a broken network.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from sandbox.load.signals import Board, PodSignals, ServiceSignals

OF_SERVICE = ("namespace", "service", "deployment")
OF_POD = (*OF_SERVICE, "pod")
_Gauges = Mapping[str, tuple[str, Callable[[PodSignals], float]]]
_GAUGES_OF_PODS: _Gauges = {
    "active_executions": ("Requests that the pod works on.", lambda pod: pod.running),
    "vllm:num_requests_running": ("Requests in the engine's batch.", lambda pod: pod.running),
    "vllm:num_requests_waiting": ("Requests that wait: the pod's part of the queue.", lambda pod: pod.waiting),
    "vllm:kv_cache_usage_perc": ("Share of the key-value cache in use, 0 to 1.", lambda pod: pod.cache_share),
}
_GAUGES_OF_GPUS: _Gauges = {
    "DCGM_FI_DEV_GPU_UTIL": ("Share of time in which a kernel ran, percent.", lambda pod: pod.gpu_utilization),
    "DCGM_FI_DEV_FB_USED": ("GPU memory in use, MiB.", lambda pod: pod.memory_used_mib),
    "DCGM_FI_DEV_FB_FREE": ("GPU memory that is free, MiB.", lambda pod: pod.memory_free_mib),
}


def metrics(services: Iterable[ServiceSignals]) -> Iterator[Metric]:
    """What Prometheus is told. Latencies are those of requests that were answered; failed ones are counted apart."""
    services = list(services)
    depth = GaugeMetricFamily("queue_depth", "Requests that wait for a replica.", labels=OF_SERVICE)
    p95 = GaugeMetricFamily("p95_latency_seconds", "95th percentile of the last 15 s.", labels=OF_SERVICE)
    received = CounterMetricFamily("http_requests_received", "Requests that came.", labels=OF_SERVICE)
    failed = CounterMetricFamily("http_requests_failed", "Requests that got no answer.", labels=OF_SERVICE)
    handled = CounterMetricFamily("http_requests", "Requests that the pod answered.", labels=OF_POD)
    took = HistogramMetricFamily("http_request_duration_seconds", "How long answers took.", labels=OF_SERVICE)
    for each in services:
        labels = _labels(each)
        depth.add_metric(labels, each.queue_depth)
        p95.add_metric(labels, each.p95_seconds)
        received.add_metric(labels, each.arrived)
        failed.add_metric(labels, each.failed)
        took.add_metric(labels, list(each.duration_buckets), each.duration_sum)
        for pod in each.pods:
            handled.add_metric([*labels, pod.pod], pod.served)
    yield from (depth, p95, received, failed, handled, took)
    yield from _counters(services)
    for name, (text, value) in _GAUGES_OF_PODS.items():
        gauge = GaugeMetricFamily(name, text, labels=OF_POD)
        for each, pod in _pods(services):
            gauge.add_metric([*_labels(each), pod.pod], value(pod))
        yield gauge
    for name, (text, value) in _GAUGES_OF_GPUS.items():
        gauge = GaugeMetricFamily(name, text, labels=(*OF_POD, "gpu"))
        for each, pod in _pods(services):
            if each.has_gpus:
                gauge.add_metric([*_labels(each), pod.pod, "0"], value(pod))
        yield gauge


def queue(service: ServiceSignals) -> dict[str, object]:
    """What KEDA's metrics-api trigger is told: `valueLocation` names one of these."""
    return {
        "queue_depth": service.queue_depth,
        "in_service": service.in_service,
        "rps": round(service.rps, 3),
        "p95_latency_seconds": round(service.p95_seconds, 4),
        "ready_pods": sum(pod.takes_work for pod in service.pods),
    }


@contextmanager
def serving(board: Board, port: int = 0) -> Iterator[int]:
    """Answer on a port of the loopback interface, by default any free one, which is yielded."""
    registry = CollectorRegistry()
    registry.register(_Collector(board))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = board.read()
            if found is None:
                self._answer(503, "text/plain", b"The exporter is down, as the scenario says.\n")
            elif self.path.partition("?")[0] == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest(registry))
            elif body := _queue_at(self.path, found):
                self._answer(200, "application/json", body)
            else:
                self._answer(404, "text/plain", b"There are /metrics and /queue/<namespace>/<service> here.\n")

        def _answer(self, status: int, type_: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", type_)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it)
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Collector(Collector):
    def __init__(self, board: Board) -> None:
        self._board = board

    def collect(self) -> Iterable[Metric]:
        return metrics(self._board.read() or ())


def _queue_at(path: str, services: Iterable[ServiceSignals]) -> bytes | None:
    for each in services:
        if path.partition("?")[0] == f"/queue/{each.namespace}/{each.service}":
            return json.dumps(queue(each)).encode()
    return None


def _counters(services: Iterable[ServiceSignals]) -> Iterator[Metric]:
    """The counters of the scenario's own: of each name one family, whatever services have it."""
    services = list(services)
    for name in sorted({name for each in services for name in each.counters}):
        counter = CounterMetricFamily(name.removesuffix("_total"), "A counter of the scenario.", labels=OF_POD)
        for each, pod in _pods([each for each in services if name in each.counters]):
            counter.add_metric([*_labels(each), pod.pod], pod.served * each.counters[name])
        yield counter


def _labels(service: ServiceSignals) -> list[str]:
    return [service.namespace, service.service, service.target]


def _pods(services: Iterable[ServiceSignals]) -> Iterator[tuple[ServiceSignals, PodSignals]]:
    return ((service, pod) for service in services for pod in service.pods)
