"""A tenant that takes all it can get, and another beside it on the same nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from penstock.spec import check
from penstock.workloads import plan
from penstock.workloads.spec import WorkloadSpec
from sandbox.cluster import Cluster
from sandbox.cluster.api import Object
from sandbox.load.__main__ import main as load
from sandbox.load.record import read_timeline
from tests.cluster.isolation.tenants import CPU, DIGEST, IMAGE, OTHERS, SPACE, As
from tests.cluster.isolation.things import changed, used
from tests.cluster.objects import await_, condition

SHARE = 20
"""How many pods of 200m fit the quota of the loud one."""


RUN = """
seconds: 30
services:
  quiet: {{namespace: {others}, selector: {{app: quiet}}, profile: [[0, 60], [30, 60]]}}
  loud: {{namespace: {space}, selector: {{app: loud}}, timeout_seconds: 5, profile: [[0, {rps}], [30, {rps}]]}}
targets: {{p95_seconds: null, failed_share: null, first_scaling_seconds: null, reaction_seconds: null, reversals: null}}
"""


def on_shared_nodes(pod: Object) -> Object:
    """The pod on nodes that both may use, with a fifth of a core."""
    small = {"requests": {"cpu": "200m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}}
    placed = changed(pod, "spec.nodeSelector", {"penstock/pool": "cpu"})
    placed = changed(placed, "spec.tolerations.0.value", "cpu")
    placed = changed(placed, "spec.terminationGracePeriodSeconds", 0)
    small["requests"]["ephemeral-storage"] = small["limits"]["ephemeral-storage"] = "100Mi"
    return changed(placed, "spec.containers.0.resources", small)


def test_a_tenant_that_asks_for_ten_times_its_share_gets_its_share_and_another_all_of_its_own(
    cluster: Cluster, developer: As, pod: Object
) -> None:
    """24: all pods of the quiet one run, whatever the loud one asks for, since the pool holds what both are promised."""
    quiet = As(cluster, "oidc:hank@globex.example", "oidc:globex-developers")
    loud = on_shared_nodes(pod)
    soft = changed(loud, "spec.containers.0.image", f"registry.example.com/globex/web@{DIGEST}")
    try:
        answers = [developer.refusal(changed(loud, "metadata.name", f"loud-{n}"), dry=False) for n in range(10 * SHARE)]
        assert answers.count(None) == SHARE
        assert all("exceeded quota" in answer for answer in answers if answer)
        names = [f"quiet-{n}" for n in range(10)]
        assert [quiet.refusal(changed(soft, "metadata.name", name), OTHERS, dry=False) for name in names] == [None] * 10
        paths = [f"/api/v1/namespaces/{OTHERS}/pods/{name}" for name in names]
        await_("they run", lambda: all(condition(cluster.api.get(path), "Ready") == "True" for path in paths))
    finally:
        for space in (SPACE, OTHERS):
            cluster.api.delete(f"/api/v1/namespaces/{space}/pods")
        await_("their quota is free", lambda: used(cluster, "pods") == "0")


def p95(cluster: Cluster, folder: Path, rps: int) -> float:
    """The seconds in which 95 % of the quiet one's requests are answered while so many come to the loud one."""
    scenario, record = folder / f"{rps}.yaml", folder / f"{rps}.jsonl"
    scenario.write_text(RUN.format(others=OTHERS, space=SPACE, rps=rps))
    assert load(["run", str(scenario), "--kubeconfig", str(cluster.kubeconfig), "--record", str(record)]) == 0
    answers = read_timeline(record).latencies
    assert answers["quiet"].count > 1_000, "its requests came"
    assert (answers["loud"].failed > 0) is (rps > SHARE * 10), "the loud one's share is full, or it is not"
    return answers["quiet"].percentile(95)


def test_the_answers_of_a_tenant_take_no_longer_beside_one_at_ten_times_its_share(
    cluster: Cluster, developer: As, pod: Object, tmp_path: Path
) -> None:
    """24, 27: a pod answers 10 requests a second, and to the loud one come ten times what its 20 pods can answer."""
    quiet = As(cluster, "oidc:hank@globex.example", "oidc:globex-developers")
    loud = changed(on_shared_nodes(pod), "metadata.labels", {"app": "loud"})
    soft = changed(loud, "spec.containers.0.image", f"registry.example.com/globex/web@{DIGEST}")
    soft = changed(soft, "metadata.labels", {"app": "quiet"})
    paths = [f"/api/v1/namespaces/{OTHERS}/pods/quiet-{n}" for n in range(10)]
    pods = f"/api/v1/namespaces/{SPACE}/pods"
    try:
        for n in range(10):
            assert quiet.refusal(changed(soft, "metadata.name", f"quiet-{n}"), OTHERS, dry=False) is None
        for n in range(2):
            assert developer.refusal(changed(loud, "metadata.name", f"loud-{n}"), dry=False) is None
        await_("they run", lambda: all(condition(cluster.api.get(path), "Ready") == "True" for path in paths))
        alone = p95(cluster, tmp_path, rps=5)
        for n in range(2, 10 * SHARE):
            developer.refusal(changed(loud, "metadata.name", f"loud-{n}"), dry=False)
        await_("its share runs", lambda: _ready(cluster, pods) == SHARE)
        beside = p95(cluster, tmp_path, rps=10 * 10 * SHARE)
        assert beside <= 1.1 * alone
        assert all(condition(cluster.api.get(path), "Ready") == "True" for path in paths)
    finally:
        for space in (SPACE, OTHERS):
            cluster.api.delete(f"/api/v1/namespaces/{space}/pods")
        await_("their quota is free", lambda: used(cluster, "pods") == "0")


def _ready(cluster: Cluster, path: str) -> int:
    return sum(condition(pod, "Ready") == "True" for pod in cluster.api.get(path)["items"])


def test_a_workload_of_the_library_is_what_a_tenant_may_run(developer: As) -> None:
    """6, 9, 11, 22: the rules can be kept."""
    stated: dict[str, Any] = {
        "namespace": SPACE,
        "image": IMAGE,
        "image_pull_policy": "Always",
        "pools": [CPU],
        "requests": {"cpu": "500m", "memory": "1Gi"},
    }
    spec = check(WorkloadSpec, stated)
    for kind, manifest in (
        ({"apiVersion": "apps/v1", "kind": "Deployment"}, plan.deployment("web", spec)),
        ({"apiVersion": "v1", "kind": "Service"}, plan.service("web", spec)),
        ({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget"}, plan.disruption_budget("web", spec)),
    ):
        assert developer.refusal({**kind, **manifest}) is None
    template = plan.deployment("web", spec)["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": template["spec"]}
    assert developer.refusal(pod) is None
