"""Existing clusters: reached by a kubeconfig, their nodes described and labelled, nothing else changed."""

from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

import penstock
from penstock.clusters.existing.kubeconfigs import chosen
from penstock.nodes.pools import node_pool
from tests.support.mocked import of_type, run

KIND = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "kind-llm",
    "contexts": [
        {"name": "kind-llm", "context": {"cluster": "kind-llm", "user": "kind-llm"}},
        {"name": "other", "context": {"cluster": "other", "user": "other"}},
    ],
    "clusters": [{"name": "kind-llm", "cluster": {"server": "https://127.0.0.1:6443"}}],
    "users": [{"name": "kind-llm", "user": {"token": "secret"}}],
}
KUBECONFIG = yaml.safe_dump(KIND)
NODE_PATCH = "kubernetes:core/v1:NodePatch"


def cluster(**adopt: Any) -> penstock.Cluster:
    return penstock.Cluster("llm", {"cloud": "existing", "adopt": {"name": "kind-llm", **adopt}})  # type: ignore[typeddict-item]


def problems(args: dict[str, Any], make: Any = penstock.Cluster) -> dict[str, str]:
    with pytest.raises(penstock.InvalidInputs) as refused:
        make("llm", args)
    return {problem.path: problem.reason for problem in refused.value.problems}


def web(**changes: Any) -> dict[str, Any]:
    return {
        "cloud": "existing",
        "machine_types": ["kind"],
        "shape": {"vcpu": 4, "memory_gib": 16},
        "purchase": "on_demand",
        "min_nodes": 2,
        "max_nodes": 2,
        **changes,
    }


def test_the_kubeconfig_may_be_text_or_a_path_and_its_context_is_chosen(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(KUBECONFIG)
    for given in (KUBECONFIG, str(tmp_path / "config")):
        assert yaml.safe_load(chosen(given, None)) == KIND
        assert yaml.safe_load(chosen(given, "other"))["current-context"] == "other"


def test_without_a_kubeconfig_it_is_the_one_that_kubectl_would_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "first").write_text(KUBECONFIG)
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/first:{tmp_path}/second")
    assert yaml.safe_load(chosen(None, None)) == KIND
    monkeypatch.delenv("KUBECONFIG")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(KUBECONFIG)
    assert yaml.safe_load(chosen(None, None)) == KIND


@pytest.mark.parametrize(
    ("adopt", "words"),
    [
        ({"kubeconfig": "/nowhere/config"}, "/nowhere/config cannot be read"),
        ({"kubeconfig": KUBECONFIG, "context": "gone"}, "no context 'gone'. Write one of kind-llm, other"),
        ({"kubeconfig": "a: {"}, "no YAML"),
        ({"kubeconfig": "- {}\n"}, "no kubeconfig"),
        ({"kubeconfig": "contexts: []\n"}, "no current context"),
        ({"kubeconfig": ""}, "Write a name"),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_is_refused(adopt: dict[str, str], words: str) -> None:
    found = problems({"cloud": "existing", "adopt": {"name": "kind-llm", **adopt}})
    assert any(words in reason for path, reason in found.items() if path.startswith("adopt"))


def test_it_has_to_be_adopted() -> None:
    assert problems({"cloud": "existing"}).keys() == {"adopt"}


@pytest.mark.parametrize("preview", [True, False])
def test_its_kubeconfig_is_a_secret_and_known_in_a_preview(preview: bool) -> None:
    seen: list[Any] = []

    def program() -> None:
        made = cluster(kubeconfig=KUBECONFIG)
        secret = pulumi.Output.from_input(made.kubeconfig.is_secret())
        pulumi.Output.all(made.kubeconfig, secret, made.ref).apply(seen.append)

    assert [r.type for r in run(program, preview=preview)] == ["penstock:index:Cluster"]
    ((text, is_secret, ref),) = seen
    assert yaml.safe_load(text) == KIND
    assert is_secret
    assert ref == {"cloud": "existing", "name": "kind-llm", "location": "", "zones": []}


def test_a_kubeconfig_may_come_from_another_resource() -> None:
    seen: list[Any] = []
    run(lambda: cluster(kubeconfig=pulumi.Output.from_input(KUBECONFIG)).kubeconfig.apply(seen.append))
    assert [yaml.safe_load(text) for text in seen] == [KIND]


@pytest.mark.parametrize("preview", [True, False])
def test_the_nodes_that_a_pool_names_get_its_labels_and_taints_and_nothing_else(preview: bool) -> None:
    taints = [{"key": "dedicated", "value": "web"}]
    refs: list[penstock.PoolRef] = []

    def program() -> None:
        ref = cluster(kubeconfig=KUBECONFIG).ref
        pool = node_pool("web", web(cluster=ref, nodes=["worker-1", "worker-2"], labels={"tier": "web"}, taints=taints))
        refs.append(pool.ref)

    patches = of_type(run(program, preview=preview), NODE_PATCH)
    labels = {"tier": "web", "penstock/pool": "web", "penstock/purchase": "on_demand"}
    assert {p["metadata"]["name"] for p in patches.values()} == {"worker-1", "worker-2"}
    for patch in patches.values():
        assert patch["metadata"]["labels"] == labels
        assert patch["spec"] == {"taints": [{"key": "dedicated", "value": "web", "effect": "NoSchedule"}]}
    assert refs[0]["labels"] == labels
    assert refs[0]["capacity"] == {"cpu_millicores": 4000, "memory_mib": 16384, "accelerators": 0}


def test_a_pool_without_named_nodes_is_only_described() -> None:
    def program() -> None:
        node_pool("gpu", web(cluster=cluster(kubeconfig=KUBECONFIG).ref, accelerator={"type": "h100", "count": 8}))

    assert {r.type for r in run(program)} == {"penstock:index:Cluster", "penstock:index:GpuNodePool"}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"shape": None}, "machine_types[0]"),
        ({"nodes": ["a"]}, "min_nodes"),
        ({"nodes": ["a"]}, "max_nodes"),
        ({"nodes": ["a", "a"]}, "nodes[1]"),
        ({"disk": {"size_gib": 100}}, "disk.size_gib"),
        ({"purchase": "flex"}, "purchase"),
        ({"zones": ["a"]}, "zones"),
    ],
)
def test_what_cannot_be_said_of_existing_nodes_is_refused(changes: dict[str, Any], path: str) -> None:
    args = {key: value for key, value in web(cluster={}, **changes).items() if value is not None}
    assert path in problems(args, node_pool)
