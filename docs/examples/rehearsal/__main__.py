"""A platform to rehearse load on: what each service shows stands beside it.

make cluster
python -m sandbox up --cluster --project docs/examples/rehearsal --home .sandbox
python -m sandbox.load run rehearsal
"""

from typing import Any, cast

import pulumi
import pulumi_kubernetes as k8s

import penstock

ZONE = "us-central1-a"
# A spike that is there within half a minute has to be seen within seconds.
SCRAPE = 5
settings = pulumi.Config("rehearsal")
cluster = penstock.Cluster(
    "rehearsal",
    {"cloud": penstock.Cloud.GCP, "location": "us-central1", "zones": [ZONE], "deletion_protection": False},
)


def pool(name: str, least: int, most: int, machine: str = "n2-standard-8") -> Any:
    """A pool that only those use who name it."""
    return penstock.node_pool(
        name,
        {
            "cluster": cluster.ref,
            "cloud": penstock.Cloud.GCP,
            "purchase": penstock.Purchase.ON_DEMAND,
            "machine_types": [machine],
            "min_nodes": least,
            "max_nodes": most,
            "taints": [{"key": "for", "value": name}],
        },
    )


system = penstock.node_pool(
    "system",
    {
        "cluster": cluster.ref,
        "cloud": penstock.Cloud.GCP,
        "purchase": penstock.Purchase.ON_DEMAND,
        "machine_types": ["e2-standard-4"],
        "min_nodes": 2,
        "max_nodes": 3,
    },
)
pools = {
    "system": system,
    "warm": pool("warm", 0, 40),
    "cold": pool("cold", 0, 40),
    "waves": pool("waves", 0, 40),
    "gpu": pool("gpu", 1, 6, "g2-standard-8"),
    "nightly": pool("nightly", 0, 2, "n2-standard-4"),
}
inside = k8s.Provider("cluster", kubeconfig=cluster.kubeconfig, cluster_identifier="rehearsal")
metrics = penstock.MetricsStack(
    "metrics",
    {
        "cluster": cluster.ref,
        "cloud": penstock.Cloud.GCP,
        "pools": [each.ref for each in pools.values()],
        "event_autoscaling": True,
        "prometheus": {"scrape_seconds": SCRAPE},
    },
    pulumi.ResourceOptions(provider=inside, depends_on=[*pools.values()]),
)
space = penstock.ServiceNamespace("services", {}, pulumi.ResourceOptions(provider=inside, depends_on=[metrics]))
on = pulumi.ResourceOptions(provider=inside, depends_on=[space])
SHAPE = {"cpu": "900m", "memory": "256Mi"}


def workload(name: str, where: str, start: int = 2, **said: Any) -> penstock.Workload:
    """A service whose pods fit on a node by eights."""
    asked = {"namespace": "services", "image": "example.com/server:1.0.0", "pools": [pools[where].ref]}
    asked |= {"requests": SHAPE, "cold_start_seconds": start, "pre_stop_seconds": 1, "drain_seconds": 4, **said}
    return penstock.Workload(name, cast(penstock.WorkloadArgs, asked), on)


def after(*things: pulumi.Resource) -> pulumi.ResourceOptions:
    """Options of what comes after these."""
    return pulumi.ResourceOptions.merge(on, pulumi.ResourceOptions(depends_on=[*things]))


