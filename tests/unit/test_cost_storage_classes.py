"""What a volume costs whose claim names a storage class, or none: the default is the program's, or the cloud's own."""

import json

import pytest

from penstock.clusters.args import Observability
from penstock.clusters.eks import plan
from penstock_cost.resources import UNKNOWN, Stack, bill_of
from tests.support.cost_resources import HOUR, costs, priced, resource

DEFAULT = "storageclass.kubernetes.io/is-default-class"
EKS = resource("aws:eks/cluster:Cluster", "cluster", {"upgradePolicy": {"supportType": "STANDARD"}, "name": "main"})
GKE = resource("gcp:container/cluster:Cluster", "cluster", {"location": "us-central1", "removeDefaultNodePool": True})
AKS = resource(
    "azure-native:containerservice:ManagedCluster", "cluster", {"location": "eastus", "sku": {"tier": "Free"}}
)


def fee(cluster):
    return 0.0 if cluster is AKS else 0.1 * HOUR


def claim(name=None, size="100Gi", provider=""):
    named = {} if name is None else {"storageClassName": name}
    return resource(
        "kubernetes:core/v1:PersistentVolumeClaim",
        "claim",
        {"spec": {**named, "resources": {"requests": {"storage": size}}}},
        provider=provider,
    )


def made(name="fast", provisioner="ebs.csi.aws.com", default="true", provider="", **parameters):
    annotations = {} if default is None else {"annotations": {DEFAULT: default}}
    return resource(
        "kubernetes:storage.k8s.io/v1:StorageClass",
        name,
        {"metadata": {"name": name, **annotations}, "provisioner": provisioner, "parameters": parameters},
        provider=provider,
    )


def addon(configuration=None, cluster=EKS, name="aws-ebs-csi-driver"):
    asked = {} if configuration is None else {"configurationValues": configuration}
    return resource(
        "aws:eks/addon:Addon", f"addon-{cluster.name}", {"addonName": name, **asked}, {"clusterName": [cluster]}
    )


TIERS = {"10Gi": 16, "100Gi": 128, "1000Gi": 1024}
"""The sizes of a Standard SSD for what is asked for, in GiB."""
ENABLED = json.dumps({"defaultStorageClass": {"enabled": True}})


@pytest.mark.parametrize(
    ("cluster", "usd"),
    # 100 GiB: pd-balanced at 0.1, a Standard SSD of Azure as E10.
    [(GKE, 10.0), (AKS, 10.0)],
    ids=["gke: standard-rwo", "aks: default"],
)
def test_without_a_class_the_clouds_own_default_counts(cluster, usd):
    bill = priced(cluster, claim())
    assert bill.holes == ()
    assert costs(bill)[0] == pytest.approx(fee(cluster) + usd)


@pytest.mark.parametrize(
    ("name", "usd"), [(None, 10 * 1.5), ("managed-csi", 10 * 1.5), ("managed-csi-premium", 20 * 1.5), ("own", 10)]
)
def test_aks_own_classes_keep_disks_in_several_zones_where_a_pool_is_in_any(name, usd):
    pool = {"vmSize": "Standard_D2s_v5", "count": 0, "osDiskType": "Ephemeral"}
    own = made("own", "disk.csi.azure.com", default=None, skuName="StandardSSD_LRS")
    within = resource(
        AKS.type, "cluster", {**AKS.properties, "agentPoolProfiles": [{**pool, "availabilityZones": ["1"]}]}
    )
    beside = resource(
        "azure-native:containerservice:AgentPool",
        "pool",
        {**pool, "availabilityZones": ["1", "2"]},
        {"resourceName": [AKS]},
    )
    for stack in ((within,), (AKS, beside)):
        (volume,) = [item for item in priced(*stack, own, claim(name)).items if item.name == "claim"]
        assert volume.cost.floor == pytest.approx(usd)
        assert ("_ZRS" in volume.what, volume.confidence) == ((False, "high") if name == "own" else (True, "medium"))
    elsewhere = resource(beside.type, "pool", {**pool, "availabilityZones": []}, {"resourceName": [AKS]})
    (volume,) = [item for item in priced(AKS, elsewhere, own, claim(name)).items if item.name == "claim"]
    assert "_ZRS" not in volume.what


