"""What Kubernetes objects cost beyond the nodes they run on: load balancers, volumes, and what charts ask for."""

from penstock_cost.resources.kubernetes import cloud_native_pg, load_balancers, recoveries, releases, volumes

__all__ = ["cloud_native_pg", "load_balancers", "recoveries", "releases", "volumes"]
