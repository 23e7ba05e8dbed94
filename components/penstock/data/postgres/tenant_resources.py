"""The resources of a tenant in a Postgres cluster."""

from collections.abc import Sequence

import pulumi
from pulumi_kubernetes import batch

from penstock.data.postgres import tenants
from penstock.data.refs import PostgresRef


def tenant_schema(
    name: str,
    ref: PostgresRef,
    *,
    tenant: str,
    verifiers: Sequence[pulumi.Input[str]],
    rotation: int,
    own_database: bool = False,
    connections: int = 10,
    statement_timeout_seconds: int = 60,
    parent: pulumi.Resource,
    depends_on: Sequence[pulumi.Resource] = (),
) -> pulumi.Resource:
    """Makes the schema and the roles of a tenant, or a database of its own with them, by a Job.

    `verifiers` are those of the present password and, if that is still to be valid, of the one before. What is made
    stays when the Job is deleted: `tenants.removal_job` erases it.
    """
    job = tenants.creation_job(
        ref,
        tenant,
        verifiers,
        rotation=rotation,
        own_database=own_database,
        connections=connections,
        statement_timeout_seconds=statement_timeout_seconds,
    )
    opts = pulumi.ResourceOptions(parent=parent, depends_on=list(depends_on))
    made: pulumi.Resource = batch.v1.Job(name, metadata=job["metadata"], spec=job["spec"], opts=opts)
    return made
