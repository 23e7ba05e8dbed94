"""EKS clusters and node groups as data sources show them."""

from __future__ import annotations

import base64

from sandbox.cloud.aws.addons import default_version, is_known
from sandbox.cloud.aws.behaviour import CLUSTER, NODE_GROUP
from sandbox.cloud.aws.invokes.asking import Question
from sandbox.cloud.aws.nodes import GroupSize
from sandbox.cloud.aws.places import read
from sandbox.cloud.errors import NotFoundError
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import Properties


def get_cluster(question: Question) -> Properties:
    """A cluster by its name."""
    return question.shown(_cluster(question, question.arguments["name"]))


def get_cluster_auth(question: Question) -> Properties:
    """A token that opens nothing. The real one asks no API either: any name gets one."""
    name = question.arguments["name"]
    token = f"k8s-aws-v1.{base64.urlsafe_b64encode(f'sandbox/{question.region}/{name}'.encode()).decode().rstrip('=')}"
    return question.answer({"id": name, "name": name, "region": question.region, "token": token})


def get_node_group(question: Question) -> Properties:
    """A node group, with the size that the autoscaler gave it."""
    cluster, name = question.arguments["clusterName"], question.arguments["nodeGroupName"]
    found = question.lookup.store.get(NODE_GROUP, f"{cluster}:{name}")
    if found is None:
        raise NotFoundError(
            f"reading EKS Node Group ({cluster}:{name}): couldn't find resource: No node group found for name: {name}."
        )
    GroupSize.of(found).keep(found)
    return question.shown(found)


def get_node_groups(question: Question) -> Properties:
    """The names of a cluster's node groups."""
    cluster = _cluster(question, question.arguments["clusterName"])
    names = sorted(found.outputs["nodeGroupName"] for found in question.lookup.of(NODE_GROUP, clusterName=cluster.id))
    return question.answer({"id": cluster.id, "clusterName": cluster.id, "names": names, "region": question.region})


def get_addon_version(question: Question) -> Properties:
    """The version of an add-on for a Kubernetes version; the newest is the default one."""
    name, kubernetes = question.arguments["addonName"], question.arguments["kubernetesVersion"]
    if not is_known(name) or kubernetes not in read("eks")["versions"]:
        raise NotFoundError(f"reading EKS Add-On version info ({name}, {kubernetes}): couldn't find resource")
    shown = {**question.arguments, "id": name, "region": question.region}
    return question.answer({**shown, "version": default_version(name, kubernetes)})


def _cluster(question: Question, name: str) -> CloudResource:
    found = question.lookup.store.get(CLUSTER, name)
    if found is None:
        raise NotFoundError(f"reading EKS Cluster ({name}): couldn't find resource: No cluster found for name: {name}.")
    return found
