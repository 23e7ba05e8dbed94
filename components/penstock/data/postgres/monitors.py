"""What is watched of a Postgres cluster: PodMonitors and alerts, as pure functions from its specification.

Metrics: cloudnative-pg config/manager/default-monitoring.yaml@v1.30.0, docs/src/connection_pooling.md;
plugin-barman-cloud internal/cnpgi/instance/metrics.go@v0.13.0; kube-state-metrics and the kubelet for Jobs and volumes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from penstock.data.postgres import plan
from penstock.data.postgres.backup_plan import drill_name, drill_seconds
from penstock.data.postgres.spec import PostgresSpec

_API = "monitoring.coreos.com/v1"
SCRAPE_SECONDS = 15
_BACKUP = "barman_cloud_cloudnative_pg_io_last_available_backup_timestamp"


class Alert(NamedTuple):
    """What is raised when `expr` holds for `minutes`."""

    name: str
    expr: str
    minutes: int
    severity: str
    summary: str


def pod_monitors(name: str, spec: PostgresSpec) -> dict[str, dict[str, Any]]:
    """How Prometheus finds the metrics of servers and poolers: by port `metrics`, with the cluster as a label."""
    selectors = {f"{name}-servers": plan.server_labels(name), f"{name}-poolers": plan.pooler_labels(name)}
    return {
        key: {
            "apiVersion": _API,
            "kind": "PodMonitor",
            "metadata": plan.metadata(key, name, spec),
            "spec": {
                "selector": {"matchLabels": labels},
                "podTargetLabels": ["cnpg.io/cluster"],
                "podMetricsEndpoints": [{"port": "metrics", "interval": f"{SCRAPE_SECONDS}s"}],
            },
        }
        for key, labels in selectors.items()
    }


def prometheus_rule(name: str, spec: PostgresSpec) -> dict[str, Any]:
    """The alerts."""
    rules = [
        {
            "alert": alert.name,
            "expr": alert.expr,
            "for": f"{alert.minutes}m",
            "labels": {"severity": alert.severity, "store": name},
            "annotations": {"summary": alert.summary},
        }
        for alert in alerts(name, spec)
    ]
    metadata = plan.metadata(name, name, spec)
    metadata["labels"] = {**metadata["labels"], **spec.rule_labels}
    groups = [{"name": f"penstock-postgres-{name}", "rules": rules}]
    return {"apiVersion": _API, "kind": "PrometheusRule", "metadata": metadata, "spec": {"groups": groups}}


def alerts(name: str, spec: PostgresSpec) -> list[Alert]:
    """What is alerted of. Replicas, backups and drills only where there are some."""
    of = f'{{cnpg_io_cluster="{name}"}}'
    found = [
        Alert(
            "PostgresServerDown",
            f"sum by (namespace) (cnpg_collector_up{of}) < {spec.instances}",
            5,
            "warning",
            f"Of the {spec.instances} servers of {name} only {{{{ $value }}}} answer.",
        ),
        Alert(
            "PostgresClientsWait",
            f"max by (namespace, pod) (cnpg_pgbouncer_pools_maxwait{of}) > 5",
            5,
            "warning",
            f"Clients of the pooler {{{{ $labels.pod }}}} of {name} wait {{{{ $value }}}} s for a connection.",
        ),
        Alert(
            "PostgresVolumeFills",
            f'kubelet_volume_stats_available_bytes{{persistentvolumeclaim=~"{name}-[0-9]+(-wal)?"}}'
            f' / kubelet_volume_stats_capacity_bytes{{persistentvolumeclaim=~"{name}-[0-9]+(-wal)?"}} < 0.15',
            10,
            "critical",
            f"Less than 15 % of the volume {{{{ $labels.persistentvolumeclaim }}}} of {name} is free. Let it grow.",
        ),
    ]
    if spec.has_replicas:
        found += _of_replicas(name, spec, of)
    if spec.backups:
        found += _of_backups(name, spec.backups.alert_after_hours, of)
    if spec.recovery_drill:
        found.append(
            Alert(
                "PostgresDrillFailed",
                unsuccessful(drill_name(name), drill_seconds(spec.recovery_drill)),
                5,
                "critical",
                f"The newest backup of {name} could not be recovered as it should. The recovered cluster is kept.",
            )
        )
    return found


def unsuccessful(cronjob: str, seconds: int) -> str:
    """Whether the newest run of a CronJob has had its time, and has not succeeded."""
    of = f'{{cronjob="{cronjob}"}}'
    started, succeeded = f"kube_cronjob_status_last_schedule_time{of}", f"kube_cronjob_status_last_successful_time{of}"
    return f"(time() - {started} > {seconds}) unless ({succeeded} >= {started})"


def _of_replicas(name: str, spec: PostgresSpec, of: str) -> list[Alert]:
    return [
        Alert(
            "PostgresReplicaLags",
            f"max by (namespace, pod) (cnpg_pg_replication_lag{of}) > {spec.lag_alert_seconds}",
            5,
            "warning",
            f"The replica {{{{ $labels.pod }}}} of {name} is {{{{ $value }}}} s behind.",
        ),
        Alert(
            "PostgresReplicaCutOff",
            f"cnpg_pg_replication_in_recovery{of} > cnpg_pg_replication_is_wal_receiver_up{of}",
            5,
            "warning",
            f"The replica {{{{ $labels.pod }}}} of {name} gets no log from the primary.",
        ),
        Alert(
            "PostgresWritesStand",
            f"max by (namespace) (cnpg_pg_replication_streaming_replicas{of}) < 1",
            1,
            "critical",
            f"No replica of {name} follows its primary: commits wait for one, or are on one disk alone.",
        ),
    ]


def _of_backups(name: str, hours: int, of: str) -> list[Alert]:
    return [
        Alert(
            "PostgresBackupOld",
            f"time() - max by (namespace) ({_BACKUP}{of}) > {hours * 3600}",
            60,
            "critical",
            f"{name} has had no base backup for more than {hours} hours.",
        ),
        Alert(
            "PostgresArchiveFails",
            f"cnpg_pg_stat_archiver_last_failed_time{of} > cnpg_pg_stat_archiver_last_archived_time{of}",
            5,
            "critical",
            f"The log of {name} is not archived: a disaster now would lose more than five minutes.",
        ),
        Alert(
            "PostgresArchiveBehind",
            f'cnpg_collector_pg_wal_archive_status{{cnpg_io_cluster="{name}", value="ready"}} > 16',
            5,
            "warning",
            f"{{{{ $value }}}} parts of the log of {name} wait to be archived.",
        ),
    ]
