"""The API server of the sandbox: names, scopes, immutable fields, what it refuses and what it adds."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.cloud.kubernetes.kinds import Kind
from sandbox.cloud.kubernetes.kubeconfig import Target
from sandbox.cloud.values import UNKNOWN
from tests.support.cloud_client import Provider, Refused, Session, running_cloud, urn_of

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
NAMESPACE = "kubernetes:core/v1:Namespace"
RELEASE = "kubernetes:helm.sh/v3:Release"
SCALED = "kubernetes:keda.sh/v1alpha1:ScaledObject"
SECRET = "kubernetes:core/v1:Secret"
SERVICE = "kubernetes:core/v1:Service"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Session]:
    with running_cloud(tmp_path / "state") as session:
        yield session


@pytest.fixture
def provider(cloud: Session) -> Provider:
    return cloud.provider("kubernetes")


def workload(
    labels: dict[str, str] | None = None, container: dict[str, Any] | None = None, **spec: Any
) -> dict[str, Any]:
    pod = {"containers": [{"name": "web", "image": "nginx", **(container or {})}]}
    template = {"metadata": {"labels": labels or {"app": "web"}}, "spec": pod}
    return {"spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template, **spec}}


def test_a_nameless_object_gets_a_name_that_it_keeps(provider: Provider) -> None:
    made = provider.create(CONFIG_MAP, "settings", {"data": {"a": "1"}})
    namespace, name = made.id.split("/")
    assert namespace == "default"
    assert name.startswith("settings-") and len(name) == len("settings-") + 8
    again, _ = provider.check(made.urn, {"data": {"a": "2"}}, made.inputs, seed=b"another")
    assert again["metadata"] == made.inputs["metadata"]


def test_an_unnamed_object_is_created_before_its_predecessor_goes_and_a_named_one_after(provider: Provider) -> None:
    for metadata, first in (({}, False), ({"name": "settings"}, True)):
        made = provider.create(CONFIG_MAP, "settings", {"metadata": metadata, "data": {"a": "1"}})
        response = provider.diff(made, made.inputs | {"data": {"a": "2"}})
        assert list(response.replaces) == ["data.a"]
        assert response.deleteBeforeReplace is first


@pytest.mark.parametrize(
    ("type_", "before", "after", "path"),
    [
        (
            DEPLOYMENT,
            workload(),
            workload() | {"metadata": {"name": "x", "namespace": "kube-system"}},
            "metadata.namespace",
        ),
        (DEPLOYMENT, workload(), workload(selector={"matchLabels": {}}), "spec.selector.matchLabels.app"),
        (
            "kubernetes:apps/v1:StatefulSet",
            workload(serviceName="a", volumeClaimTemplates=[{"spec": {"storageClassName": "ssd"}}]),
            workload(serviceName="a", volumeClaimTemplates=[{"spec": {"storageClassName": "hdd"}}]),
            "spec.volumeClaimTemplates[0].spec.storageClassName",
        ),
        (
            "kubernetes:batch/v1:Job",
            {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "1"}]}}}},
            {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "2"}]}}}},
            "spec.template.spec.containers[0].image",
        ),
        (SERVICE, {"spec": {"clusterIP": "None"}}, {"spec": {"clusterIP": "10.0.0.9"}}, "spec.clusterIP"),
        (
            "kubernetes:storage.k8s.io/v1:StorageClass",
            {"provisioner": "a", "parameters": {"type": "pd-ssd"}},
            {"provisioner": "a", "parameters": {"type": "pd-standard"}},
            "parameters.type",
        ),
        (SECRET, {"stringData": {"a": "1"}}, {"stringData": {"a": "2"}}, "stringData.a"),
        (
            "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
            {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "a"}},
            {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "b"}},
            "roleRef.name",
        ),
        (RELEASE, {"chart": "keda", "name": "a"}, {"chart": "keda", "name": "b"}, "name"),
    ],
)
def test_immutable_fields_replace(
    provider: Provider, type_: str, before: dict[str, Any], after: dict[str, Any], path: str
) -> None:
    envelope = {} if type_ == RELEASE else {"metadata": {"name": "x"}}
    made = provider.create(type_, "x", envelope | before)
    checked, _ = provider.check(made.urn, envelope | after, made.inputs)
    assert list(provider.diff(made, checked).replaces) == [path]


def test_replicas_and_images_change_in_place(provider: Provider) -> None:
    made = provider.create(DEPLOYMENT, "web", workload(replicas=1))
    updated = provider.update(made, workload(replicas=3, container={"image": "nginx:2"}))
    assert updated.outputs["status"]["readyReplicas"] == 3
    assert updated.outputs["metadata"]["uid"] == made.outputs["metadata"]["uid"]
    assert updated.outputs["metadata"]["generation"] == 2


def test_config_maps_change_in_place_where_the_provider_is_told_so(cloud: Session) -> None:
    provider = cloud.provider("kubernetes", enableConfigMapMutable=True)
    made = provider.create(CONFIG_MAP, "settings", {"data": {"a": "1"}})
    assert not provider.diff(made, made.inputs | {"data": {"a": "2"}}).replaces
    assert provider.diff(made, made.inputs | {"data": {"a": "2"}, "immutable": True}).replaces


def test_a_namespace_must_exist_and_takes_all_along_when_it_goes(cloud: Session, provider: Provider) -> None:
    inside = {"metadata": {"name": "settings", "namespace": "team"}}
    with pytest.raises(Refused, match='namespaces "team" not found'):
        provider.create(CONFIG_MAP, "settings", inside)
    team = provider.create(NAMESPACE, "team", {"metadata": {"name": "team"}})
    settings = provider.create(CONFIG_MAP, "settings", inside)
    provider.delete(team)
    assert cloud.cloud.resources() == []
    assert provider.refresh(settings) is None


def test_two_of_one_name_conflict(provider: Provider) -> None:
    provider.create(DEPLOYMENT, "web", workload() | {"metadata": {"name": "web"}})
    with pytest.raises(
        Refused, match='"default/web" was not successfully created.*deployments.apps "web" already exists'
    ):
        provider.create(DEPLOYMENT, "web2", workload() | {"metadata": {"name": "web"}})


def test_two_clusters_know_nothing_of_each_other(cloud: Session) -> None:
    def at(server: str) -> Provider:
        kubeconfig = {
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "c", "namespace": "default"}}],
            "clusters": [{"name": "c", "cluster": {"server": f"https://{server}"}}],
        }
        import json

        return cloud.provider("kubernetes", kubeconfig=json.dumps(kubeconfig))

    named = {"metadata": {"name": "settings"}}
    made = at("10.0.0.1").create(CONFIG_MAP, "settings", named)
    assert at("10.0.0.2").refresh(made) is None
    at("10.0.0.2").create(CONFIG_MAP, "settings", named)
    assert {resource.scope for resource in cloud.cloud.resources()} == {"10.0.0.1", "10.0.0.2"}


@pytest.mark.parametrize(
    ("type_", "inputs", "path"),
    [
        (NAMESPACE, {"metadata": {"name": "Team_A"}}, "metadata.name"),
        (SERVICE, {"metadata": {"name": "1st"}}, "metadata.name"),
        (CONFIG_MAP, {"metadata": {"name": "a..b"}}, "metadata.name"),
        (CONFIG_MAP, {"metadata": {"generateName": "a-"}}, "metadata.generateName"),
        (CONFIG_MAP, {"metadata": {"labels": {"team": "a b"}}}, "metadata.labels.team"),
        (CONFIG_MAP, {"metadata": {"labels": {"-team": "a"}}}, 'metadata.labels["-team"]'),
        (DEPLOYMENT, workload(labels={"app": "other"}), "spec.selector"),
        (
            DEPLOYMENT,
            workload(container={"resources": {"requests": {"cpu": "half"}}}),
            "spec.template.spec.containers[0].resources.requests.cpu",
        ),
        (
            DEPLOYMENT,
            workload(container={"resources": {"requests": {"memory": "2Gi"}, "limits": {"memory": "1G"}}}),
            "spec.template.spec.containers[0].resources.requests.memory",
        ),
        (
            DEPLOYMENT,
            workload(container={"resources": {"requests": {"nvidia.com/gpu": "1"}, "limits": {"nvidia.com/gpu": "2"}}}),
            'spec.template.spec.containers[0].resources.requests["nvidia.com/gpu"]',
        ),
        (
            DEPLOYMENT,
            workload(container={"imagePullPolicy": "Sometimes"}),
            "spec.template.spec.containers[0].imagePullPolicy",
        ),
        (DEPLOYMENT, workload(replicas=-1), "spec.replicas"),
        (
            "kubernetes:apps/v1:DaemonSet",
            workload(container={"ports": [{"containerPort": 0}]}),
            "spec.template.spec.containers[0].ports[0].containerPort",
        ),
        (
            "kubernetes:batch/v1:CronJob",
            {
                "spec": {
                    "schedule": "@daily",
                    "jobTemplate": {
                        "spec": {
                            "template": {
                                "spec": {
                                    "restartPolicy": "Never",
                                    "containers": [{"name": "a", "image": "a"}],
                                    "tolerations": [{"key": "gpu", "operator": "Equals"}],
                                }
                            }
                        }
                    },
                }
            },
            "spec.jobTemplate.spec.template.spec.tolerations[0].operator",
        ),
        (
            "kubernetes:core/v1:Pod",
            {"spec": {"containers": [{"name": "a", "image": "a"}, {"name": "a", "image": "b"}]}},
            "spec.containers[1].name",
        ),
        (SERVICE, {"spec": {"type": "Balancer"}}, "spec.type"),
        (SERVICE, {"spec": {"ports": [{"port": 70000}]}}, "spec.ports[0].port"),
        ("kubernetes:core/v1:ConfigMapPatch", {"data": {"a": "1"}}, "metadata.name"),
        ("kubernetes:core/v1:ConfigMapList", {"items": []}, ""),
        (SCALED, {"apiVersion": "keda.sh/v1", "spec": {}}, "apiVersion"),
        (SCALED, {"metadata": {"lables": {}}, "spec": {"anything": ["goes"]}}, "metadata.lables"),
    ],
)
def test_what_the_api_server_refuses(provider: Provider, type_: str, inputs: dict[str, Any], path: str) -> None:
    assert list(provider.failures(type_, inputs)) == [path]


def test_custom_resources_are_free_below_their_envelope(provider: Provider) -> None:
    spec = {"scaleTargetRef": {"name": "web"}, "triggers": [{"type": "prometheus", "metadata": {"threshold": "10"}}]}
    made = provider.create(SCALED, "web", {"spec": spec})
    assert made.outputs["apiVersion"] == "keda.sh/v1alpha1"
    assert made.outputs["spec"] == spec
    assert provider.refresh(made) == made


def test_the_server_adds_addresses_and_status(provider: Provider) -> None:
    service = provider.create(SERVICE, "web", {"spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}})
    assert service.outputs["spec"]["clusterIP"].startswith("10.96.")
    assert service.outputs["status"]["loadBalancer"]["ingress"][0]["ip"]
    assert provider.create(NAMESPACE, "team", {}).outputs["status"] == {"phase": "Active"}


def test_texts_of_a_secret_come_back_encoded(provider: Provider) -> None:
    made = provider.create(SECRET, "s", {"stringData": {"password": "hunter2"}})
    assert base64.b64decode(made.outputs["data"]["password"]) == b"hunter2"


def test_in_preview_identity_and_status_are_unknown(provider: Provider) -> None:
    outputs = provider.preview(urn_of(SERVICE, "web"), {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}})
    assert outputs["metadata"]["name"] == "web"
    assert outputs["metadata"]["uid"] is outputs["spec"]["clusterIP"] is outputs["status"] is UNKNOWN


def test_a_release_is_recorded(provider: Provider) -> None:
    with pytest.raises(Refused, match='namespaces "keda" not found'):
        provider.create(RELEASE, "keda", {"chart": "keda", "namespace": "keda"})
    made = provider.create(RELEASE, "keda", {"chart": "keda", "namespace": "keda", "createNamespace": True})
    assert made.outputs["status"]["status"] == "deployed"
    updated = provider.update(made, made.inputs | {"version": "2.21.0"})
    assert (updated.id, updated.outputs["status"]["revision"]) == (made.id, 2)


def test_imports_by_id_with_and_without_namespace(provider: Provider) -> None:
    made = provider.create(CONFIG_MAP, "settings", {"metadata": {"name": "settings"}, "data": {"a": "1"}})
    for id_ in ("default/settings", "settings"):
        imported = provider.adopt(CONFIG_MAP, id_)
        assert imported is not None
        assert (imported.id, imported.inputs["data"]) == (made.id, {"a": "1"})


def test_yaml_is_decoded_for_config_files(provider: Provider) -> None:
    text = "kind: List\nitems: [{kind: A}]\n---\n---\nkind: B\n"
    assert provider.invoke("kubernetes:yaml:decode", text=text) == {"result": [{"kind": "A"}, {"kind": "B"}]}


def test_kinds_know_group_and_scope() -> None:
    assert Kind.of(DEPLOYMENT).api_version == "apps/v1"
    assert Kind.of(CONFIG_MAP).api_version == "v1"
    assert not Kind.of("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole").namespaced
    assert Kind.of("kubernetes:gateway.networking.k8s.io/v1:Gateway").custom
    assert not Kind.of("kubernetes:karpenter.sh/v1:NodePool").namespaced


def test_a_kubeconfig_tells_server_and_namespace(tmp_path: Path) -> None:
    text = """
current-context: b
contexts: [{name: a, context: {cluster: one}}, {name: b, context: {cluster: two, namespace: apps}}]
clusters: [{name: one, cluster: {server: "https://1.1.1.1"}}, {name: two, cluster: {server: "https://2.2.2.2:6443"}}]
"""
    assert Target.of({"kubeconfig": text}) == Target("2.2.2.2:6443", "apps")
    assert Target.of({"kubeconfig": text, "context": "a", "namespace": "x"}) == Target("1.1.1.1", "x")
    (tmp_path / "config").write_text(text)
    assert Target.of({"kubeconfig": str(tmp_path / "config")}).server == "2.2.2.2:6443"
    assert Target.of({}) == Target("ambient", "default")
    with pytest.raises(ValueError, match="neither a kubeconfig nor the path of one"):
        Target.of({"kubeconfig": "/nowhere/config"})
