"""`RedisCluster`: primaries and replicas that survive the loss of a machine, full restarts and upgrades."""

import pulumi

from penstock.component import checked
from penstock.data.redis.args import RedisClusterArgs
from penstock.data.refs import RedisRef


class RedisCluster(pulumi.ComponentResource):
    """A Redis cluster in a StatefulSet, with TLS and a user for each who reaches it.

    A Job forms it, and each pod repairs what happens at run time. A cache and a queue are two of it. Pass the cluster's
    Kubernetes provider with `opts.provider`.
    """

    ref: RedisRef
    """What tenants and services need to know of it. Its `namespace` is known once the cluster is formed."""
    placement: str
    """How its nodes are spread over machines."""
    ca_pem: pulumi.Output[str]
    """The certificate by which clients know it, PEM; empty with a `tls_secret` of one's own."""
    users_secret: str
    """The Secret of its namespace with the passwords of its own users, for example `admin-password`."""

    def __init__(self, name: str, args: RedisClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidInputs with every problem of `args`."""
        from penstock.autoscaling.pods.target import service_name_problems
        from penstock.data.kept import kept, shrinking
        from penstock.data.redis import plan
        from penstock.data.redis.kept import fewer_nodes
        from penstock.data.redis.spec import LONGEST_NAME, RedisClusterSpec

        spec = checked(type(self), name, RedisClusterSpec, args, service_name_problems(name, LONGEST_NAME))
        kind = "penstock:index:RedisCluster"
        sizes = {"replicas": spec.replicas, "volume_gib": spec.volume_gib}
        super().__init__(kind, name, *kept(type(self), kind, name, sizes, opts, fewer_nodes, shrinking("volume_gib")))
        from penstock.data.redis import resources

        self.ref, ca_pem = resources.create(name, spec, self)
        self.ca_pem = ca_pem if ca_pem is not None else pulumi.Output.from_input("")
        self.placement = spec.placement_told or f"Each of its {spec.replicas} nodes has a machine of its own."
        self.users_secret = plan.users_name(name)
        self.register_outputs(
            {
                "ref": self.ref,
                "placement": self.placement,
                "ca_pem": self.ca_pem,
                "users_secret": self.users_secret,
            }
        )