@pytest.mark.parametrize("cloud", ["gcp", "azure"])
def test_the_bundled_prices_know_the_clouds_own_default_disks(cloud):
    cluster = {"gcp": GKE, "azure": AKS}[cloud]
    for size in ("10Gi", "100Gi", "1000Gi"):
        bill = bill_of(Stack([cluster, claim(size=size)], {"gcp:region": "us-central1"}))
        assert bill.holes == ()
        (volume,) = [item for item in bill.items if item.name == "claim"]
        # Both are paid by size: 0.1 a GiB of Google's, and 0.075 of the next larger tier of Azure's.
        assert volume.cost.floor == pytest.approx(
            {"gcp": 0.1 * float(size[:-2])}.get(cloud, TIERS[size] * 0.075), rel=0.01
        )


def test_eks_has_no_default_so_that_a_claim_without_a_class_is_a_hole_that_says_what_to_do():
    (hole,) = priced(EKS, claim()).holes
    assert hole.property == "spec.storageClassName"
    for remedy in ("Pending", "gp2", DEFAULT, "defaultStorageClass.enabled"):
        assert remedy in hole.reason
    assert costs(priced(EKS, claim("gp2"))) == pytest.approx((fee(EKS) + 20,) * 4), "which every EKS cluster has"


@pytest.mark.parametrize(
    ("cluster", "provisioner", "parameters", "usd"),
    [
        (EKS, "ebs.csi.aws.com", {"type": "io2", "iops": "100"}, 40),
        (EKS, "ebs.csi.eks.amazonaws.com", {"type": "gp3"}, 10),
        (EKS, "kubernetes.io/aws-ebs", {"type": "gp2"}, 20),
        (GKE, "pd.csi.storage.gke.io", {"type": "pd-ssd"}, 20),
        (AKS, "disk.csi.azure.com", {"skuName": "Premium_LRS"}, 20),
    ],
    ids=["eks", "eks auto mode", "eks in-tree", "gke", "aks"],
)
def test_a_class_that_the_program_marks_as_default_goes_before_the_clouds_own(cluster, provisioner, parameters, usd):
    others = made("other", provisioner, default=None, **parameters), made("third", provisioner, default="false")
    fast = made("fast", provisioner, **parameters)
    assert costs(priced(cluster, *others, fast, claim()))[0] == pytest.approx(fee(cluster) + usd)


@pytest.mark.parametrize(
    ("cluster", "provisioner", "usd"),
    [
        (EKS, "ebs.csi.aws.com", 10),
        (EKS, "ebs.csi.eks.amazonaws.com", 10),
        (EKS, "kubernetes.io/aws-ebs", 10),
        (GKE, "pd.csi.storage.gke.io", 4),
        (AKS, "disk.csi.azure.com", 10),
    ],
)
def test_a_class_that_names_no_type_makes_disks_of_its_drivers_default(cluster, provisioner, usd):
    assert costs(priced(cluster, made("plain", provisioner, None), claim("plain")))[0] == pytest.approx(
        fee(cluster) + usd
    )


def test_the_default_class_of_eks_own_driver_is_gp3_where_its_add_on_is_asked_for_it():
    assert costs(priced(EKS, addon(ENABLED), claim()))[0] == pytest.approx(fee(EKS) + 10)
    for without in (
        addon(),
        addon("{}"),
        addon('{"defaultStorageClass": {"enabled": false}}'),
        addon(ENABLED, name="x"),
    ):
        assert len(priced(EKS, without, claim()).holes) == 1
    for unclear in (UNKNOWN, "defaultStorageClass: {enabled: true}", "[1]", '{"defaultStorageClass": 3}'):
        (hole,) = priced(EKS, addon(unclear), claim()).holes
        assert "addon-cluster" in hole.reason
    assert priced(EKS, addon(UNKNOWN), claim("gp3")).holes == (), "nobody asks for the default"


