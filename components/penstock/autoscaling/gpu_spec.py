"""What may be asked of `GpuDevicePlugin`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from penstock.autoscaling.pools import Pool, pool_problems
from penstock.problems import Problem
from penstock.refs import Cloud
from penstock.spec import Spec, rule


class GpuDevicePluginSpec(Spec):
    """The NVIDIA device plugin; see `GpuDevicePluginArgs` for what each field means."""

    cloud: Cloud = Field(description="aws, azure or existing")
    pools: list[Pool] = Field(min_length=1, description="the refs of the cluster's GPU pools")
    runtime_class: str | None = None
    registry: Any = None
    """A text, or a Pulumi output of one."""

    @property
    def hosts(self) -> list[Pool]:
        """The pools on whose nodes it runs."""
        return [pool for pool in self.pools if pool.lacks_device_plugin]

    @rule
    def the_cloud_has_none_of_its_own(self) -> Iterator[Problem]:
        if self.cloud is Cloud.GCP:
            yield Problem("cloud", "GKE runs its own device plugin on GPU nodes. Drop GpuDevicePlugin.")

    @rule
    def pools_are_of_the_cluster(self) -> Iterator[Problem]:
        yield from pool_problems(self.cloud, self.pools)

    @rule
    def some_pool_needs_it(self) -> Iterator[Problem]:
        if not self.hosts:
            yield Problem(
                "pools",
                "None of these has NVIDIA GPUs without a device plugin: Bottlerocket brings its own, and so does the "
                "operator that installs the driver where a pool's is disabled. Drop GpuDevicePlugin, or name others.",
            )
