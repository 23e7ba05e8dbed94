"""`Tenant` and `TenantPolicies`: their objects, what they allow, their passwords, and how many resources they are."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import kubernetes_validate
import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.autoscaling.pods.quantities import amount
from penstock.component import InvalidInputs
from penstock.data.postgres.tenants import verifier
from penstock.data.redis.tenants import password_hash
from penstock.spec import check
from penstock.tenancy import credentials, plan, policies_plan
from penstock.tenancy.egress import METADATA, PRIVATE, blocks
from penstock.tenancy.limits import limits
from penstock.tenancy.network_plan import network_policy
from penstock.tenancy.policies import TenantPolicies
from penstock.tenancy.spec import TenantSpec
from penstock.tenancy.tenant import Tenant
from penstock.workloads.namespace import ServiceNamespace
from tests.support.mocked import Registered, of_type, run
from tests.support.tenants import POSTGRES, QDRANT, REDIS, asked, gpu_pool, pool

STORES: dict[str, Any] = {"redis": REDIS, "postgres": POSTGRES, "qdrant": QDRANT}
GROUPS: dict[str, Any] = {"groups": {role: [f"oidc:{role}s"] for role in plan.ROLES}}
FULL: dict[str, Any] = {
    **STORES,
    **GROUPS,
    "pools": [pool(), gpu_pool()],
    "quota": {"cpu": "8", "memory": "16Gi", "gpus": 2, "storage_gib": 50, "cpu_limit_ratio": 4},
    "qdrant_collection": True,
    "postgres_database": True,
    "priority_classes": [{"name": "high", "pods": 3}, {"name": "low"}],
    "egress": {"cidrs": ["0.0.0.0/0", "::/0"], "ports": [443, 8443]},
    "routes": {"gateways": ["gateway/public"], "hostnames": ["*.acme.example.com"]},
    "cost_center": "4711",
    "labels": {"plan": "gold"},
}


def spec(**said: Any) -> TenantSpec:
    return check(TenantSpec, asked(**said))


def objects(**said: Any) -> list[dict[str, Any]]:
    stated = spec(**said)
    core = {"apiVersion": "v1"}
    made = [
        {**core, "kind": "Namespace", **plan.namespace("acme", stated)},
        {**core, "kind": "ResourceQuota", **plan.quota("acme", stated)},
        {**core, "kind": "LimitRange", **plan.limit_range("acme", stated)},
        {**core, "kind": "ServiceAccount", **plan.service_account("acme", stated, "workload")},
        {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", **network_policy("acme", stated)},
    ]
    made += [
        {**core, "kind": "ResourceQuota", **plan.priority_quota("acme", stated, each.name, each.pods)}
        for each in stated.priority_classes
        if each.pods is not None
    ]
    bindings = [binding for role in plan.ROLES if (binding := plan.role_binding("acme", stated, role))]
    rbac = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding"}
    return [*made, *({**rbac, **binding} for binding in bindings)]


@pytest.mark.parametrize("said", [{}, FULL], ids=["least", "full"])
def test_its_objects_are_those_of_the_kubernetes_schema(said: dict[str, Any]) -> None:
    for thing in objects(**said):
        kubernetes_validate.validate(thing, "1.34", strict=True)


def test_the_objects_for_all_tenants_are_those_of_the_kubernetes_schema() -> None:
    kind = {"apiVersion": "admissionregistration.k8s.io/v1"}
    for _, policy, binding in policies_plan.policies({}):
        kubernetes_validate.validate({**kind, "kind": "ValidatingAdmissionPolicy", **policy}, "1.34", strict=True)
        kubernetes_validate.validate(
            {**kind, "kind": "ValidatingAdmissionPolicyBinding", **binding}, "1.34", strict=True
        )
    rbac = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole"}
    for _, role in policies_plan.cluster_roles({}):
        kubernetes_validate.validate({**rbac, **role}, "1.34", strict=True)


def test_the_namespace_holds_pods_to_a_pinned_version_of_the_restricted_standard_and_says_who_pays() -> None:
    labels = plan.namespace("acme", spec(pod_security_version="v1.33", cost_center="4711"))["metadata"]["labels"]
    for mode in ("enforce", "audit", "warn"):
        assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"
        assert labels[f"pod-security.kubernetes.io/{mode}-version"] == "v1.33"
    assert labels["penstock.dev/tenant"] == "acme"
    assert labels["penstock.dev/cost-center"] == "4711"
    assert plan.namespace("acme", spec())["metadata"]["labels"]["penstock.dev/cost-center"] == "acme"


def test_the_quota_counts_what_is_scarce_and_closes_what_leads_outside() -> None:
    hard = plan.quota("acme", spec(**FULL))["spec"]["hard"]
    assert (hard["requests.cpu"], hard["limits.cpu"]) == ("8", "32")
    assert hard["requests.memory"] == hard["limits.memory"] == "16Gi"
    assert hard["requests.nvidia.com/gpu"] == "2"
    assert hard["requests.storage"] == "50Gi"
    assert (
        hard["services.loadbalancers"] == hard["services.nodeports"] == hard["count/ingresses.networking.k8s.io"] == "0"
    )
    assert "count/scaledobjects.keda.sh" in hard
    least = plan.quota("acme", spec())["spec"]["hard"]
    assert least["requests.nvidia.com/gpu"] == "0", "also where its pools have none"
    assert "limits.cpu" not in least


def test_a_pool_of_parts_of_gpus_is_counted_in_parts() -> None:
    parts = gpu_pool()
    parts["capacity"] = {**parts["capacity"], "accelerators": 14, "accelerator_resource": "nvidia.com/mig-1g.5gb"}
    hard = plan.quota("acme", spec(pools=[parts], quota={"cpu": "8", "memory": "16Gi", "gpus": 20}))["spec"]["hard"]
    assert hard["requests.nvidia.com/mig-1g.5gb"] == "20"


@pytest.mark.parametrize("said", [{}, FULL, {"quota": {"cpu": "50m", "memory": "64Mi"}}], ids=["least", "full", "tiny"])
def test_no_default_of_a_container_is_above_the_most_that_it_may_have(said: dict[str, Any]) -> None:
    (item,) = plan.limit_range("acme", spec(**said))["spec"]["limits"]
    for resource, most in item["max"].items():
        for which in ("default", "defaultRequest"):
            assert (amount(item[which][resource]) or 0) <= (amount(most) or 0)
    assert (amount(item["defaultRequest"]["cpu"]) or 0) <= (amount(item["default"]["cpu"]) or 0)


addresses = st.one_of(
    st.integers(0, 2**32 - 1).map(IPv4Address),
    st.integers(0, 2**128 - 1).map(IPv6Address),
    st.sampled_from([ip_address(text) for text in ("169.254.169.254", "fd00:ec2::254", "168.63.129.16", "10.0.0.1")]),
    st.sampled_from(
        [network[place] for cidr in (*METADATA, *PRIVATE) for network in [ip_network(cidr)] for place in (0, -1)]
    ),
)


@given(addresses)
def test_what_is_internal_is_never_reached_and_all_else_is(address: IPv4Address | IPv6Address) -> None:
    def within(cidrs: Any) -> bool:
        return any(address in ip_network(cidr) for cidr in cidrs if ip_network(cidr).version == address.version)

    reached = [
        block
        for block in blocks(["0.0.0.0/0", "::/0"], PRIVATE)
        if within([block["cidr"]]) and not within(block.get("except", []))
    ]
    assert bool(reached) != within([*METADATA, *PRIVATE])


def test_an_exception_lies_within_its_network_as_the_api_server_asks() -> None:
    (block,) = blocks(["8.0.0.0/7"], PRIVATE)
    assert block == {"cidr": "8.0.0.0/7"}
    (block,) = blocks(["160.0.0.0/4"], [])
    assert block["except"] == ["168.63.129.16/32", "169.254.0.0/16"]


def test_without_stores_and_egress_it_reaches_itself_and_names_only() -> None:
    egress = network_policy("acme", spec())["spec"]["egress"]
    assert len(egress) == 2
    assert egress[0] == {"to": [{"podSelector": {}}]}
    assert {(port["protocol"], port["port"]) for port in egress[1]["ports"]} == {("UDP", 53), ("TCP", 53)}


def test_it_reaches_its_stores_at_their_client_ports_and_a_shared_collection_not_at_all() -> None:
    egress = network_policy("acme", spec(**STORES))["spec"]["egress"]
    ports = {port["port"] for rule in egress[2:] for port in rule["ports"]}
    assert ports == {6379, 5432}
    own = network_policy("acme", spec(**STORES, qdrant_collection=True))["spec"]["egress"]
    assert {port["port"] for rule in own[2:] for port in rule["ports"]} == {6379, 5432, 6333, 6334}
    for rule in own[2:]:
        (peer,) = rule["to"]
        assert peer["podSelector"]["matchLabels"]
        assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "data"}


def test_its_limits_are_told_to_the_policies() -> None:
    told = limits(spec(**FULL))
    assert told["penstock.dev/registries"] == "registry.example.com/acme/"
    assert told["penstock.dev/node-selectors"] == "penstock/pool=cpu,penstock/pool=gpu"
    assert told["penstock.dev/tolerations"] == "nvidia.com/gpu=,nvidia.com/gpu=present,workload-type=cpu"
    assert told["penstock.dev/priority-classes"] == "high,low"
    assert told["penstock.dev/max-replicas"] == "100"
    assert told["penstock.dev/gateways"] == "gateway/public"


def test_pods_may_select_by_labels_that_only_its_own_pools_have() -> None:
    def labelled(name: str, **labels: str) -> dict[str, Any]:
        return pool(name, labels={"penstock/pool": name, **labels})

    own = [labelled("l4", type="gpu", site="east"), labelled("l4-spot", type="gpu", site="east")]
    every = [*own, labelled("web", type="web", site="east")]
    told = limits(spec(pools=own, cluster_pools=every))
    assert told["penstock.dev/node-selectors"] == "penstock/pool=l4,penstock/pool=l4-spot,type=gpu"


def test_the_policies_ask_for_no_limit_that_no_tenant_tells() -> None:
    text = str([*policies_plan.policies({})])
    asked_for = {word.split("'")[0] for word in text.replace('"', "'").split("'penstock.dev/")[1:]}
    told = set(limits(spec(**FULL, scaling={"triggers": ["prometheus"], "prometheus_address": "http://p"})))
    labels = {"penstock.dev/tenant"}
    assert {f"penstock.dev/{name}".rstrip("\\") for name in asked_for} - labels == told


def test_a_rotation_keeps_the_password_before_beside_the_new_one_until_it_is_retired() -> None:
    assert credentials.rotations(spec()) == [1]
    assert credentials.rotations(spec(rotation=3)) == [3, 2]
    assert credentials.rotations(spec(rotation=3, retire_previous=True)) == [3]


def test_what_is_derived_for_one_purpose_tells_nothing_of_another() -> None:
    found = {credentials.derived(seed, purpose) for seed in ("a", "b") for purpose in ("redis", "postgres", "api-key")}
    assert len(found) == 6
    assert all(len(each) == 40 for each in found)


def deployed(name: str = "acme", *, preview: bool = False, **said: Any) -> list[Registered]:
    """What a tenant registers, without the namespace of the stores, which has to be there."""

    def program() -> None:
        data = ServiceNamespace("data", {})
        Tenant(name, asked(**said), pulumi.ResourceOptions(depends_on=[data]))

    return [each for each in run(program, preview=preview) if each.name != "data"]


def secret(made: list[Registered], called: str) -> dict[str, str]:
    return dict(of_type(made, "kubernetes:core/v1:Secret")[f"acme-{called}"]["stringData"])


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize(
    ("said", "count"),
    [({}, 9), (GROUPS, 12), ({**STORES, **GROUPS}, 17), (FULL, 20)],
    ids=["least", "with people", "with stores", "full"],
)
def test_a_tenant_is_few_resources(said: dict[str, Any], count: int, preview: bool) -> None:
    """The component itself included; what holds for all tenants is not made again for each."""
    assert len(deployed(preview=preview, **said)) == count


def test_what_holds_for_all_tenants_is_made_once() -> None:
    made = run(lambda: TenantPolicies("tenants", {}))
    assert len(made) == 18
    assert {
        name.removeprefix("tenants-") for name in of_type(made, "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole")
    } == set(plan.ROLES)


def test_its_secrets_tell_how_to_reach_each_store_and_the_jobs_know_no_password() -> None:
    made = deployed(**STORES)
    redis, postgres, qdrant = (secret(made, called) for called in ("redis", "postgres", "qdrant"))
    assert redis.keys() == {"host", "port", "username", "prefix", "password", "ca.crt"}
    assert (redis["username"], redis["prefix"]) == ("acme", "acme:")
    assert postgres["username"] == "t_acme_1"
    assert (postgres["database"], postgres["schema"]) == ("app", "t_acme")
    assert qdrant == {"collection": "tenants", "tenant-id": "acme"}
    jobs = str(of_type(made, "kubernetes:batch/v1:Job"))
    assert password_hash(redis["password"]) in jobs
    assert verifier(postgres["password"], postgres["username"]) in jobs
    for password in (redis["password"], postgres["password"], secret(made, "api-keys")["key"]):
        assert password not in jobs


def test_while_a_rotation_runs_both_passwords_are_there_and_in_the_stores() -> None:
    made = deployed(**STORES, rotation=2)
    redis, postgres, keys = (secret(made, called) for called in ("redis", "postgres", "api-keys"))
    assert redis["password"] != redis["previous-password"]
    assert (postgres["username"], postgres["previous-username"]) == ("t_acme_0", "t_acme_1")
    assert keys["key"] != keys["previous-key"]
    retired = deployed(**STORES, rotation=2, retire_previous=True)
    assert not any("previous" in key for called in STORES for key in secret(retired, called))


def test_a_database_and_a_collection_of_its_own_are_told_and_made() -> None:
    made = deployed(**STORES, postgres_database=True, qdrant_collection=True)
    assert secret(made, "postgres")["database"] == "t_acme"
    own = secret(made, "qdrant")
    assert own.keys() == {"host", "port", "grpc-port", "collection", "token"}
    labels = of_type(made, "kubernetes:core/v1:Namespace")["acme"]["metadata"]["labels"]
    assert labels["penstock.dev/qdrant"] == "dedicated"
    assert len(of_type(made, "kubernetes:batch/v1:Job")) == 3


def test_its_jobs_run_where_the_stores_do() -> None:
    placed = {"nodeSelector": {"penstock/pool": "data"}, "tolerations": [{"key": "data", "operator": "Exists"}]}
    stores = {kind: {**ref, "scheduling": placed} for kind, ref in STORES.items()}
    made = deployed(**stores, postgres_database=True, qdrant_collection=True)
    pods = [job["spec"]["template"]["spec"] for job in of_type(made, "kubernetes:batch/v1:Job").values()]
    assert len(pods) == 3
    assert all({key: pod[key] for key in placed} == placed for pod in pods)


def test_the_gateway_knows_keys_by_their_hashes() -> None:
    made: list[Tenant] = []
    hashes: list[list[str]] = []

    def program() -> None:
        tenant = Tenant("acme", asked(rotation=2))
        made.append(tenant)
        tenant.api_key_hashes.apply(hashes.append)

    registered = run(program)
    keys = secret(registered, "api-keys")
    assert hashes == [[credentials.key_hash(keys[key]) for key in ("key", "previous-key")]]
    assert keys["key"].startswith("pk_acme_")


def test_its_bill_is_its_own() -> None:
    assert of_type(deployed(), "penstock:index:Tenant")["acme"]["cost"] == {"tenant": "acme"}


def test_a_priority_of_one_tenant_and_another_tenant_are_told_apart_by_the_engine() -> None:
    def program() -> None:
        Tenant("acme", asked(priority_classes=[{"name": "high", "pods": 1}]))
        Tenant("acme-high", asked())

    # Names of the same type below components of the same type are one to the engine.
    assert len(of_type(run(program), "kubernetes:core/v1:ResourceQuota")) == 3


@pytest.mark.parametrize("args", [None, [], "x", 3])
def test_inputs_that_are_no_map_are_refused_with_a_sentence(args: Any) -> None:
    with pytest.raises(InvalidInputs, match="Write a map of settings"):
        run(lambda: Tenant("acme", args) and None)
