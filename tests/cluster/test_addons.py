"""Add-ons of the real cluster: each does its work on the pods that are there, and they outlive a crash of the cluster."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from sandbox.cluster import Cluster, FakeNode
from sandbox.cluster.addons import ADDONS, KNOWN_CHARTS, enable
from sandbox.cluster.addons.services import GUESTS
from sandbox.cluster.api import Api, ApiError, Object
from sandbox.cluster.nodes import Taint
from sandbox.cluster.pools import NodePool
from sandbox.cluster.processes import born
from sandbox.cluster.settings import Pace
from sandbox.errors import SandboxError
from tests.cluster.objects import await_, await_ready, condition, deployment, pids, states

ROOT = Path(__file__).parents[2]
BUSY = {"kwok.x-k8s.io/usage-cpu": "80m", "kwok.x-k8s.io/usage-memory": "48Mi"}
PROMETHEUS = "http://prometheus-operated.monitoring.svc"
DEPTH = {
    "seriesQuery": 'queue_depth{namespace!="",pod!=""}',
    "resources": {"overrides": {"namespace": {"resource": "namespace"}, "pod": {"resource": "pod"}}},
    "metricsQuery": "max(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)",
}
CHARTS: dict[str, dict[str, Any]] = {
    "metrics-server": {"args": ["--metric-resolution=10s", "--kubelet-request-timeout=5s"]},
    "kube-prometheus-stack": {
        "prometheus": {
            "prometheusSpec": {
                "scrapeInterval": "1s",
                "scrapeTimeout": "1s",
                "evaluationInterval": "1s",
                "ruleSelectorNilUsesHelmValues": False,
            }
        }
    },
    "prometheus-adapter": {
        "rules": {"default": False, "custom": [DEPTH]},
        "prometheus": {"url": PROMETHEUS},
        "metricsRelistInterval": "3s",
    },
    "keda": {"webhooks": {"failurePolicy": "Fail"}},
    "vertical-pod-autoscaler": {},
    "cloudnative-pg": {},
    "plugin-barman-cloud": {},
}
SHAPE = {"cpu": "8", "memory": "32768Mi", "ephemeral-storage": "100Gi", "pods": "110"}
PLAIN = {"kubernetes.io/arch": "amd64", "node.kubernetes.io/instance-type": "e2-standard-8", "pool": "plain"}
GPU = {"kubernetes.io/arch": "amd64", "node.kubernetes.io/instance-type": "g2-standard-8", "pool": "gpu"}


def pool(name: str, node: FakeNode, least: int, most: int, spot: bool = False) -> NodePool:
    return NodePool(name, "main", name, node, "here1", ("here1-a", "here1-b"), least, least, most, spot)


POOLS = (
    pool("plain", FakeNode("", SHAPE, {**SHAPE, "cpu": "7910m"}, PLAIN), 1, 2),
    pool("gpu", FakeNode("", {**SHAPE, "nvidia.com/gpu": "1"}, labels=GPU, taints=(Taint("gpu"),)), 0, 2, spot=True),
)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, tools: Path) -> Iterator[Cluster]:
    """A cluster with the node autoscaler, pools, and every chart that it knows."""
    made = Cluster(tmp_path_factory.mktemp("home"), tools)
    try:
        made.up(["karpenter"], Pace(pod_start=1, node_start=3, node_idle=3))
        made.set_pools(POOLS)
        for chart, values in CHARTS.items():
            enable(made, chart, values)
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


@pytest.fixture(scope="module")
def fat(api: Api) -> Object:
    """A vertical autoscaler, which only recommends, of a Deployment whose pods use more than they ask for.

    It is made early, since a recommendation takes half a minute.
    """
    usage = {"kwok.x-k8s.io/usage-cpu": "400m", "kwok.x-k8s.io/usage-memory": "600Mi"}
    used = deployment("fat", 2, requests={"cpu": "50m", "memory": "64Mi"}, annotations=usage)
    api.apply(used)
    await_ready(api, used)
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "fat"}
    made: Object = {
        "apiVersion": "autoscaling.k8s.io/v1",
        "kind": "VerticalPodAutoscaler",
        "metadata": {"name": "fat"},
        "spec": {"targetRef": target, "updatePolicy": {"updateMode": "Off"}},
    }
    api.apply(made)
    return made


def replicas(api: Api, thing: Object) -> int:
    return int(api.get(api.path(thing))["spec"].get("replicas", 0))


def items(api: Api, path: str) -> list[Any]:
    """What stands in a list; nothing, while its server has nothing to tell."""
    try:
        return list(api.get(path)["items"])
    except ApiError as error:
        if error.status not in (404, 503):
            raise
        return []


def port(cluster: Cluster, name: str) -> int:
    return int(json.loads((cluster.folder / "ports.json").read_text())[name])


def test_every_chart_that_is_known_is_ready_and_every_api_available(cluster: Cluster, api: Api) -> None:
    assert CHARTS.keys() == KNOWN_CHARTS.keys() and {addon.name for addon in cluster.addons} == ADDONS.keys()
    assert set(states(cluster).values()) == {"ready"}
    for name in ("v1beta1.metrics.k8s.io", "v1beta1.custom.metrics.k8s.io", "v1beta1.external.metrics.k8s.io"):
        path = f"/apis/apiregistration.k8s.io/v1/apiservices/{name}"
        await_(f"{name} is available", lambda path=path: condition(api.get(path), "Available") == "True")  # type: ignore[misc]


def test_a_chart_that_another_process_enables_again_keeps_every_process(cluster: Cluster) -> None:
    before = pids(cluster)
    another_process(cluster, f"enable(cluster, 'prometheus-adapter', {CHARTS['prometheus-adapter']!r})")
    assert pids(cluster) == before


def test_a_chart_whose_process_does_not_start_fails_with_its_words_and_the_next_up_has_what_there_was(
    cluster: Cluster,
) -> None:
    broken = {"rules": {"default": False, "custom": [{"seriesQuery": "x", "metricsQuery": "<<.Series"}]}}
    with pytest.raises(SandboxError, match=r"prometheus-adapter ended by itself\. What it said last"):
        enable(cluster, "prometheus-adapter", broken)
    assert states(cluster)["prometheus-adapter"] == "died"
    assert cluster.up() == ["prometheus-adapter"]


def another_process(cluster: Cluster, statement: str) -> None:
    program = (
        "from pathlib import Path\nfrom sandbox.cluster import Cluster\nfrom sandbox.cluster.addons import *\n"
        f"cluster = Cluster(Path({str(cluster.home)!r}), Path({str(cluster.tools.cache)!r}))\n{statement}\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=120)


def test_everything_listens_on_loopback_only(cluster: Cluster) -> None:
    ports = json.loads((cluster.folder / "ports.json").read_text())
    ours = {f"{port:04X}" for name, port in ports.items() if name not in GUESTS}
    lines = [line for file in ("tcp", "tcp6") for line in Path("/proc/net", file).read_text().splitlines()[1:]]
    there = {at: address for line in lines if line.split()[3] == "0A" for address, at in [line.split()[1].split(":")]}
    assert ours <= there.keys()
    assert {there[at] for at in ours} == {"0100007F"}


def test_kubectl_top_shows_what_annotated_pods_use(cluster: Cluster, api: Api, web: Object, fat: Object) -> None:
    path = "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods?labelSelector=app%3Dweb"
    await_("both pods have metrics", lambda: len(items(api, path)) == 2)
    lines = cluster.ask("top", "pods", "--selector=app=web", "--no-headers").splitlines()
    assert [line.split()[2] for line in lines] == ["48Mi"] * 2
    assert all(75 <= int(line.split()[1].removesuffix("m")) <= 85 for line in lines)


def autoscaler(name: str, most: int, metric: Object) -> Object:
    """A pod autoscaler of the Deployment of that name."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": most, "metrics": [metric]}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": spec,
    }


