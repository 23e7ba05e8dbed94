"""What Kubernetes objects cost, and how workloads bound the pools that they select."""

import pytest

from penstock_cost.resources import UNKNOWN
from penstock_cost.resources.kubernetes.cron import hours_of
from penstock_cost.resources.packing import machines_for
from tests.support.cost_resources import HOUR, costs, machines_of, priced, resource

EKS = resource("aws:eks/cluster:Cluster", "cluster", {"upgradePolicy": {"supportType": "STANDARD"}})
FEE = 0.1 * HOUR
POOL, DEPLOYMENT = "aws:eks/nodeGroup:NodeGroup", "kubernetes:apps/v1:Deployment"
HPA, SCALED = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "kubernetes:keda.sh/v1alpha1:ScaledObject"
# Allocatable of m5.large (2 vCPU, 8 GiB) by the rule: 1930m, 6.2 GiB.


def pool(name="web", least=0, most=10, labels=None, taints=(), parent=None, **more):
    return resource(
        POOL,
        name,
        {
            "scalingConfig": {"minSize": least, "maxSize": most},
            "instanceTypes": ["m5.large"],
            "diskSize": 1,
            "labels": {"pool": name} if labels is None else labels,
            "taints": [{"key": key, "value": value, "effect": "NO_SCHEDULE"} for key, value in taints],
            **more,
        },
        joined={"clusterName": [EKS]},
        parent=parent,
    )


def deployment(name="app", replicas=2, cpu="900m", selector=None, token=DEPLOYMENT, spec=None, **pod):
    requests = {"cpu": cpu, "memory": "1Gi"}
    template = {"containers": [{"resources": {"requests": requests}}], **pod}
    if selector is not None:
        template["nodeSelector"] = selector
    return resource(
        token,
        name,
        {"metadata": {"name": name}, "spec": {"replicas": replicas, "template": {"spec": template}, **(spec or {})}},
    )


def hpa(least, most, name="app"):
    target = {"kind": "Deployment", "name": name}
    return resource(HPA, "scaler", {"spec": {"minReplicas": least, "maxReplicas": most, "scaleTargetRef": target}})


def scaled(name="app", **spec):
    return resource(SCALED, "scaler", {"spec": {"scaleTargetRef": {"name": name}, **spec}})


def counts(*resources, name="web", **options):
    return machines_of(priced(*resources, **options), name).counts


def test_most_objects_are_free_because_nodes_are_on_the_bill():
    kinds = ("core/v1:Namespace", "apps/v1:Deployment", "batch/v1:Job", "example.com/v1:Thing", "core/v1:Service")
    bill = priced(*[resource(f"kubernetes:{kind}") for kind in kinds])
    assert (bill.free, bill.holes) == (len(kinds), ())


def test_a_release_karpenter_and_controllers_that_make_clouds_are_holes():
    for token in ("helm.sh/v3:Release", "karpenter.sh/v1:NodePool", "rds.services.k8s.aws/v1alpha1:DBInstance"):
        assert len(priced(resource(f"kubernetes:{token}")).holes) == 1
    assert priced(resource("kubernetes:helm.sh/v4:Chart", custom=False)).free == 1


GKE = resource("gcp:container/cluster:Cluster", "cluster", {"location": "us-central1", "removeDefaultNodePool": True})


def released(chart, values=None):
    asked = {"chart": chart, **({} if values is None else {"values": values})}
    return priced(GKE, resource("kubernetes:helm.sh/v3:Release", "release", asked))


@pytest.mark.parametrize("chart", ["keda", "oci://mirror.example.com/charts/metrics-server", "kube-prometheus-stack"])
def test_a_release_of_a_chart_that_asks_for_pods_alone_adds_nothing(chart):
    assert costs(released(chart))[0] == pytest.approx(FEE)
    assert released(chart).holes == ()


@pytest.mark.parametrize(
    ("counts", "volumes"), [({"replicas": 2}, 2), ({"shards": 3}, 3), ({"replicas": 2, "shards": 3}, 6)]
)
def test_the_volumes_of_prometheus_are_on_the_bill_for_each_replica_of_each_shard(counts, volumes):
    claim = {"resources": {"requests": {"storage": "50Gi"}}}
    spec = {**counts, "storageSpec": {"volumeClaimTemplate": {"spec": claim}}}
    bill = released("kube-prometheus-stack", {"prometheus": {"prometheusSpec": spec}})
    assert costs(bill)[0] == pytest.approx(FEE + volumes * 50 * 0.1)


