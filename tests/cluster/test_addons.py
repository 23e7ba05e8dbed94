"""Add-ons of the real cluster: each serves its API to those who may ask, with figures of the pods that are there."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from sandbox.cluster import Cluster, FakeNode
from sandbox.cluster.addons import ADDONS
from sandbox.cluster.api import Api, ApiError, Object
from sandbox.cluster.nodes import set_nodes
from tests.cluster.objects import await_, await_ready, condition, deployment, states

BUSY = {"kwok.x-k8s.io/usage-cpu": "80m", "kwok.x-k8s.io/usage-memory": "48Mi"}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, tools: Path) -> Iterator[Cluster]:
    """A cluster with every add-on and a node."""
    made = Cluster(tmp_path_factory.mktemp("home"), tools)
    try:
        made.up(ADDONS)
        set_nodes(made.api, [FakeNode("node-0")])
        yield made
    finally:
        made.delete()


@pytest.fixture(scope="module")
def api(cluster: Cluster) -> Api:
    return cluster.api


@pytest.fixture(scope="module")
def web(api: Api) -> Object:
    """A Deployment whose pods each use 80m of the 100m that they ask for."""
    made = deployment("web", 2, annotations=BUSY)
    api.apply(made)
    await_ready(api, made)
    return made


def found(api: Api, path: str) -> Any:
    """What stands at a path; None while its server has nothing to tell."""
    try:
        return api.get(path)
    except ApiError as error:
        if error.status not in (404, 503):
            raise
        return None


def items(api: Api, path: str) -> list[Any]:
    return list((found(api, path) or {"items": []})["items"])


def test_every_add_on_is_ready_and_every_api_available(cluster: Cluster, api: Api) -> None:
    assert set(states(cluster).values()) == {"ready"}
    for name in ("v1beta1.metrics.k8s.io", "v1beta1.custom.metrics.k8s.io", "v1beta1.external.metrics.k8s.io"):
        path = f"/apis/apiregistration.k8s.io/v1/apiservices/{name}"
        await_(f"{name} is available", lambda path=path: condition(api.get(path), "Available") == "True")  # type: ignore[misc]


def test_kubectl_top_shows_what_annotated_pods_use(cluster: Cluster, api: Api, web: Object) -> None:
    path = "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods"
    await_("both pods have metrics", lambda: len(items(api, path)) == 2)
    lines = cluster.ask("top", "pods", "--no-headers").splitlines()
    assert [line.split()[1:] for line in lines] == [["80m", "48Mi"]] * 2


def test_a_pod_autoscaler_acts_on_cpu(api: Api, web: Object) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 40}}
    spec = {
        "scaleTargetRef": target,
        "minReplicas": 2,
        "maxReplicas": 4,
        "metrics": [{"type": "Resource", "resource": cpu}],
    }
    api.apply(
        {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"}, "spec": spec}
    )
    await_("there are 4 replicas", lambda: api.get(api.path(web))["spec"]["replicas"] == 4)


class Exporter(BaseHTTPRequestHandler):
    """An exporter that tells the queue of a pod."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(b'queue_depth{namespace="default",pod="web-0"} 7\n')

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def exporter(cluster: Cluster) -> Iterator[None]:
    """An exporter that Prometheus has been told of."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Exporter)
    Thread(target=server.serve_forever, daemon=True).start()
    targets = [{"targets": [f"127.0.0.1:{server.server_port}"]}]
    (cluster.folder / "prometheus" / "targets" / "test.json").write_text(json.dumps(targets))
    yield
    server.shutdown()
    server.server_close()


def query(cluster: Cluster, expression: str) -> list[Any]:
    """What Prometheus answers."""
    port = json.loads((cluster.folder / "ports.json").read_text())["prometheus"]
    words = urllib.parse.urlencode({"query": expression})
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?{words}", timeout=10) as answer:
        return list(json.load(answer)["data"]["result"])


def test_prometheus_scrapes_kubelets_and_the_exporters_that_it_is_told_of(
    cluster: Cluster, web: Object, exporter: None
) -> None:
    await_("the kubelet is scraped", lambda: query(cluster, 'pod_cpu_usage_seconds_total{namespace="default"}') != [])
    await_("the exporter is scraped", lambda: query(cluster, 'queue_depth{pod="web-0"}') != [])
    assert query(cluster, 'up{job="kubelets"}')[0]["metric"]["node"] == "node-0"


def test_a_series_of_prometheus_is_a_custom_metric_of_its_pod(cluster: Cluster, api: Api, exporter: None) -> None:
    path = "/apis/custom.metrics.k8s.io/v1beta1/namespaces/default/pods/web-0/queue_depth"
    await_("the metric is served", lambda: items(api, path) != [])
    assert items(api, path)[0]["value"] == "7"
    cluster.ask("create", "serviceaccount", "nobody")
    nobody = cluster.api_of(cluster.ask("create", "token", "nobody").strip())
    with pytest.raises(ApiError, match="nobody.*cannot get resource"):
        nobody.get(path)


def test_keda_wakes_a_deployment_from_zero_and_feeds_its_autoscaler(cluster: Cluster, api: Api, exporter: None) -> None:
    sleeper = deployment("sleeper", 0)
    api.apply(sleeper)
    port = json.loads((cluster.folder / "ports.json").read_text())["prometheus"]
    metadata = {"serverAddress": f"http://127.0.0.1:{port}", "query": "sum(queue_depth)", "threshold": "2"}
    spec = {
        "scaleTargetRef": {"name": "sleeper"},
        "minReplicaCount": 0,
        "maxReplicaCount": 5,
        "pollingInterval": 5,
        "triggers": [{"type": "prometheus", "metadata": metadata}],
    }
    api.apply({"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "sleeper"}, "spec": spec})
    await_("there are 4 replicas for 7 that wait", lambda: api.get(api.path(sleeper))["spec"].get("replicas") == 4)
