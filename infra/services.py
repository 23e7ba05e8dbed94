"""The services of the platform in the settings: what runs, on which pools, how it is scaled, and what measures it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field, ValidationError

from penstock.autoscaling.pods.event_spec import LONGEST_NAME
from penstock.autoscaling.pods.service_args import ReplicaScaler
from penstock.autoscaling.pods.service_plan import horizontal_spec
from penstock.autoscaling.pods.service_spec import ServiceSpec
from penstock.autoscaling.pods.target import service_name_problems
from penstock.observability.args import MetricsMode
from penstock.problems import InvalidSpec, Problem
from penstock.refs import Cloud, PoolRef
from penstock.spec import check
from penstock.workloads.spec import WorkloadSpec
from placed import Placed

NAMESPACE = "services"
"""Where they run."""


class ServiceSettings(Placed):
    """A service: `pools` by their names, `scaling` as `ServiceAutoscaler` takes it, and all else as `Workload` does."""

    scaling: dict[str, Any] = Field(description="its table, for example {table: standard, service: planner}")

    def workload(self, pools: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs of its `Workload`, given the refs of all pools by their names."""
        return self.inputs(NAMESPACE, pools)

    def scaler(self, name: str, **known: Any) -> ServiceSpec:
        """What scales it, with what is known of its pods besides. Raises InvalidSpec."""
        return check(ServiceSpec, {**self.scaling, "target": {"name": name, "namespace": NAMESPACE, **known}})

    def problems(self, name: str, pools: Mapping[str, PoolRef]) -> Iterator[Problem]:
        """What is wrong with it on these pools."""
        wrong = list(service_name_problems(name, LONGEST_NAME))
        yield from wrong
        wrong += (misplaced := list(self.misplaced(NAMESPACE, pools)))
        yield from misplaced
        if "target" in self.scaling:
            yield Problem("scaling.target", "What is scaled is this service. Drop this.")
        if wrong:
            return
        known: dict[str, Any] = {}
        try:
            spec = check(WorkloadSpec, self.workload(pools))
        except InvalidSpec as error:
            yield from error.problems
        else:
            known |= {"gpus": spec.requests.gpus, "gpu_memory_utilization": spec.gpu_memory_utilization}
            known |= {"cold_start_seconds": spec.cold_start_seconds, "pools": spec.pools}
        try:
            made = self.scaler(name, **known)
            if made.chosen_scaler is ReplicaScaler.HORIZONTAL:
                horizontal_spec(made)
        except InvalidSpec as error:
            yield from (_scaling(problem) for problem in error.problems)
        except ValidationError as error:
            yield from (Problem("scaling", details["msg"]) for details in error.errors(include_url=False))


def metrics_inputs(
    asked: Mapping[str, Any], cloud: Cloud, pools: list[PoolRef], services: Mapping[str, ServiceSettings]
) -> dict[str, Any]:
    """The inputs of the `MetricsStack`, less its cluster: what is asked for, and what the services need of it."""
    specs = [each.scaler(name) for name, each in services.items()]
    plain = [horizontal_spec(spec) for spec in specs if spec.chosen_scaler is ReplicaScaler.HORIZONTAL]
    names = {metric.name for spec in plain for metric in spec.pods_metrics}
    names |= {metric.name for spec in plain for metric in spec.object_metrics}
    names |= set(asked.get("hpa_metrics") or ())
    needed: dict[str, Any] = {"hpa_metrics": sorted(names)} if names else {}
    if len(plain) < len(specs):
        needed["event_autoscaling"] = True
    if cloud is not Cloud.GCP and any(spec.vertical for spec in specs):
        needed["vertical_autoscaling"] = True
    return {**asked, **needed, "cloud": cloud, "pools": pools}


def metrics_problems(asked: Mapping[str, Any], services: Mapping[str, ServiceSettings]) -> Iterator[Problem]:
    """Settings of the metrics with which services could not be scaled."""
    for setting in ("cloud", "pools"):
        if setting in asked:
            yield Problem(setting, "That is the platform's own. Drop this.")
    for name, each in services.items():
        by_event = each.scaler(name).chosen_scaler is ReplicaScaler.EVENT
        if by_event and asked.get("event_autoscaling") is False:
            yield Problem("event_autoscaling", f"The service '{name}' is scaled by KEDA. Drop this.")
        if asked.get("mode") == MetricsMode.LIGHTWEIGHT and (by_event or each.rest.get("metrics_path")):
            yield Problem("mode", f"The service '{name}' needs Prometheus. Write full, or drop this.")


def _scaling(problem: Problem) -> Problem:
    """A problem where the settings have it: what is said of the target stands beside `scaling`."""
    below = problem.path.removeprefix("target.")
    return Problem(below if below != problem.path else f"scaling.{problem.path}".rstrip("."), problem.reason)