@pytest.mark.parametrize(
    "values",
    [
        {"grafana": {"service": {"type": "LoadBalancer"}}},
        {"grafana": {"persistence": {"enabled": True}}},
        UNKNOWN,
    ],
    ids=["load balancer", "volume of a sub-chart", "unknown"],
)
def test_a_release_whose_values_ask_for_more_or_are_not_known_is_a_hole(values):
    (hole,) = released("kube-prometheus-stack", values).holes
    assert hole.type == "kubernetes:helm.sh/v3:Release"
    assert "values" in hole.property


def test_a_load_balancer_is_that_of_the_cluster():
    service = {"spec": {"type": "LoadBalancer"}}
    gke = resource(
        "gcp:container/cluster:Cluster", "cluster", {"location": "us-central1", "removeDefaultNodePool": True}
    )
    assert costs(priced(gke, resource("kubernetes:core/v1:Service", properties=service)))[0] == pytest.approx(
        FEE + 0.035 * HOUR
    )
    annotated = {
        **service,
        "metadata": {"annotations": {"service.beta.kubernetes.io/aws-load-balancer-type": "external"}},
    }
    network = {**dict(EKS.properties), "vpcConfig": {"subnetIds": ["a", "b"]}}
    eks = resource("aws:eks/cluster:Cluster", "cluster", network)
    assert costs(priced(eks, resource("kubernetes:core/v1:Service", properties=annotated)))[0] == pytest.approx(
        FEE + 0.05 * HOUR
    )
    assert len(priced(resource("kubernetes:core/v1:Service", properties=service)).holes) == 1


def claim(name, size="10Gi", **more):
    return resource(
        "kubernetes:core/v1:PersistentVolumeClaim",
        properties={"spec": {"storageClassName": name, "resources": {"requests": {"storage": size}}, **more}},
    )


def test_claims_cost_the_disk_of_their_class():
    assert costs(priced(EKS, claim("gp3")))[0] == pytest.approx(FEE + 1)
    parameters = {"type": "io2", "iops": "100"}
    made = resource(
        "kubernetes:storage.k8s.io/v1:StorageClass",
        "fast",
        {"metadata": {"name": "fast"}, "provisioner": "ebs.csi.aws.com", "parameters": parameters},
    )
    assert costs(priced(EKS, made, claim("fast")))[0] == pytest.approx(FEE + 13)
    assert priced(EKS, claim("gp3", volumeName="there-already")).holes == ()
    for unclear in (claim("mystery"), claim(UNKNOWN), claim("gp3", size="lots"), claim("gp3", size=UNKNOWN)):
        assert len(priced(EKS, unclear).holes) == 1
    assert len(priced(claim("gp3")).holes) == 1  # no cluster of this program


def test_a_stateful_set_has_volumes_for_each_replica_within_its_bounds():
    template = {"spec": {"storageClassName": "gp3", "resources": {"requests": {"storage": "10Gi"}}}}
    stateful = deployment(token="kubernetes:apps/v1:StatefulSet", spec={"volumeClaimTemplates": [template]}, replicas=3)
    assert costs(priced(EKS, stateful))[0] == pytest.approx(FEE + 3)
    scaler = scaled(minReplicaCount=1, maxReplicaCount=5)
    scaler.properties["spec"]["scaleTargetRef"]["kind"] = "StatefulSet"
    bill = priced(EKS, stateful, scaler)
    assert (bill.cost.floor, bill.cost.ceiling) == pytest.approx((FEE + 1, FEE + 5))


def grown(name, size, namespace="data"):
    return resource(
        "kubernetes:core/v1:PersistentVolumeClaimPatch",
        f"{namespace}-{name}",
        {
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"resources": {"requests": {"storage": size}}},
        },
    )


def stateful(*templates, name="store", replicas=3):
    claims = [
        {
            "metadata": {"name": called},
            "spec": {"storageClassName": "gp3", "resources": {"requests": {"storage": size}}},
        }
        for called, size in templates
    ]
    made = deployment(name, replicas, token="kubernetes:apps/v1:StatefulSet", spec={"volumeClaimTemplates": claims})
    made.properties["metadata"]["namespace"] = "data"
    return made


def test_volumes_that_have_grown_by_patches_of_their_claims_cost_what_they_have_now():
    small = stateful(("storage", "10Gi"), ("snapshots", "10Gi"))
    assert costs(priced(EKS, small))[0] == pytest.approx(FEE + 3 + 3)
    patches = [grown(f"storage-store-{index}", "30Gi") for index in range(3)]
    assert costs(priced(EKS, small, *patches))[0] == pytest.approx(FEE + 9 + 3)
    assert costs(priced(EKS, small, grown("storage-store-0", "10Gi"), grown("storage-store-2", "20Gi")))[
        0
    ] == pytest.approx(FEE + 6 + 3), "the largest counts for all"


