"""`pulumi up` deploys to the real control plane: a stack's objects live there, wait there, and are refused there."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.cluster import Cluster
from sandbox.cluster.platform import platform
from sandbox.cluster.processes import wait_until
from sandbox.engine import find_engine
from tests.cluster.conftest import ROOT

PROJECT = "name: live\nruntime: python\n"
SETTINGS = "config:\n  gcp:project: p\n  gcp:region: us-central1\n"
CLUSTER = """
import pulumi
import pulumi_gcp as gcp
import pulumi_kubernetes as k8s

cluster = gcp.container.Cluster("c", name="c", location="us-central1-a", initial_node_count=1,
    remove_default_node_pool=True, deletion_protection=False)
pool = gcp.container.NodePool("pool", name="pool", cluster=cluster.name, location="us-central1-a",
    autoscaling={"min_node_count": 2, "max_node_count": 4}, node_config={"machine_type": "e2-standard-4"})
on = pulumi.ResourceOptions(depends_on=[pool])


def deployment(name, cpu="1", replicas=2, namespace="default", opts=on):
    labels = {"app": name}
    container = {"name": "c", "image": "web", "resources": {"requests": {"cpu": cpu}}}
    return k8s.apps.v1.Deployment(
        name, metadata={"name": name, "namespace": namespace}, opts=opts,
        spec={"replicas": replicas, "selector": {"matchLabels": labels},
              "template": {"metadata": {"labels": labels},
                           "spec": {"containers": [container], "terminationGracePeriodSeconds": 1}}})
