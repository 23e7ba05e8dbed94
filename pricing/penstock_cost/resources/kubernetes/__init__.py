"""What Kubernetes objects cost beyond the nodes they run on: load balancers and volumes."""

from penstock_cost.resources.kubernetes import load_balancers, volumes

__all__ = ["load_balancers", "volumes"]