def test_clusters_of_penstock_have_a_default_class_on_eks_too():
    (driver,) = [a for a in plan.addons(Observability.SYSTEM, plan.Stage.WITH_NODES) if a.name == "aws-ebs-csi-driver"]
    args = plan.addon_args(driver)
    made = resource(
        "aws:eks/addon:Addon",
        "driver",
        {"addonName": args["addon_name"], "configurationValues": args["configuration_values"]},
        {"clusterName": [EKS]},
    )
    assert costs(priced(EKS, made, claim()))[0] == pytest.approx(fee(EKS) + 10)


def test_where_two_default_classes_differ_nobody_knows_which_counts():
    (hole,) = priced(EKS, addon(ENABLED), made("fast", type="io2", iops="100"), claim()).holes
    assert "ebs-csi-default-sc, fast" in hole.reason
    (hole,) = priced(
        GKE, *(made(kind, "pd.csi.storage.gke.io", type=kind) for kind in ("pd-ssd", "pd-standard")), claim()
    ).holes
    assert "pd-ssd, pd-standard" in hole.reason
    assert costs(priced(EKS, addon(ENABLED), made("same", type="gp3"), claim()))[0] == pytest.approx(fee(EKS) + 10)


def test_whether_a_class_is_the_default_may_be_unknown():
    (hole,) = priced(EKS, made("fast", default=UNKNOWN), claim()).holes
    assert hole.property == "spec.storageClassName" and "'fast'" in hole.reason
    assert priced(EKS, made("fast", default=UNKNOWN), claim("gp3")).holes == ()


def test_classes_and_add_ons_of_another_cluster_do_not_count():
    other = resource("aws:eks/cluster:Cluster", "other", {"upgradePolicy": {"supportType": "STANDARD"}})
    providers = [
        resource("pulumi:providers:kubernetes", f"of-{one.name}", {}, {"kubeconfig": [one]}) for one in (EKS, other)
    ]
    here, there = (one.urn for one in providers)
    both = (EKS, other, *providers)
    assert priced(*both, made(provider=here), claim(provider=here)).holes == ()
    assert len(priced(*both, made(provider=there), claim(provider=here)).holes) == 1
    assert priced(*both, addon(ENABLED), claim(provider=here)).holes == ()
    assert len(priced(*both, addon(ENABLED, other), claim(provider=here)).holes) == 1


def test_a_class_of_disks_that_have_no_price_here_says_whose_they_are():
    (hole,) = priced(EKS, made("shared", "efs.csi.aws.com"), claim()).holes
    assert "'shared'" in hole.reason and "efs.csi.aws.com" in hole.reason
    (hole,) = priced(EKS, made("strange", "disk.csi.azure.com"), claim("strange")).holes
    assert "another cloud" in hole.reason
    (hole,) = priced(claim()).holes
    assert "Its cluster is not of this program" in hole.reason


def test_a_default_class_of_the_nodes_own_disks_costs_nothing_more():
    assert costs(priced(EKS, made("local", "rancher.io/local-path"), claim()))[0] == pytest.approx(fee(EKS))


def test_templates_of_claims_that_want_a_volume_that_exists_cost_nothing():
    template = {"spec": {"storageClassName": "", "resources": {"requests": {"storage": "100Gi"}}}}
    spec = {"replicas": 3, "volumeClaimTemplates": [template]}
    stateful = resource("kubernetes:apps/v1:StatefulSet", "store", {"metadata": {"name": "store"}, "spec": spec})
    bill = priced(GKE, stateful)
    assert (costs(bill)[0], bill.holes) == (pytest.approx(fee(GKE)), ())
