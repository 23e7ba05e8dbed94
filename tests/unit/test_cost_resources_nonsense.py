"""Every property of every priced type, replaced by what it must not be: the result is a price or a hole, never a crash."""

import math
from collections.abc import Iterator
from typing import Any

import pytest

from penstock_cost.resources import UNKNOWN, UNKNOWN_TEXT
from penstock_cost.resources.registry import pricers
from tests.support.cost_resources import priced, resource

TEMPLATE = {
    "instanceType": "m5.large",
    "instanceMarketOptions": {"marketType": "spot"},
    "capacityReservationSpecification": {"capacityReservationPreference": "open"},
    "blockDeviceMappings": [
        {"deviceName": "/dev/xvda", "ebs": {"volumeSize": 10, "volumeType": "gp3", "iops": 3500, "throughput": 130}}
    ],
}
POD = {
    "nodeSelector": {"pool": "a"},
    "tolerations": [{"key": "a", "operator": "Equal", "value": "b", "effect": "NoSchedule"}],
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchExpressions": [{"key": "pool", "operator": "In", "values": ["a"]}]}]
            },
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {"weight": 5, "preference": {"matchExpressions": [{"key": "pool", "operator": "Exists"}]}}
            ],
        }
    },
    "containers": [{"resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"nvidia.com/gpu": 1}}}],
    "initContainers": [{"restartPolicy": "Always", "resources": {"requests": {"cpu": "1"}}}],
}
RECOVERED = '{"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "spec": {"storage": {"size": "1Gi"}}}'
CLAIM = {"storageClassName": "gp3", "resources": {"requests": {"storage": "1Gi"}}}
NODE_CONFIG = {
    "machineType": "n1-standard-4",
    "spot": True,
    "diskSizeGb": 50,
    "diskType": "pd-ssd",
    "guestAccelerators": [{"type": "nvidia-tesla-t4", "count": 1}],
    "reservationAffinity": {"consumeReservationType": "SPECIFIC_RESERVATION", "values": ["x"]},
    "localNvmeSsdBlockConfig": {"localSsdCount": 1},
    "labels": {"pool": "a"},
    "taints": [{"key": "a", "value": "b", "effect": "NO_SCHEDULE"}],
}
STORAGE = {
    "osDisk": {
        "diskSizeGB": 100,
        "managedDisk": {"storageAccountType": "Premium_LRS"},
        "diffDiskSettings": {"option": ""},
    },
    "dataDisks": [{"diskSizeGB": 100, "managedDisk": {"storageAccountType": "Premium_LRS"}}],
}
PROFILE = {
    "name": "system",
    "vmSize": "Standard_D2s_v5",
    "enableAutoScaling": True,
    "minCount": 1,
    "maxCount": 2,
    "count": 1,
    "osDiskType": "Managed",
    "osDiskSizeGB": 100,
    "nodeLabels": {"pool": "a"},
    "nodeTaints": ["a=b:NoSchedule"],
    "scaleSetPriority": "Regular",
    "enableNodePublicIP": True,
}
VALID: dict[str, dict[str, Any]] = {
    "aws:eks/nodeGroup:NodeGroup": {
        "scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 2},
        "instanceTypes": ["m5.large"],
        "capacityType": "SPOT",
        "diskSize": 30,
        "labels": {"pool": "a"},
        "taints": [{"key": "a", "value": "b", "effect": "NO_SCHEDULE"}],
        "region": "us-east-1",
    },
    "aws:autoscaling/group:Group": {
        "minSize": 1,
        "maxSize": 4,
        "desiredCapacity": 2,
        "launchTemplate": {"id": "x"},
        "mixedInstancesPolicy": {
            "instancesDistribution": {"onDemandBaseCapacity": 1, "onDemandPercentageAboveBaseCapacity": 50},
            "launchTemplate": {"overrides": [{"instanceType": "m5.large", "weightedCapacity": "1"}]},
        },
    },
    "aws:ec2/launchTemplate:LaunchTemplate": TEMPLATE,
    "aws:ec2/instance:Instance": {
        "instanceType": "m5.large",
        "tenancy": "default",
        "rootBlockDevice": {"volumeSize": 5, "volumeType": "gp3"},
        "ebsBlockDevices": [{"volumeSize": 5, "volumeType": "gp2"}],
        "associatePublicIpAddress": True,
    },
    "aws:eks/cluster:Cluster": {"version": "1.30", "upgradePolicy": {"supportType": "EXTENDED"}, "computeConfig": {"enabled": False}},
    "aws:ebs/volume:Volume": {"size": 10, "type": "io2", "iops": 100, "availabilityZone": "us-east-1a"},
    "aws:ec2/capacityReservation:CapacityReservation": {"instanceType": "m5.large", "instanceCount": 2, "instanceMatchCriteria": "open"},
    "aws:lb/loadBalancer:LoadBalancer": {"loadBalancerType": "network", "internal": False, "subnets": ["a"], "subnetMappings": [{"subnetId": "a"}]},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"vpcEndpointType": "Interface", "subnetIds": ["a", "b"]},
    "aws:rds/instance:Instance": {"instanceClass": "db.m5.large", "multiAz": True},
    "aws:elasticache/replicationGroup:ReplicationGroup": {"nodeType": "cache.m5", "numNodeGroups": 2, "replicasPerNodeGroup": 1},
    "gcp:container/cluster:Cluster": {
        "location": "us-central1",
        "nodeLocations": ["a"],
        "initialNodeCount": 1,
        "removeDefaultNodePool": False,
        "enableAutopilot": False,
        "clusterAutoscaling": {"enabled": False},
        "nodeConfig": NODE_CONFIG,
        "nodePools": [{"name": "x", "nodeCount": 1, "nodeConfig": {"machineType": "n2-standard-2"}}],
    },
    "gcp:container/nodePool:NodePool": {
        "location": "us-central1",
        "nodeLocations": ["a", "b"],
        "initialNodeCount": 1,
        "autoscaling": {"minNodeCount": 1, "maxNodeCount": 3},
        "nodeConfig": NODE_CONFIG,
    },
    "gcp:compute/instance:Instance": {
        "machineType": "n2-standard-2",
        "bootDisk": {"initializeParams": {"size": 10, "type": "pd-ssd"}},
        "scratchDisks": [{"interface": "NVME"}],
        "scheduling": {"preemptible": False, "provisioningModel": "SPOT"},
        "networkInterfaces": [{"accessConfigs": [{"natIp": None}]}],
    },
    "gcp:compute/reservation:Reservation": {
        "zone": "us-central1-a",
        "specificReservationRequired": True,
        "specificReservation": {"count": 2, "instanceProperties": {"machineType": "n2-standard-2", "guestAccelerators": []}},
    },
    "gcp:compute/regionCommitment:RegionCommitment": {
        "plan": "TWELVE_MONTH",
        "type": "GENERAL_PURPOSE_N2",
        "resources": [{"type": "VCPU", "amount": "4"}, {"type": "MEMORY", "amount": "1024"}],
    },
    "gcp:compute/disk:Disk": {"size": 10, "type": "pd-ssd"},
    "gcp:compute/routerNat:RouterNat": {"natIpAllocateOption": "AUTO_ONLY", "type": "PUBLIC"},
    "gcp:sql/databaseInstance:DatabaseInstance": {"settings": {"tier": "x", "availabilityType": "REGIONAL"}},
    "azure-native:containerservice:ManagedCluster": {
        "sku": {"tier": "Free"},
        "nodeProvisioningProfile": {"mode": "Manual"},
        "agentPoolProfiles": [PROFILE],
        "location": "eastus",
    },
    "azure-native:containerservice:AgentPool": PROFILE,
    "azure-native:compute:VirtualMachine": {"hardwareProfile": {"vmSize": "Standard_D2s_v5"}, "priority": "Spot", "storageProfile": STORAGE},
    "azure-native:compute:VirtualMachineScaleSet": {
        "sku": {"name": "Standard_D2s_v5", "capacity": 2},
        "virtualMachineProfile": {"priority": "Regular", "storageProfile": STORAGE},
    },
    "azure-native:compute:Disk": {"sku": {"name": "Premium_LRS"}, "diskSizeGB": 10},
    "azure-native:compute:CapacityReservation": {"sku": {"name": "Standard_D2s_v5", "capacity": 2}},
    "azure-native:network:LoadBalancer": {"sku": {"name": "Standard"}, "loadBalancingRules": [{}], "outboundRules": [{}]},
    "azure-native:network:PublicIPAddress": {"publicIPAddressVersion": "IPv4"},
    "kubernetes:core:Service": {"metadata": {"annotations": {"a": "b"}}, "spec": {"type": "LoadBalancer", "loadBalancerClass": "x"}},
    "kubernetes:networking.k8s.io:Ingress": {"metadata": {"annotations": {"a": "b"}}, "spec": {"ingressClassName": "alb"}},
    "kubernetes:core:PersistentVolumeClaim": {"spec": CLAIM},
    "kubernetes:apps:StatefulSet": {
        "metadata": {"name": "app", "namespace": "a"},
        "spec": {"replicas": 2, "template": {"spec": POD}, "volumeClaimTemplates": [{"spec": CLAIM}]},
    },
    "kubernetes:apps:Deployment": {"metadata": {"name": "app"}, "spec": {"replicas": 2, "template": {"spec": POD}}},
    "kubernetes:apps:DaemonSet": {"spec": {"template": {"spec": POD}}},
    "kubernetes:batch:CronJob": {
        "metadata": {"name": "drill"},
        "spec": {
            "schedule": "0 4 * * 0",
            "suspend": False,
            "jobTemplate": {
                "spec": {
                    "parallelism": 2,
                    "activeDeadlineSeconds": 600,
                    "template": {"spec": {**POD, "volumes": [{"name": "sql", "configMap": {"name": "drill"}}]}},
                }
            },
        },
    },
    "kubernetes:core:ConfigMap": {"metadata": {"name": "drill"}, "data": {"cluster.json": RECOVERED}},
    "aws:eks/addon:Addon": {"addonName": "aws-ebs-csi-driver", "clusterName": "x", "configurationValues": "{}"},
    "kubernetes:keda.sh:ScaledJob": {"spec": {"maxReplicaCount": 3, "jobTargetRef": {"parallelism": 2, "template": {"spec": POD}}}},
    "kubernetes:keda.sh:ScaledObject": {
        "metadata": {"namespace": "a"},
        "spec": {
            "scaleTargetRef": {"name": "app", "kind": "Deployment"},
            "minReplicaCount": 1,
            "maxReplicaCount": 4,
            "idleReplicaCount": 0,
            "triggers": [{"type": "cron", "metadata": {"start": "0 8 * * *", "end": "0 9 * * *", "desiredReplicas": "3"}}],
        },
    },
    "kubernetes:autoscaling:HorizontalPodAutoscaler": {
        "spec": {"minReplicas": 1, "maxReplicas": 3, "scaleTargetRef": {"kind": "StatefulSet", "name": "app"}}
    },
    "kubernetes:storage.k8s.io:StorageClass": {
        "metadata": {"name": "gp3", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "ebs.csi.aws.com",
        "parameters": {"type": "gp3", "iops": "4000"},
    },
    "kubernetes:postgresql.cnpg.io:Cluster": {"spec": {"instances": 3, "storage": {"size": "1Gi", "storageClass": "gp3"}}},
}  # fmt: skip
NONSENSE = [
    None, UNKNOWN, UNKNOWN_TEXT, -1, 1e12, 1e300, float("nan"), float("inf"), 2.5, "", "many", "-3", "²", True, False,
    [], {}, [UNKNOWN], [None], [[]], {"a": UNKNOWN}, {"": None}, [{}], 10**30,
]  # fmt: skip


def changed(value: Any, nonsense: Any) -> Iterator[Any]:
    """The value with each of its parts replaced, one at a time."""
    yield nonsense
    if isinstance(value, dict):
        for key, inner in value.items():
            for one in changed(inner, nonsense):
                yield {**value, key: one}
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            for one in changed(inner, nonsense):
                yield [*value[:index], one, *value[index + 1 :]]


def beside(token: str) -> list[Any]:
    """What the resource is joined with: a cluster, a pool, a workload."""
    eks = resource("aws:eks/cluster:Cluster", "cluster")
    pool = resource("aws:eks/nodeGroup:NodeGroup", "pool", VALID["aws:eks/nodeGroup:NodeGroup"], {"clusterName": [eks]})
    app = resource("kubernetes:apps:Deployment", "app", VALID["kubernetes:apps:Deployment"])
    tolerated = pool._replace(properties={**pool.properties, "taints": []})
    drill = [one for one in ("kubernetes:core:ConfigMap", "kubernetes:batch:CronJob") if one != token]
    drills = [resource(one, "drill", VALID[one]) for one in drill]
    claim = resource(
        "kubernetes:core:PersistentVolumeClaim", "unclassed", {"spec": {**CLAIM, "storageClassName": None}}
    )
    if token == "aws:eks/addon:Addon":
        return [eks, claim]
    return [eks, tolerated, app, claim, *drills] if token.startswith("kubernetes") else [pool]


@pytest.mark.parametrize("token", VALID)
def test_nonsense_in_any_property_is_a_price_or_a_hole(token):
    template = resource("aws:ec2/launchTemplate:LaunchTemplate", "template", TEMPLATE)
    joined = {"launchTemplate": [template], "mixedInstancesPolicy": [template]}
    others = beside(token)
    for nonsense in NONSENSE:
        for properties in changed(VALID[token], nonsense):
            if not isinstance(properties, dict):
                continue
            it = resource(token, properties=properties, joined=joined)
            if token == "aws:ec2/launchTemplate:LaunchTemplate":
                others = [
                    resource(
                        "aws:eks/nodeGroup:NodeGroup",
                        "pool",
                        VALID["aws:eks/nodeGroup:NodeGroup"],
                        {"launchTemplate": [it]},
                    )
                ]
            bill = priced(template, it, *others)
            assert all(math.isfinite(usd) and usd >= 0 for item in bill.items for usd in item.cost)
            assert all(hole.reason.rstrip()[-1] in ".)" for hole in bill.holes)


@pytest.mark.parametrize("token", [token for token in VALID if token in pricers()])
def test_the_valid_ones_are_priced_or_say_why_not(token):
    joined = [resource("aws:ec2/launchTemplate:LaunchTemplate", "template", TEMPLATE)]
    it = resource(token, properties=VALID[token], joined={"mixedInstancesPolicy": joined})
    bill = priced(*joined, it, *beside(token))
    assert [line for line in (*bill.items, *bill.holes) if line.type == token]