def test_a_pod_autoscaler_acts_on_cpu(api: Api, web: Object) -> None:
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 40}}
    made = autoscaler("web", 4, {"type": "Resource", "resource": cpu})
    api.apply(made)
    await_("there are 4 replicas", lambda: replicas(api, web) == 4)
    api.delete(api.path(made))


def nodes(api: Api, pool: str) -> list[Any]:
    return list(api.get(f"/api/v1/nodes?labelSelector=pool%3D{pool}")["items"])


def test_pending_pods_get_nodes_of_their_pool_and_no_more_than_its_maximum(api: Api) -> None:
    tolerations = [{"key": "gpu", "operator": "Exists"}]
    needs = {"cpu": "1", "memory": "1Gi", "nvidia.com/gpu": "1"}
    hungry = deployment("hungry", 3, requests=needs, tolerations=tolerations, nodeSelector={"pool": "gpu"})
    api.apply(hungry)
    path = api.path(hungry)
    await_("two pods run on the two nodes that there may be", lambda: api.get(path)["status"].get("readyReplicas") == 2)
    made, plain = nodes(api, "gpu"), nodes(api, "plain")
    api.delete(path)
    assert (len(made), len(plain)) == (2, 1)
    # The controller of nodes takes its own taints away in its own time.
    assert all("gpu" in {taint["key"] for taint in found["spec"]["taints"]} for found in made)
    assert {found["metadata"]["labels"]["karpenter.sh/capacity-type"] for found in made} == {"spot"}
    assert {found["status"]["allocatable"]["cpu"] for found in made} == {"8"}
    starts = [_seconds(found, "Ready") - _seconds(found) for found in made]
    assert all(3 <= seconds <= 8 for seconds in starts), starts