@pytest.mark.parametrize(
    "other",
    [
        grown("storage-store-2-0", "90Gi"),
        grown("storage-stores-0", "90Gi"),
        grown("storage-store-0", "90Gi", "elsewhere"),
    ],
)
def test_patches_of_other_claims_do_not_count(other):
    assert costs(priced(EKS, stateful(("storage", "10Gi")), other))[0] == pytest.approx(FEE + 3)


def test_a_claim_that_grows_to_nobody_knows_what_is_a_hole():
    assert len(priced(EKS, stateful(("storage", "10Gi")), grown("storage-store-0", UNKNOWN)).holes) == 1


def postgres(name="main", token="Cluster", **spec):
    return resource(f"kubernetes:postgresql.cnpg.io/v1:{token}", name, {"metadata": {"name": name}, "spec": spec})


def test_a_postgres_cluster_has_the_volumes_of_each_instance():
    storage, log = {"size": "50Gi", "storageClass": "gp3"}, {"size": "10Gi", "storageClass": "gp3"}
    assert costs(priced(EKS, postgres(instances=3, storage=storage)))[0] == pytest.approx(FEE + 3 * 5)
    whole = postgres(instances=3, storage=storage, walStorage=log)
    assert costs(priced(EKS, whole))[0] == pytest.approx(FEE + 3 * 6)
    spaces = [{"name": "cold", "storage": {"size": "100Gi", "storageClass": "gp3"}}]
    assert costs(priced(EKS, postgres(instances=2, storage=storage, tablespaces=spaces)))[0] == pytest.approx(
        FEE + 2 * 15
    )
    assert costs(priced(EKS, postgres(storage=storage)))[0] == pytest.approx(FEE + 5), "one instance by default"


def test_a_claim_template_of_a_postgres_cluster_says_what_its_size_and_class_do_not():
    template = {"storageClassName": "gp3", "resources": {"requests": {"storage": "20Gi"}}}
    assert costs(priced(EKS, postgres(instances=3, storage={"pvcTemplate": template})))[0] == pytest.approx(FEE + 6)
    larger = {"pvcTemplate": template, "size": "30Gi"}
    assert costs(priced(EKS, postgres(instances=3, storage=larger)))[0] == pytest.approx(FEE + 9)


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"instances": UNKNOWN, "storage": {"size": "1Gi", "storageClass": "gp3"}}, "spec.instances"),
        (
            {"instances": 3, "storage": {"size": UNKNOWN, "storageClass": "gp3"}},
            "spec.storage.resources.requests.storage",
        ),
        ({"instances": 3, "storage": {"size": "1Gi"}}, "spec.storage.storageClassName"),
    ],
)
def test_a_postgres_cluster_that_cannot_be_priced_is_a_hole_with_its_path(spec, path):
    (hole,) = priced(EKS, postgres(**spec)).holes
    assert hole.property == path


def test_pods_of_postgres_bound_the_pool_that_they_select():
    asked = {"requests": {"cpu": "900m", "memory": "1Gi"}}
    placed = {"nodeSelector": {"pool": "web"}, "tolerations": [{"key": "db", "operator": "Exists"}]}
    free = {"size": "1Gi", "storageClass": "gp3"}
    # Two pods of 900m fit a node of 1930m.
    servers = postgres(instances=5, storage=free, resources=asked, affinity=placed)
    tainted = pool(taints=[("db", "x")])
    assert counts(EKS, tainted, servers) == (0, 3, 10, 3)
    template = {"spec": {"nodeSelector": {"pool": "web"}, "tolerations": placed["tolerations"]}}
    template["spec"]["containers"] = [{"name": "pgbouncer", "resources": asked}]
    poolers = postgres("readers", "Pooler", instances=4, template=template)
    assert counts(EKS, tainted, servers, poolers) == (0, 5, 10, 5)


def test_pods_of_postgres_that_tolerate_no_taint_stay_off_a_tainted_pool():
    asked = {"requests": {"cpu": "900m", "memory": "1Gi"}}
    servers = postgres(
        instances=5,
        storage={"size": "1Gi", "storageClass": "gp3"},
        resources=asked,
        affinity={"nodeSelector": {"pool": "web"}},
    )
    other = deployment(replicas=1, selector={"pool": "web"}, tolerations=[{"key": "db", "operator": "Exists"}])
    assert counts(EKS, pool(taints=[("db", "x")]), servers, other) == (0, 1, 10, 1)


