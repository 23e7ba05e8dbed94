"""The resources of a Postgres cluster."""

import pulumi
import pulumi_random as random
from pulumi_kubernetes import apps, batch, core, networking, policy, rbac

from penstock.custom import custom
from penstock.data.postgres import backup_plan, monitors, pgpool_plan, plan, policies, tenants
from penstock.data.postgres.spec import PostgresSpec
from penstock.data.postgres.spec_parts import DrillSpec, PgpoolSpec
from penstock.data.refs import PostgresRef

# Volumes are bound, a first server is made, and each replica is copied from it.
_PATIENCE = pulumi.CustomTimeouts(create="30m", update="60m")
_PASSWORD_CHARACTERS = 40


def create(name: str, spec: PostgresSpec, ref: PostgresRef, parent: pulumi.Resource) -> None:
    """Makes all that belongs to it. Child names derive from `name`."""
    opts = pulumi.ResourceOptions(parent=parent)
    before: list[pulumi.Resource] = [_admin(name, spec, opts), _scripts(name, spec, opts)]
    before += [
        networking.v1.NetworkPolicy(key, metadata=manifest["metadata"], spec=manifest["spec"], opts=opts)
        for key, manifest in policies.policies(name, spec).items()
    ]
    if spec.backups:
        before.append(custom(f"{name}-backups", backup_plan.object_store(name, spec, spec.backups), parent))
    cluster = custom(name, plan.cluster(name, spec), parent, before, timeouts=_PATIENCE)
    after = pulumi.ResourceOptions(parent=parent, depends_on=[cluster])
    for pooler, (kind, asked) in plan.poolers(name, spec).items():
        custom(pooler, plan.pooler(name, pooler, kind, asked, spec), parent, [cluster])
        policy.v1.PodDisruptionBudget(pooler, opts=opts, **plan.pooler_budget(name, pooler, spec))
    if spec.pgpool:
        _pgpool(name, spec, spec.pgpool, after)
    if spec.backups:
        custom(f"{name}-schedule", backup_plan.scheduled_backup(name, spec, spec.backups), parent, [cluster])
        if spec.recovery_drill:
            _drill(name, spec, spec.recovery_drill, ref, after)
    if spec.monitoring:
        for key, monitor in monitors.pod_monitors(name, spec).items():
            custom(f"{key}-metrics", monitor, parent)
        custom(f"{name}-alerts", monitors.prometheus_rule(name, spec), parent)


def _admin(name: str, spec: PostgresSpec, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    password = random.RandomPassword(
        f"{name}-admin",
        length=_PASSWORD_CHARACTERS,
        special=False,
        keepers={"rotation": str(spec.rotation)},
        opts=opts,
    )
    called = plan.admin_secret(name)
    metadata = plan.metadata(called, name, spec)
    # With this label the operator gives a new password to the role as soon as the Secret has it.
    metadata["labels"] = {**metadata["labels"], "cnpg.io/reload": "true"}
    made: pulumi.Resource = core.v1.Secret(
        called,
        metadata=metadata,
        type="kubernetes.io/basic-auth",
        string_data={"username": plan.ADMIN, "password": password.result},
        opts=opts,
    )
    return made


def _scripts(name: str, spec: PostgresSpec, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    called = tenants.scripts_name(name)
    data = {file: tenants.script(file) for file in tenants.SCRIPTS}
    made: pulumi.Resource = core.v1.ConfigMap(called, metadata=plan.metadata(called, name, spec), data=data, opts=opts)
    return made


def _drill(name: str, spec: PostgresSpec, drill: DrillSpec, ref: PostgresRef, opts: pulumi.ResourceOptions) -> None:
    called, account = backup_plan.drill_name(name), backup_plan.drill_account(name)
    metadata = plan.metadata(account, name, spec)
    core.v1.ServiceAccount(account, metadata=metadata, automount_service_account_token=False, opts=opts)
    rbac.v1.Role(account, metadata=metadata, rules=backup_plan.drill_rules(name), opts=opts)
    rbac.v1.RoleBinding(
        account,
        metadata=metadata,
        role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": account},
        subjects=[{"kind": "ServiceAccount", "name": account, "namespace": spec.namespace}],
        opts=opts,
    )
    core.v1.ConfigMap(called, opts=opts, **backup_plan.drill_files(name, spec, drill))
    batch.v1.CronJob(called, opts=opts, **backup_plan.drill_job(name, spec, drill, ref))


def _pgpool(name: str, spec: PostgresSpec, pgpool: PgpoolSpec, opts: pulumi.ResourceOptions) -> None:
    called = pgpool_plan.pgpool_name(name)
    apps.v1.Deployment(called, opts=opts, **pgpool_plan.deployment(name, spec, pgpool))
    core.v1.Service(called, opts=opts, **pgpool_plan.service(name, spec))
    policy.v1.PodDisruptionBudget(called, opts=opts, **pgpool_plan.budget(name, spec))