def _seconds(thing: Object, ready: str | None = None) -> float:
    """When a thing was made, or when one of its conditions came true."""
    times = {found["type"]: found["lastTransitionTime"] for found in thing["status"]["conditions"]}
    text = times[ready] if ready else thing["metadata"]["creationTimestamp"]
    return datetime.fromisoformat(text).timestamp()


class Exporter(ThreadingHTTPServer):
    """An exporter that tells how many wait for a pod."""

    pod, depth = "", 0


class Page(BaseHTTPRequestHandler):
    server: Exporter

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(f'queue_depth{{namespace="default",pod="{self.server.pod}"}} {self.server.depth}\n'.encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def exporter(cluster: Cluster, api: Api, web: Object) -> Iterator[Exporter]:
    """An exporter that Prometheus has been told of, by which 7 wait for a pod of the Deployment."""
    server = Exporter(("127.0.0.1", 0), Page)
    server.pod = api.get("/api/v1/namespaces/default/pods?labelSelector=app%3Dweb")["items"][0]["metadata"]["name"]
    server.depth = 7
    Thread(target=server.serve_forever, daemon=True).start()
    targets = [{"targets": [f"127.0.0.1:{server.server_port}"]}]
    (cluster.folder / "prometheus" / "targets" / "test.json").write_text(json.dumps(targets))
    yield server
    server.shutdown()
    server.server_close()


def query(cluster: Cluster, expression: str) -> list[Any]:
    """What Prometheus answers."""
    words = urllib.parse.urlencode({"query": expression})
    url = f"http://127.0.0.1:{port(cluster, 'prometheus')}/api/v1/query?{words}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return list(json.load(answer)["data"]["result"])


def test_prometheus_scrapes_kubelets_and_the_exporters_that_it_is_told_of(cluster: Cluster, exporter: Exporter) -> None:
    await_("the kubelet is scraped", lambda: query(cluster, 'pod_cpu_usage_seconds_total{namespace="default"}') != [])
    await_("the exporter is scraped", lambda: query(cluster, f'queue_depth{{pod="{exporter.pod}"}}') != [])
    assert query(cluster, 'up{job="kubelets"}')[0]["metric"]["node"] == "main-plain-0"


def test_prometheus_evaluates_the_rules_of_objects_and_a_broken_one_does_no_harm(
    cluster: Cluster, api: Api, exporter: Exporter
) -> None:
    for name, expression in (("broken", "sum("), ("good", "2 * sum(queue_depth)")):
        rule = {"record": f"test:{name}", "expr": expression}
        made = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": {"name": name}}
        api.apply({**made, "spec": {"groups": [{"name": name, "rules": [rule]}]}})
    await_("the rule is evaluated", lambda: query(cluster, "test:good") != [])
    assert query(cluster, "test:good")[0]["value"][1] == "14"
    assert states(cluster)["prometheus-rules"] == "ready"
    assert "refuses object-default-broken" in (cluster.folder / "run" / "prometheus-rules.log").read_text()
    api.delete("/apis/monitoring.coreos.com/v1/namespaces/default/prometheusrules/good")
    await_("the rule is gone", lambda: query(cluster, "test:good") == [])


def test_a_pod_autoscaler_acts_on_a_series_of_prometheus_which_only_those_with_rights_may_read(
    cluster: Cluster, api: Api, exporter: Exporter, web: Object
) -> None:
    path = f"/apis/custom.metrics.k8s.io/v1beta1/namespaces/default/pods/{exporter.pod}/queue_depth"
    await_("the metric is served", lambda: items(api, path) != [])
    assert items(api, path)[0]["value"] == "7"
    cluster.ask("create", "serviceaccount", "nobody")
    nobody = cluster.api_of(cluster.ask("create", "token", "nobody").strip())
    with pytest.raises(ApiError, match="nobody.*cannot get resource"):
        nobody.get(path)
    other = deployment("other", 2)
    api.apply(other)
    await_ready(api, other)
    exporter.pod = api.get("/api/v1/namespaces/default/pods?labelSelector=app%3Dother")["items"][0]["metadata"]["name"]
    depth = {"metric": {"name": "queue_depth"}, "target": {"type": "AverageValue", "averageValue": "2"}}
    made = autoscaler("other", 4, {"type": "Pods", "pods": depth})
    api.apply(made)
    await_("there are 4 replicas", lambda: replicas(api, other) == 4)
    assert api.get(api.path(made))["status"]["currentMetrics"][0]["pods"]["current"]["averageValue"] == "7"
    api.delete(api.path(made))
    api.delete(api.path(other))


def scaled_object(name: str) -> Object:
    """A ScaledObject of the Deployment `sleeper`: a replica for every two that wait."""
    trigger = {"serverAddress": f"{PROMETHEUS}:9090", "query": "sum(queue_depth)", "threshold": "2"}
    spec = {
        "scaleTargetRef": {"name": "sleeper"},
        "minReplicaCount": 0,
        "maxReplicaCount": 5,
        "pollingInterval": 1,
        "cooldownPeriod": 1,
        "advanced": {
            "horizontalPodAutoscalerConfig": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}}},
        },
        "triggers": [{"type": "prometheus", "metadata": trigger}],
    }
    return {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": name}, "spec": spec}


def test_keda_takes_a_deployment_from_zero_to_many_and_back_by_a_service_that_it_knows_by_name(
    api: Api, exporter: Exporter
) -> None:
    exporter.depth = 0
    sleeper = deployment("sleeper", 0)
    api.apply(sleeper)
    made = scaled_object("sleeper")
    api.apply(made)
    await_("KEDA is ready for it", lambda: condition(api.get(api.path(made)), "Ready") == "True")
    exporter.depth = 7
    await_("there are 4 replicas for 7 that wait", lambda: replicas(api, sleeper) == 4)
    exporter.depth = 0
    await_("there is no replica for none that waits", lambda: replicas(api, sleeper) == 0)


def test_keda_refuses_a_second_scaled_object_of_a_target(api: Api) -> None:
    with pytest.raises(ApiError, match="already managed by the (ScaledObject 'sleeper'|hpa 'keda-hpa-sleeper')"):
        api.apply(scaled_object("second"))
    webhooks = api.get("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/keda-admission")
    assert {webhook["failurePolicy"] for webhook in webhooks["webhooks"]} == {"Fail"}


def test_a_vertical_autoscaler_recommends_and_does_not_touch_and_then_resizes_in_place(api: Api, fat: Object) -> None:
    await_("it recommends what the pods use", lambda: _millicores(_target(api, fat).get("cpu", "0m")) > 400)
    assert _requests(api) == {"50m"}
    before = _uids(api)
    fat["spec"]["updatePolicy"]["updateMode"] = "InPlaceOrRecreate"
    api.apply(fat)
    await_("both pods are resized", lambda: all(_millicores(amount) > 400 for amount in _requests(api)))
    assert _uids(api) == before
    api.delete(api.path(fat))
    api.delete("/apis/apps/v1/namespaces/default/deployments/fat")


def _target(api: Api, autoscaler: Object) -> dict[str, str]:
    found = api.get(api.path(autoscaler)).get("status", {}).get("recommendation", {}).get("containerRecommendations")
    return dict(found[0]["target"]) if found else {}


def _fat(api: Api) -> list[Any]:
    return list(api.get("/api/v1/namespaces/default/pods?labelSelector=app%3Dfat")["items"])


def _uids(api: Api) -> set[str]:
    return {found["metadata"]["uid"] for found in _fat(api)}


def _requests(api: Api) -> set[str]:
    """What the kubelet says that the containers have got."""
    return {found["status"]["containerStatuses"][0]["resources"]["requests"]["cpu"] for found in _fat(api)}


def _millicores(text: str) -> int:
    return int(text.removesuffix("m")) if text.endswith("m") else 1000 * int(text)


def test_nodes_that_the_autoscaler_made_go_when_they_are_empty_and_others_stay(api: Api) -> None:
    await_("the nodes are gone", lambda: nodes(api, "gpu") == [])
    assert len(nodes(api, "plain")) == 1


def test_a_capacity_buffer_has_a_node_before_a_pod_needs_it(api: Api) -> None:
    container = {"name": "main", "image": "example/main:1", "resources": {"requests": {"cpu": "5", "memory": "1Gi"}}}
    spec = {"containers": [container], "nodeSelector": {"pool": "gpu"}, "tolerations": [{"operator": "Exists"}]}
    meta = {"metadata": {"name": "warm"}}
    api.apply({"apiVersion": "v1", "kind": "PodTemplate", **meta, "template": {"spec": spec}})
    buffer: Object = {"apiVersion": "autoscaling.x-k8s.io/v1beta1", "kind": "CapacityBuffer", **meta}
    api.apply({**buffer, "spec": {"podTemplateRef": {"name": "warm"}, "replicas": 2}})
    await_(
        "there are two nodes that are ready and empty",
        lambda: [condition(found, "Ready") for found in nodes(api, "gpu")] == ["True"] * 2,
    )
    api.delete(api.path(buffer))


def test_a_pool_that_is_no_more_gets_no_nodes(cluster: Cluster, api: Api) -> None:
    less = replace(POOLS[0], most=1)
    cluster.set_pools([less])
    await_("there is no NodePool", lambda: items(api, "/apis/karpenter.sh/v1/nodepools") == [])
    assert len(nodes(api, "plain")) == 1


def test_what_was_killed_is_started_again_and_scaling_goes_on(cluster: Cluster, api: Api, exporter: Exporter) -> None:
    before = pids(cluster)
    victims = ("kube-apiserver", "prometheus", "keda-operator", "vpa-updater", "service-proxy")
    for victim in victims:
        os.kill(before[victim] or 0, signal.SIGKILL)
    await_("status tells who died", lambda: all(states(cluster)[victim] == "died" for victim in victims))
    assert set(cluster.up()) == set(victims)
    assert {name for name, pid in pids(cluster).items() if pid != before[name]} == set(victims)
    exporter.depth = 3
    sleeper = "/apis/apps/v1/namespaces/default/deployments/sleeper"
    await_("there are 2 replicas for 3 that wait", lambda: api.get(sleeper)["spec"].get("replicas") == 2)


def test_a_chart_that_is_disabled_leaves_no_process_and_no_api_and_keeps_its_definitions(
    cluster: Cluster, api: Api
) -> None:
    running = pids(cluster)
    another_process(cluster, "disable(cluster, 'vertical-pod-autoscaler'); disable(cluster, 'prometheus-adapter')")
    ended = {"vpa-recommender", "vpa-updater", "vpa-admission-controller", "prometheus-adapter"}
    assert running.keys() - pids(cluster).keys() == ended
    assert not [name for name in ended if born(running[name] or 0)]
    assert api.find("/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.custom.metrics.k8s.io") is None
    webhooks = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
    assert "vpa-webhook-config" not in [found["metadata"]["name"] for found in api.get(webhooks)["items"]]
    assert items(api, "/apis/autoscaling.k8s.io/v1/verticalpodautoscalers") == []
    cluster.ask("get", "customresourcedefinition", "verticalpodautoscalers.autoscaling.k8s.io")
    assert set(states(cluster).values()) == {"ready"}


def test_down_ends_add_ons_before_the_control_plane(cluster: Cluster) -> None:
    running = pids(cluster)
    ended = cluster.down()
    assert set(ended) == running.keys() and ended[-1] == "etcd" and ended.index("karpenter") < ended.index("kwok")
    assert not [pid for pid in running.values() if pid and born(pid)]