def test_an_unknown_number_of_postgres_servers_bounds_nothing():
    servers = postgres(
        instances=UNKNOWN, storage={"size": "1Gi", "storageClass": "gp3"}, affinity={"nodeSelector": {"pool": "web"}}
    )
    assert counts(EKS, pool(), servers) == counts(EKS, pool())


def test_workloads_bound_the_pool_that_they_select():
    # Two pods of 900m fit a node of 1930m.
    found = counts(EKS, pool(), deployment(replicas=5, selector={"pool": "web"}))
    assert found == (0, 3, 10, 3)


def test_a_pool_that_no_workload_selects_keeps_its_maximum():
    assert counts(EKS, pool(), deployment(replicas=5)) == (0, 0, 10, 10)
    assert counts(EKS, pool(), deployment(replicas=5, selector={"pool": "other"})) == (0, 0, 10, 10)


def test_the_bound_lies_within_those_of_the_pool():
    assert counts(EKS, pool(most=2), deployment(replicas=50, selector={"pool": "web"}))[3] == 2
    assert counts(EKS, pool(least=4), deployment(replicas=1, selector={"pool": "web"}))[3] == 4


def test_autoscalers_bound_by_their_most_and_expect_their_fewest_replicas():
    app = deployment(replicas=3, selector={"pool": "web"})
    assert counts(EKS, pool(), app, hpa(2, 8)) == (0, 1, 10, 4)
    assert counts(EKS, pool(), app, scaled(minReplicaCount=0, maxReplicaCount=6)) == (0, 0, 10, 3)
    item = machines_of(priced(EKS, pool(), app, hpa(2, 8)), "web")
    assert item.basis == "its workloads at their fewest replicas" and item.confidence == "medium"


def test_an_unknown_number_of_replicas_bounds_nothing():
    for app in (
        deployment(replicas=UNKNOWN, selector={"pool": "web"}),
        deployment(cpu=UNKNOWN, selector={"pool": "web"}),
    ):
        assert counts(EKS, pool(), app)[3] == 10
    assert counts(EKS, pool(), deployment(selector={"pool": "web"}), hpa(1, UNKNOWN))[3] == 10


def affinity(operator, *values, key="pool"):
    expression = {"key": key, "operator": operator, "values": list(values)}
    return {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchExpressions": [expression]}]
            }
        }
    }


def test_affinity_and_taints_decide_where_pods_land():
    assert counts(EKS, pool(), deployment(affinity=affinity("In", "web", "spare")))[3] == 1
    assert counts(EKS, pool(), deployment(affinity=affinity("NotIn", "web")))[3] == 10
    tainted = pool(taints=[("dedicated", "web")])
    asking = {"selector": {"pool": "web"}, "replicas": 4}
    assert counts(EKS, tainted, deployment(**asking))[3] == 10  # it may not land there, so it selects nothing
    tolerant = {"tolerations": [{"key": "dedicated", "operator": "Equal", "value": "web", "effect": "NoSchedule"}]}
    assert counts(EKS, tainted, deployment(**asking, **tolerant))[3] == 2
    assert counts(EKS, tainted, deployment(**asking, tolerations=[{"operator": "Exists"}]))[3] == 2


def test_everything_that_may_land_counts_and_daemons_take_their_room():
    selecting, passing = deployment("a", 2, selector={"pool": "web"}), deployment("b", 2)
    assert counts(EKS, pool(), selecting, passing)[3] == 2
    daemons = deployment("agent", token="kubernetes:apps/v1:DaemonSet", cpu="500m")
    assert counts(EKS, pool(), selecting, daemons)[3] == 2  # now one to a node


def test_gpus_bound_a_pool_by_its_devices():
    gpus = pool("gpu", instanceTypes=["p3.2xlarge"], taints=[("nvidia.com/gpu", "present")])
    container = {"resources": {"limits": {"nvidia.com/gpu": "1"}, "requests": {"cpu": "1"}}}
    app = deployment(replicas=3, selector={"pool": "gpu"}, containers=[container])
    assert counts(EKS, gpus, app, name="gpu") == (0, 3, 10, 3)


