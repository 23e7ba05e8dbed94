"""The tls provider has no cloud: its keys and certificates live in Pulumi's state alone, here as in reality."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from sandbox.cloud import paths
from sandbox.cloud.catalogue import CataloguePackage
from sandbox.cloud.diff import Change
from sandbox.cloud.errors import CloudError
from sandbox.cloud.package import Call, Difference, Reading
from sandbox.cloud.store import CloudResource
from sandbox.cloud.values import Properties

_WRITE_ONLY = {"privateKeyPemWo": "privateKeyPem", "caPrivateKeyPemWo": "caPrivateKeyPem"}


class TlsPackage(CataloguePackage):
    """Keys, requests and certificates. Creations and deletions are logged, nothing is stored."""

    def diff(
        self, call: Call, old: Properties, live: Properties, new: Properties, ignore: Sequence[paths.Path]
    ) -> Difference:
        found = super().diff(call, old, live, new, ignore)
        early = new.get("earlyRenewalHours") or 0
        # The real provider plans it unknown and tells that this replaces, in every plan and without a refresh.
        if "validityEndTime" in live and _due(live, early):
            return Difference([*found.changes, Change(("readyForRenewal",), "update", replaces=True)])
        return found

    def create(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        from sandbox.cloud.tls.makers import MAKERS  # here: clouds without a certificate do not wait for cryptography

        typed = self.visible(call, inputs)
        given = {_WRITE_ONLY.get(name, name): value for name, value in typed.items()}
        id_, outputs = MAKERS[call.type](given)
        self.store.record("create", CloudResource(call.type, id_, call.urn, {}, {}))
        return id_, {**self._unchosen(call), **self._kept(typed), **outputs}

    def read(self, call: Call, id_: str, inputs: Properties, outputs: Properties) -> Reading | None:
        if not outputs:
            raise CloudError(f"Resource Import Not Implemented: {call.type} cannot be imported; make a new one.")
        if "validityEndTime" in outputs and _due(outputs, outputs["earlyRenewalHours"]):
            outputs = {**outputs, "readyForRenewal": True}
        return Reading(id_, inputs, outputs)

    def update(self, call: Call, id_: str, prior: Properties, inputs: Properties) -> Properties:
        self.store.record("update", CloudResource(call.type, id_, call.urn, {}, {}))
        return {**prior, **self._unchosen(call), **self._kept(self.visible(call, inputs))}

    def delete(self, call: Call, id_: str, prior: Properties) -> None:
        self.store.record("delete", CloudResource(call.type, id_, call.urn, {}, {}))

    def _unchosen(self, call: Call) -> Properties:
        """What the provider takes where nothing is said."""
        return dict(self.facts(call, self.type_of(call)).outputs)

    @staticmethod
    def _kept(typed: Properties) -> Properties:
        """What of the inputs it keeps: never what is to be written only."""
        return {name: value for name, value in typed.items() if name not in _WRITE_ONLY}


def _due(outputs: Properties, early_hours: int) -> bool:
    """Whether a certificate with these outputs is to be renewed by now."""
    end = datetime.datetime.fromisoformat(outputs["validityEndTime"])
    return end - datetime.timedelta(hours=early_hours) <= datetime.datetime.now(datetime.UTC)
