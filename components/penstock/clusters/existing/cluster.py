"""A cluster that exists and is reached by a kubeconfig: nothing is made, and nothing of it is changed."""

import pulumi

from penstock.clusters.existing.kubeconfigs import chosen
from penstock.clusters.existing.spec import ExistingClusterSpec
from penstock.clusters.made import Made, reference
from penstock.clusters.spec import AdoptedClusterSpec


def adopt(spec: ExistingClusterSpec, adopted: AdoptedClusterSpec, _parent: pulumi.Resource) -> Made:
    """Describes it. Its kubeconfig is a secret, since it may carry credentials."""
    given: pulumi.Output[str | None] = pulumi.Output.from_input(adopted.kubeconfig)
    kubeconfig = given.apply(lambda known: chosen(known, adopted.context))
    return Made(reference(spec, adopted.name), pulumi.Output.secret(kubeconfig))