def by_demand(name: str, of: penstock.Workload, most: int, hold: int = 300, live: bool = True) -> None:
    """As many replicas as what waits and what is worked on need, at once; fewer only after `hold` seconds.

    KEDA asks the queue itself, or with `live=False` Prometheus, whose samples are up to 5 s old.
    """
    signals = {"queue_depth": 2, "in_service": 7}
    exporter = f"http://load-exporter.monitoring.svc:8080/queue/services/{name}"
    asked = [{"metrics_api": {"url": exporter, "value_location": it, "threshold": n}} for it, n in signals.items()]
    if not live:
        pods = f'namespace="services",pod=~"{name}-[a-z0-9]+-[a-z0-9]+"'
        queries = [f'sum(queue_depth{{namespace="services",service="{name}"}})', f"sum(active_executions{{{pods}}})"]
        limits = zip(queries, signals.values(), strict=True)
        asked = [{"prometheus": {"query": query, "threshold": n}} for query, n in limits]
    rules = {
        "scale_up": {"stabilization_seconds": 0, "policies": [{"pods": most, "period_seconds": 15}]},
        "scale_down": {"stabilization_seconds": hold, "policies": [{"percent": 50, "period_seconds": 15}]},
    }
    bounds = {"target": of.target, "min_replicas": 2, "max_replicas": most}
    args = cast(penstock.EventAutoscalerArgs, {**bounds, "triggers": asked, "behavior": rules})
    penstock.EventAutoscaler(name, args, after(of))


# A spike finds nodes that are kept warm for it.
spike = workload("spike", "warm")
by_demand("spike", spike, 150)
penstock.WarmHeadroom(
    "spike-headroom",
    {
        "namespace": "services",
        "kind": penstock.HeadroomKind.CAPACITY_BUFFER,
        "replicas": 110,
        "pod": cast(Any, SHAPE),
        "pools": [pools["warm"].ref],
    },
    after(spike),
)

# The same spike without: it waits for nodes.
by_demand("cold", workload("cold", "cold"), 150)

# Load that comes and goes every half minute: who holds on does not turn around, who does not hold does.
by_demand("waves", workload("waves", "waves"), 150, live=False)
by_demand("nervous", workload("nervous", "waves"), 60, hold=0, live=False)


def from_zero(name: str, cooldown: int, said: int) -> None:
    """No replicas while nothing waits or is worked on. A pod takes 45 s to start, whatever is said of it."""
    of = workload(name, "system", 45)
    url = f"http://load-exporter.monitoring.svc:8080/queue/services/{name}"
    asked = [
        {"metrics_api": {"url": url, "value_location": it, "threshold": 50}} for it in ("queue_depth", "in_service")
    ]
    args = {
        "target": {**of.target, "cold_start_seconds": said},
        "min_replicas": 0,
        "max_replicas": 2,
        "triggers": asked,
        "polling_seconds": 5,
        "cooldown_seconds": cooldown,
    }
    penstock.EventAutoscaler(name, cast(penstock.EventAutoscalerArgs, args), after(of))


# Who is woken has to stay until it has started. Of one whose start is known, a shorter cool-down is refused; of this
# one something else is said, and it is put to sleep before it has answered anybody.
from_zero("woken", 85, said=45)
from_zero("restless", 5, said=4)

# No more GPU workers while somebody else takes their memory.
worker = workload("worker-llm", "gpu", 5, requests={**SHAPE, "gpus": 1}, gpu_memory_utilization=0.8)
penstock.ServiceAutoscaler(
    "worker-llm",
    {
        "table": penstock.ServiceTable.WORKER_LLM,
        "target": worker.target,
        "min_replicas": 1,
        "max_replicas": 4,
        "rule_time_scale": 0.1,
        "scrape_seconds": SCRAPE,
    },
    after(worker),
)

# Rules that have to hold for minutes, played ten times as fast.
app = workload("app", "waves")
penstock.ServiceAutoscaler(
    "app",
    {
        "table": penstock.ServiceTable.APP,
        "target": app.target,
        "min_replicas": 2,
        "max_replicas": 8,
        "rule_time_scale": 0.1,
        "scrape_seconds": SCRAPE,
        "cpu_request": SHAPE["cpu"],
    },
    after(app),
)

# Workers of the night: their window opens and closes, and leaves neither pods nor nodes.
nightly = workload("nightly", "nightly")
penstock.CronScaleToZero(
    "nightly",
    {
        "target": nightly.target,
        "timezone": "UTC",
        "start": settings.require("opens"),
        "end": settings.require("closes"),
        "desired_replicas": 1,
        "max_replicas": 2,
        "cooldown_seconds": 10,
        "polling_seconds": 5,
    },
    after(nightly),
)
