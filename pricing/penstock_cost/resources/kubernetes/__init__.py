"""What Kubernetes objects cost beyond the nodes they run on: load balancers, volumes, and what charts ask for."""

from penstock_cost.resources.kubernetes import load_balancers, releases, volumes

__all__ = ["load_balancers", "releases", "volumes"]