"""
WEB = """
apps = k8s.core.v1.Namespace("apps", metadata={"name": "apps"}, opts=on)
web = deployment("web", namespace=apps.metadata["name"], replicas=REPLICAS, cpu="1000m")
service = k8s.core.v1.Service("web", metadata={"name": "web", "namespace": "apps"}, opts=pulumi.ResourceOptions(depends_on=[web]),
    spec={"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80}]})
pulumi.export("ready", web.status.ready_replicas)
pulumi.export("address", service.status.load_balancer.ingress[0].ip)
"""
TOO_LARGE = """
wait = pulumi.ResourceOptions(depends_on=[pool], custom_timeouts=pulumi.CustomTimeouts(create="2s", update="60s"))
deployment("large", cpu="CPU", replicas=1, opts=wait)
"""


class Stack:
    """A stack whose program is appended to `CLUSTER`."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        folder.mkdir()
        (folder / "Pulumi.yaml").write_text(PROJECT)
        (folder / "Pulumi.dev.yaml").write_text(SETTINGS)
        self._program = folder / "__main__.py"
        engine = find_engine(ROOT / ".sandbox" / "engine")
        self._sandbox = platform(folder, cluster, engine)

    def run(self, command: str, program: str = "", *, check: bool = True) -> str:
        """What a command says; it must pass, or with `check=False` fail."""
        self._program.write_text(CLUSTER + program)
        done = self._sandbox.pulumi(command, check=check)
        assert check or done.returncode
        assert "Traceback" not in done.stdout + done.stderr
        return done.stdout + done.stderr

    def run_until(self, condition: Callable[[], bool], then: Callable[[], None], program: str) -> str:
        """What an `up` says during which something happens as soon as a condition holds."""
        self._program.write_text(CLUSTER + program)
        with self._sandbox.start("up") as process:
            assert wait_until(condition, 60)
            then()
            return "".join(process.communicate())


@pytest.fixture
def stack(cluster: Cluster, tmp_path: Path) -> Iterator[Stack]:
    """A stack that is destroyed in the end."""
    made = Stack(cluster, tmp_path / "project")
    yield made
    made.run("destroy")
    shutil.rmtree(cluster.folder / "platform")


def names(cluster: Cluster, path: str) -> list[str]:
    """What stands in a collection."""
    return sorted(found["metadata"]["name"] for found in cluster.api.get(path)["items"])


def test_a_stack_lives_in_the_cluster_stays_as_it_is_changes_and_goes_in_order(stack: Stack, cluster: Cluster) -> None:
    program = WEB.replace("REPLICAS", "3")
    assert "+ 6 to create" in stack.run("preview", program)
    assert "apps" not in names(cluster, "/api/v1/namespaces"), "a preview changes nothing"
    done = stack.run("up", program)
    assert "ready  : 3" in done
    assert 'address: "203.0.' in done
    assert len(names(cluster, "/api/v1/nodes")) == 2, "the pool's minimum, by its registered bounds"
    assert "6 unchanged" in stack.run("up", program)
    assert "6 unchanged" in stack.run("refresh", program), "1000m and 1 are the same amount"
    assert "1 updated" in stack.run("up", WEB.replace("REPLICAS", "1"))
    assert cluster.api.get("/apis/apps/v1/namespaces/apps/deployments/web")["status"]["readyReplicas"] == 1
    gone = stack.run("destroy")
    places = [
        gone.index(f"{what} deleted") for what in ("Service web", "Deployment web", "Namespace apps", "NodePool pool")
    ]
    assert places == sorted(places)
    assert "apps" not in names(cluster, "/api/v1/namespaces")
    assert names(cluster, "/api/v1/nodes") == []


def test_a_custom_resource_before_its_definition_fails_and_passes_the_preview(stack: Stack) -> None:
    program = """
k8s.apiextensions.CustomResource("scaled", api_version="nobody.example/v1", kind="Thing",
    metadata={"name": "thing", "namespace": "default"}, spec={}, opts=on)
"""
    stack.run("preview", program)  # Its definition may come with the same update.
    stopped = stack.run("up", program, check=False)
    assert 'no matches for kind "Thing" in version "nobody.example/v1"' in stopped


DEFINED = """
def defined(**schema):
    return {"type": "object", **schema}


count = {"size": {"type": "integer"}, "color": {"type": "string"}}
k8s.apiextensions.v1.CustomResourceDefinition("things", opts=on, metadata={"name": "things.penstock.example"}, spec={
    "group": "penstock.example", "scope": "Namespaced", "names": {"plural": "things", "kind": "Thing"},
    "versions": [{"name": "v1", "served": True, "storage": True,
                  "schema": {"openAPIV3Schema": defined(properties={"spec": defined(properties=count)})}}]})
# Nothing says that it needs its definition: it is made at the same time.
thing = k8s.apiextensions.CustomResource("thing", api_version="penstock.example/v1", kind="Thing",
    metadata={"name": "thing", "namespace": "default"}, spec={"size": 1}, opts=on)
"""
PATCHED = """
for name, spec in {"one": {"color": "red"}, "other": {"size": 1}}.items():
    k8s.apiextensions.CustomResourcePatch(name, api_version="penstock.example/v1", kind="Thing",
        metadata={"name": "thing", "namespace": "default"}, spec=spec, opts=pulumi.ResourceOptions(depends_on=[thing]))
"""


def test_a_custom_resource_is_made_beside_its_definition_and_patched_by_several(stack: Stack, cluster: Cluster) -> None:
    path = "/apis/penstock.example/v1/namespaces/default/things/thing"
    stack.run("up", DEFINED)
    assert cluster.api.get(path)["spec"] == {"size": 1}
    assert "2 created" in stack.run("up", DEFINED + PATCHED)
    assert cluster.api.get(path)["spec"] == {"size": 1, "color": "red"}
    assert "7 unchanged" in stack.run("up", DEFINED + PATCHED)
    stack.run("up", DEFINED)
    assert cluster.api.get(path)["spec"] == {"size": 1}, "what a patch held is given back, and no more"


def test_what_exists_already_is_not_taken_over(stack: Stack, cluster: Cluster) -> None:
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs", "namespace": "default"}}
    cluster.api.apply({**theirs, "data": {"whose": "theirs"}})
    program = 'k8s.core.v1.ConfigMap("theirs", metadata={"name": "theirs", "namespace": "default"}, data={"whose": "ours"}, opts=on)'
    stopped = stack.run("up", program, check=False)
    assert "already exists" in stopped
    assert cluster.api.get("/api/v1/namespaces/default/configmaps/theirs")["data"] == {"whose": "theirs"}


def test_what_the_api_server_would_refuse_is_refused_at_preview(stack: Stack) -> None:
    program = """
k8s.autoscaling.v2.HorizontalPodAutoscaler("wrong", metadata={"name": "wrong", "namespace": "default"},
    spec={"minReplicas": 5, "maxReplicas": 2, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}})
"""
    stopped = stack.run("preview", program, check=False)
    assert "must be greater than or equal to `minReplicas`" in stopped


def test_a_workload_that_finds_no_room_fails_with_the_schedulers_reason_and_is_kept(
    stack: Stack, cluster: Cluster
) -> None:
    stopped = stack.run("up", TOO_LARGE.replace("CPU", "64"), check=False)
    assert "Insufficient cpu" in stopped
    assert "is in an unhealthy state" in stack.run("refresh", TOO_LARGE.replace("CPU", "64"))
    again = stack.run("up", TOO_LARGE.replace("CPU", "64").replace("60s", "2s"), check=False)
    assert "Insufficient cpu" in again, "a refresh does not make it ready"
    assert "1 updated" in stack.run("up", TOO_LARGE.replace("CPU", "1")), "the next run changes what was made"
    assert cluster.api.get("/apis/apps/v1/namespaces/default/deployments/large")["status"]["readyReplicas"] == 1


def test_a_control_plane_that_is_killed_in_an_update_converges_with_the_next_one(
    stack: Stack, cluster: Cluster
) -> None:
    server = next(found for found in cluster.status() if found.name == "kube-apiserver")
    assert server.pid
    path = "/apis/apps/v1/namespaces/apps/deployments/web"
    api = cluster.api
    said = stack.run_until(
        lambda: api.find(path) is not None,
        lambda: os.kill(server.pid or 0, signal.SIGKILL),
        WEB.replace("REPLICAS", "3"),
    )
    assert "What became of it is not known" in said
    cluster.up()
    assert "ready  : 3" in stack.run("up", WEB.replace("REPLICAS", "3"))
    assert "6 unchanged" in stack.run("up", WEB.replace("REPLICAS", "3"))


DATABASE = """
charts = "https://cloudnative-pg.github.io/charts"
operator = k8s.helm.v3.Release("cnpg", chart="cloudnative-pg", version="0.29.0", namespace="cnpg-system",
    create_namespace=True, repository_opts={"repo": charts}, opts=on)
data = k8s.core.v1.Namespace("data", metadata={"name": "data"}, opts=on)
k8s.apiextensions.CustomResource("db", api_version="postgresql.cnpg.io/v1", kind="Cluster",
    metadata={"name": "db", "namespace": data.metadata["name"], "annotations": {"pulumi.com/waitFor": "condition=Ready"}},
    spec={"instances": 2, "storage": {"size": "SIZE"}}, opts=pulumi.ResourceOptions(depends_on=[operator, pool]))
"""


def test_a_database_is_waited_for_as_it_says_and_refused_at_preview_as_its_operator_does(
    stack: Stack, cluster: Cluster
) -> None:
    path = "/apis/postgresql.cnpg.io/v1/namespaces/data/clusters/db"
    stack.run("up", DATABASE.replace("SIZE", "10Gi"))
    assert cluster.api.get(path)["status"]["readyInstances"] == 2
    assert "6 unchanged" in stack.run("up", DATABASE.replace("SIZE", "10Gi"))
    assert "can't shrink existing storage" in stack.run("preview", DATABASE.replace("SIZE", "5Gi"), check=False)
    stack.run("destroy")
    assert cluster.api.find(path) is None
    assert "cnpg-operator" not in [found.name for found in cluster.status()]
