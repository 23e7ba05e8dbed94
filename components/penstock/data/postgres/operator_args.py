"""The inputs of `PostgresOperator`."""

from typing import NotRequired, TypedDict

import pulumi

from penstock.refs import PoolRef


class PostgresOperatorArgs(TypedDict):
    """The operator of PostgreSQL clusters, and its plugin for backups."""

    pools: list[PoolRef]
    """The pools of the cluster: the `ref` of each. They decide where it runs."""
    placed_on: NotRequired[list[str]]
    """The names of those pools on whose nodes it runs. Default: all that always have a node, are neither spot nor GPU,
    and have no taints."""
    backups: NotRequired[bool]
    """Whether the plugin for backups is installed. Default: true."""
    cert_manager: NotRequired[bool]
    """Whether cert-manager, which is there then, makes the plugin's certificates. Default: false: they are made here,
    last a year, and are renewed at an `up` in their last 30 days."""
    namespace: NotRequired[str]
    """The namespace of both, which is made. Default: `cnpg-system`."""
    chart_repository: NotRequired[str]
    """Where charts are pulled from, by whoever deploys: one mirror of both, `https://…` or `oci://…`. Default: the
    project's."""
    registry: NotRequired[pulumi.Input[str]]
    """The registry that mirrors `ghcr.io` under the same paths. Default: `ghcr.io`."""