def test_cron_triggers_are_a_schedule():
    cron = {"timezone": "UTC", "start": "0 8 * * 1-5", "end": "0 20 * * 1-5", "desiredReplicas": "8"}
    scaler = scaled(minReplicaCount=2, maxReplicaCount=10, triggers=[{"type": "cron", "metadata": cron}])
    item = machines_of(priced(EKS, pool(), deployment(selector={"pool": "web"}), scaler), "web")
    assert item.basis == "schedules of its workloads"
    assert item.counts[1] == pytest.approx((60 * 4 + 108 * 1) / 168)  # 60 hours with 4 machines


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("0 8 * * 1-5", "0 20 * * 1-5", 60),
        ("30 8 * * *", "0 9 * * *", 3.5),
        ("0 22 * * *", "0 6 * * *", 56),
        ("0 8 * * mon,wed", "0 10 * * *", 4),
        ("0 8 * * 0", "0 10 * * 7", 2),
        ("0 */6 * * *", "0 3,9,15,21 * * *", 84),
    ],
)
def test_cron_windows(start, end, hours):
    assert sum(hours_of(start, end)) == pytest.approx(hours)


@pytest.mark.parametrize(
    "text", ["0 8 1 * *", "0 8 * 5 *", "x 8 * * *", "0 25 * * *", "0 8 * *", "@daily", "0 8-4 * * *"]
)
def test_cron_that_is_no_weekly_schedule_is_none(text):
    assert hours_of(text, "0 20 * * *") is None


def test_packing():
    node = {"cpu": 4000, "memory": 8000, "pods": 10}
    assert machines_for(node, [({"cpu": 3000, "pods": 1}, 3)]) == 3
    assert machines_for(node, [({"cpu": 3000, "pods": 1}, 3), ({"cpu": 1000, "pods": 1}, 3)]) == 3
    assert machines_for(node, [({"memory": 4000, "cpu": 1, "pods": 1}, 4)]) == 2
    assert machines_for(node, [({"pods": 1}, 25)]) == 3
    assert machines_for(node, [({"cpu": 5000, "pods": 1}, 3)]) == 0
    assert machines_for(node, [({"cpu": 100, "pods": 1}, 1_000_000)]) == 100_000


# Annotations: what our components register.


def component(**cost):
    return resource("penstock:index:SpotNodePool", "made", {"cost": cost}, custom=False)


def test_a_component_tells_schedule_tenant_and_name_of_its_pool():
    made = component(pool="named", tenant="acme", purchase="on_demand", schedule=["Mon-Fri 08:00-20:00=5"], otherwise=1)
    item = machines_of(priced(made, pool(parent=made)), "web")
    assert (item.pool, item.tenant) == ("named", "acme")
    assert item.counts[1] == pytest.approx((60 * 5 + 108) / 168)


def test_a_component_tells_that_machines_are_committed():
    made = component(purchase="reserved", commitment={"term": "1y"})
    item = machines_of(priced(made, pool(least=2, most=3, parent=made)), "web")
    assert (item.cost.floor, item.cost.ceiling) == (2 * HOUR / 2, 2 * HOUR / 2 + HOUR)


def test_options_go_before_components_and_cover_pools_of_anybody():
    made = component(tenant="acme", desired=1)
    options = {"annotations": {"web": {"tenant": "other", "desired": 3}}}
    assert machines_of(priced(made, pool(parent=made), **options), "web").tenant == "other"
    assert machines_of(priced(pool(), **options), "web").counts[1] == 3


def test_an_unknown_or_wrong_annotation_is_a_hole_where_it_decides():
    for cost in ({"purchase": UNKNOWN}, {"schedule": [UNKNOWN]}, {"purchase": "barter"}, {"fallback": "often"}):
        made = component(**cost)
        bill = priced(made, pool(parent=made))
        assert len(bill.holes) == 1 and bill.holes[0].property.startswith("cost.") and not bill.items
    made = component(maxNodes=UNKNOWN, labels={"a": UNKNOWN})
    assert not priced(made, pool(parent=made)).holes
    wrong = component(schedule=["Someday=3"])
    assert len(priced(wrong, pool(parent=wrong)).holes) == 1


def test_a_fallback_pool_adds_to_the_ceiling_only_what_exceeds_its_spot_pool():
    spot = pool("spot", most=4, capacityType="SPOT")
    made = component(fallbackFor="spot")
    assert priced(made, spot, pool("web", most=3, parent=made)).cost.ceiling == pytest.approx(4 * (HOUR + 0.2))
    assert priced(made, spot, pool("web", most=6, parent=made)).cost.ceiling == pytest.approx(6 * (HOUR + 0.2))
    # What the fallback runs at the least is its own.
    bill = priced(made, spot, pool("web", least=1, most=3, parent=made))
    assert bill.cost.floor == pytest.approx(HOUR + 0.2)
    assert bill.cost.ceiling == pytest.approx(5 * (HOUR + 0.2))
