"""What may be asked of a cluster that exists and is reached by a kubeconfig."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.clusters.existing.kubeconfigs import chosen
from penstock.clusters.spec import ClusterSpec
from penstock.problems import Problem
from penstock.spec import rule


class ExistingClusterSpec(ClusterSpec):
    """A cluster that is reached by a kubeconfig."""

    changes_nothing = (*ClusterSpec.model_fields,)  # its table of options says what may not be said of it

    @rule
    def it_is_adopted(self) -> Iterator[Problem]:
        if self.adopt is None:
            yield Problem("adopt", "This is required. Write the name that the cluster is to have here: {name: …}.")

    @rule
    def kubeconfig_can_be_used(self) -> Iterator[Problem]:
        given = self.adopt.kubeconfig if self.adopt else None
        if self.adopt is None or not isinstance(given, str | None) or given == "":
            return  # an output, which the deployment reads; or no kubeconfig at all, which is told elsewhere
        try:
            chosen(given, self.adopt.context)
        except ValueError as error:
            yield Problem("adopt.kubeconfig", str(error))
