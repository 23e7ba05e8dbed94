"""What an AKS cluster sends to Azure Monitor: logs of its control plane, and of its containers."""

from typing import Any

import pulumi
import pulumi_azure_native as azure

from penstock.clusters.aks import plan
from penstock.clusters.aks.spec import AksClusterSpec
from penstock.clusters.args import Observability

# Container insights knows its rule by this name, and its agents by this stream of everything that they collect.
_EXTENSION = "ContainerInsightsExtension"
_STREAMS = ["Microsoft-ContainerInsights-Group-Default"]
_WORKSPACE = "workspace"


def workspace(
    name: str, spec: AksClusterSpec, group: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> azure.operationalinsights.Workspace:
    """Where the logs go."""
    return azure.operationalinsights.Workspace(
        f"{name}-logs",
        resource_group_name=group,
        location=spec.location,
        sku={"name": "PerGB2018"},
        retention_in_days=plan.LOG_RETENTION_DAYS,
        tags=spec.labels,
        opts=opts,
    )


def addons(spec: AksClusterSpec, workspace_id: pulumi.Output[str]) -> dict[str, Any]:
    """Add-ons of the cluster that send logs."""
    if spec.watched is not Observability.FULL:
        return {}
    config = {"logAnalyticsWorkspaceResourceID": workspace_id, "useAADAuth": "true"}
    return {"omsagent": {"enabled": True, "config": config}}


def send(
    name: str,
    spec: AksClusterSpec,
    group: pulumi.Output[str],
    cluster_id: pulumi.Output[str],
    workspace_id: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """Sends the logs of the cluster to the workspace."""
    azure.monitor.DiagnosticSetting(
        f"{name}-control-plane",
        resource_uri=cluster_id,
        workspace_id=workspace_id,
        log_analytics_destination_type="Dedicated",
        logs=[{"category": category, "enabled": True} for category in plan.LOGS[spec.watched]],
        opts=opts,
    )
    if spec.watched is Observability.FULL:
        _container_insights(name, spec, group, cluster_id, workspace_id, opts)


def _container_insights(
    name: str,
    spec: AksClusterSpec,
    group: pulumi.Output[str],
    cluster_id: pulumi.Output[str],
    workspace_id: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """The rule by which the add-on collects: without one it collects nothing."""
    settings = {"interval": "1m", "namespaceFilteringMode": "Off", "enableContainerLogV2": True}
    rule = azure.monitor.DataCollectionRule(
        f"{name}-containers",
        resource_group_name=group,
        location=spec.location,
        kind="Linux",
        data_sources={
            "extensions": [
                {
                    "name": _EXTENSION,
                    "extension_name": "ContainerInsights",
                    "extension_settings": {"dataCollectionSettings": settings},
                    "streams": _STREAMS,
                }
            ]
        },
        destinations={"log_analytics": [{"name": _WORKSPACE, "workspace_resource_id": workspace_id}]},
        data_flows=[{"streams": _STREAMS, "destinations": [_WORKSPACE]}],
        tags=spec.labels,
        opts=opts,
    )
    azure.monitor.DataCollectionRuleAssociation(
        f"{name}-containers",
        association_name=_EXTENSION,
        resource_uri=cluster_id,
        data_collection_rule_id=rule.id,
        opts=opts,
    )
