"""`QdrantCluster`: vectors of all tenants, replicated, so that the loss of one node loses none."""

from typing import TYPE_CHECKING

import pulumi

from penstock.component import checked
from penstock.data.qdrant.args import QdrantClusterArgs
from penstock.data.refs import QdrantRef

if TYPE_CHECKING:
    from penstock.data.qdrant.resources import Made
    from penstock.data.qdrant.spec import QdrantSpec

_TYPE = "penstock:index:QdrantCluster"


class QdrantCluster(pulumi.ComponentResource):
    """Qdrant nodes on machines of their own, with the collections that tenants and the semantic cache use.

    Pass the cluster's Kubernetes provider with `opts.provider`. A certificate that you bring (`tls_secret`) has to hold
    for `NAME.NAMESPACE.svc.cluster.local`, `*.NAME-headless.NAMESPACE.svc.cluster.local` and `localhost`, as server and
    as client. Volumes and what is on them stay when the component is deleted.

    The server tells tenants apart by collections only: one that speaks to Qdrant itself needs a collection of its own.
    In the shared one, which only services reach, each point says in `tenant_id` whose it is, and each query has to.
    """

    ref: QdrantRef
    """What others need to know of it."""
    settings: pulumi.Output[dict[str, str]]
    """What clients have to know, as environment variables; also the ConfigMap `qdrant-NAME-settings` of its namespace,
    with the threshold of the semantic cache."""
    service_token: pulumi.Output[str]
    """A token for the platform's services: it opens the shared collection and the cache. A secret."""
    ca_pem: pulumi.Output[str | None]
    """The certificate of the authority that has signed its own, for clients; none without TLS or with your own."""

    def __init__(self, name: str, args: QdrantClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises InvalidInputs with every problem of `args`."""
        from penstock.autoscaling.pods.target import service_name_problems
        from penstock.data.kept import kept, shrinking
        from penstock.data.placement import room_told
        from penstock.data.qdrant.kept import changed, facts
        from penstock.data.qdrant.spec import LONGEST_NAME, QdrantSpec

        spec = checked(type(self), name, QdrantSpec, args, service_name_problems(name, LONGEST_NAME))
        sizes = {"volume_gib": spec.volume_gib, "snapshot_volume_gib": spec.snapshots_gib}
        known = {**sizes, **facts(spec)}
        super().__init__(_TYPE, name, *kept(type(self), _TYPE, name, known, opts, changed, shrinking(*sizes)))
        from penstock.data.qdrant import resources, texts, tokens

        if told := room_told(spec.nodes, spec.pools):
            pulumi.log.warn(told, self)
        host = pulumi.Output.from_input(spec.namespace).apply(lambda known: f"{name}.{known}.svc.cluster.local")
        made = resources.create(name, spec, host, self)
        grants = [tokens.Grant(each, tokens.Access.POINTS) for each in (spec.collection.name, spec.cache.name)]
        self.ref = _ref(name, spec, host, made)
        self.settings = host.apply(lambda known: texts.settings(known, spec))
        self.service_token = pulumi.Output.secret(made.api_key.apply(lambda key: tokens.token(key, "services", grants)))
        self.ca_pem = pulumi.Output.from_input(made.certificate.ca_pem if made.certificate else None)
        self.register_outputs(
            {
                "ref": self.ref,
                "settings": self.settings,
                "service_token": self.service_token,
                "ca_pem": self.ca_pem,
            }
        )


def _ref(name: str, spec: "QdrantSpec", host: pulumi.Output[str], made: "Made") -> QdrantRef:
    from penstock.data.placement import on_pools
    from penstock.data.qdrant import pods, texts

    ref = QdrantRef(
        name=name,
        namespace=spec.namespace,
        host=host,
        port=texts.HTTP,
        grpc_port=texts.GRPC,
        collection=spec.collection.name,
        vector_size=spec.collection.vector_size,
        api_key=made.api_key,
        admin_secret=pods.keys_secret(name),
        tls=spec.tls,
        client_image=spec.client_image,
        scripts=pods.admin_map(name),
        replicas=spec.collection.replicas,
        nodes=spec.nodes,
        labels=pods.labels(name),
        scheduling=on_pools(spec.pools),
    )
    if made.certificate:
        ref["tls_secret"] = made.certificate.secret
        if made.certificate.ca_pem is not None:
            ref["ca_pem"] = made.certificate.ca_pem
    return ref
