"""The engine's provider protocol, one servicer per package: from messages to plain values and back."""

from __future__ import annotations

import functools
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from google.protobuf import empty_pb2
from grpc import ServicerContext as Context
from grpc import StatusCode
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from sandbox.cloud import paths
from sandbox.cloud.diff import Change, DiffRules, changes
from sandbox.cloud.errors import CloudError, UnreadyError
from sandbox.cloud.faults import Faults
from sandbox.cloud.naming import Autonaming
from sandbox.cloud.package import Call, Package
from sandbox.cloud.schema import Failure
from sandbox.cloud.settings import parse_settings
from sandbox.cloud.values import Properties, decode, encode

Request = TypeVar("Request")
Response = TypeVar("Response")
Method = Callable[["Servicer", Request, Context], Response]


def answers(method: Method[Request, Response]) -> Method[Request, Response]:
    """Turns the cloud's refusals into errors of the protocol. Anything else is a defect and says so."""

    @functools.wraps(method)
    def answer(servicer: Servicer, request: Request, context: Context) -> Response:
        try:
            return method(servicer, request, context)
        except UnreadyError as half:
            _abort_unready(half, request, context, servicer)
        except CloudError as refusal:
            context.abort(StatusCode.UNKNOWN, str(refusal))
        except Exception as defect:
            traceback.print_exc(file=sys.stderr)
            reason = f"The sandbox's provider has a defect: {type(defect).__name__}: {defect}"
            context.abort(StatusCode.INTERNAL, reason)
        raise AssertionError("abort raises")

    return answer


def _abort_unready(half: UnreadyError, request: Any, context: Context, servicer: Servicer) -> None:
    """Tells the engine to keep what was made, and to try again the next time."""
    secret = servicer._secrets(servicer._call(request.urn, context))
    inputs = _inputs(request) if half.inputs is None else encode(half.inputs, secret)
    failed = provider_pb2.ErrorResourceInitFailed(
        id=half.id, properties=encode(half.outputs, secret), reasons=half.reasons, inputs=inputs
    )
    status = status_pb2.Status(code=StatusCode.UNKNOWN.value[0], message=str(half))
    status.details.add().Pack(failed)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(StatusCode.UNKNOWN, str(half))


def _inputs(request: Any) -> Any:
    """What was asked for; an update calls it otherwise than a creation."""
    return request.news if isinstance(request, provider_pb2.UpdateRequest) else request.properties


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """A provider as the engine sees it.

    The engine attaches every instance of a package's provider to the same port, each over a connection of its own:
    the connection tells whose settings count.
    """

    def __init__(self, package: Package, faults: Faults) -> None:
        self._package = package
        self._faults = faults
        self._settings: dict[str, Properties] = {}
        self._latest: Properties = {}

    @answers
    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: Context
    ) -> provider_pb2.ProviderHandshakeResponse:
        """Secrets come in the clear; the engine marks again what it sent as one."""
        return provider_pb2.ProviderHandshakeResponse(supports_autonaming_configuration=True)

    @answers
    def Attach(self, request: plugin_pb2.PluginAttach, context: Context) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    @answers
    def Cancel(self, request: empty_pb2.Empty, context: Context) -> empty_pb2.Empty:
        self._package.cancel()
        return empty_pb2.Empty()

    @answers
    def GetPluginInfo(self, request: empty_pb2.Empty, context: Context) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self._package.sdk.version)

    @answers
    def GetSchema(self, request: provider_pb2.GetSchemaRequest, context: Context) -> provider_pb2.GetSchemaResponse:
        raise CloudError(
            f"The sandbox has no schema of the {self._package.name} package; import with --generate-code=false."
        )

    @answers
    def CheckConfig(self, request: provider_pb2.CheckRequest, context: Context) -> provider_pb2.CheckResponse:
        inputs = decode(request.news)
        failures = _failures(self._package.check_settings(inputs))
        return provider_pb2.CheckResponse(inputs=encode(self._package.known_settings(inputs)), failures=failures)

    @answers
    def DiffConfig(self, request: provider_pb2.DiffRequest, context: Context) -> provider_pb2.DiffResponse:
        old, new = decode(request.old_inputs), decode(request.news)
        replaces = [(name,) for name in self._package.diff_settings(old, new)]
        rules = DiffRules(replace_on=replaces, ignore=_paths(request.ignoreChanges))
        return _difference(changes(old, new, rules), delete_before_replace=False)

    @answers
    def Configure(self, request: provider_pb2.ConfigureRequest, context: Context) -> provider_pb2.ConfigureResponse:
        self._package.resume()
        provider = self._package.sdk.resource(f"pulumi:providers:{self._package.name}")
        assert provider is not None, "every SDK has a provider class"
        self._latest = parse_settings(decode(request.args), provider.inputs.properties)
        self._settings[context.peer()] = self._latest
        return provider_pb2.ConfigureResponse(supportsPreview=True, supports_autonaming_configuration=True)

    @answers
    def Check(self, request: provider_pb2.CheckRequest, context: Context) -> provider_pb2.CheckResponse:
        call, old, new = self._call(request.urn, context), decode(request.olds), decode(request.news)
        options = request.autonaming
        naming = Autonaming(
            seed=request.randomSeed,
            proposed=options.proposed_name,
            disabled=options.mode == provider_pb2.CheckRequest.AutonamingOptions.DISABLE,
        )
        with self._faults.around(self._package.name, "check", call, new):
            inputs, failures = self._package.check(call, old, new, naming)
        return provider_pb2.CheckResponse(inputs=encode(inputs), failures=_failures(failures))

    @answers
    def Diff(self, request: provider_pb2.DiffRequest, context: Context) -> provider_pb2.DiffResponse:
        call, old, new = self._call(request.urn, context), decode(request.old_inputs), decode(request.news)
        with self._faults.around(self._package.name, "diff", call, new):
            difference = self._package.diff(call, old, decode(request.olds), new, _paths(request.ignoreChanges))
        return _difference(difference.changes, difference.delete_before_replace)

    @answers
    def Create(self, request: provider_pb2.CreateRequest, context: Context) -> provider_pb2.CreateResponse:
        call, inputs = self._call(request.urn, context, request.timeout), decode(request.properties)
        if request.preview:
            outputs = self._package.preview(call, inputs, None)
            return provider_pb2.CreateResponse(properties=encode(outputs, self._secrets(call)))
        with self._faults.around(self._package.name, "create", call, inputs):
            id_, outputs = self._package.create(call, inputs)
        return provider_pb2.CreateResponse(id=id_, properties=encode(outputs, self._secrets(call)))

    @answers
    def Read(self, request: provider_pb2.ReadRequest, context: Context) -> provider_pb2.ReadResponse:
        call, inputs, outputs = self._call(request.urn, context), decode(request.inputs), decode(request.properties)
        with self._faults.around(self._package.name, "read", call, outputs):
            reading = self._package.read(call, request.id, inputs, outputs)
        if reading is None:
            return provider_pb2.ReadResponse()
        secrets = self._secrets(call)
        return provider_pb2.ReadResponse(
            id=reading.id, inputs=encode(reading.inputs, secrets), properties=encode(reading.outputs, secrets)
        )

    @answers
    def Update(self, request: provider_pb2.UpdateRequest, context: Context) -> provider_pb2.UpdateResponse:
        call, prior = self._call(request.urn, context, request.timeout), decode(request.olds)
        inputs = decode(request.news)
        old_inputs = decode(request.old_inputs)
        for path in _paths(request.ignoreChanges):
            paths.restore(inputs, old_inputs, path)
        if request.preview:
            outputs = self._package.preview(call, inputs, prior)
        else:
            with self._faults.around(self._package.name, "update", call, inputs):
                outputs = self._package.update(call, request.id, prior, inputs)
        return provider_pb2.UpdateResponse(properties=encode(outputs, self._secrets(call)))

    @answers
    def Delete(self, request: provider_pb2.DeleteRequest, context: Context) -> empty_pb2.Empty:
        call, prior = self._call(request.urn, context, request.timeout), decode(request.properties)
        with self._faults.around(self._package.name, "delete", call, prior):
            self._package.delete(call, request.id, prior)
        return empty_pb2.Empty()

    @answers
    def Invoke(self, request: provider_pb2.InvokeRequest, context: Context) -> provider_pb2.InvokeResponse:
        arguments, settings = decode(request.args), self._of(context)
        failures = _failures(self._package.check_invoke(request.tok, arguments))
        if failures:
            return provider_pb2.InvokeResponse(failures=failures)
        call = Call(f"urn:pulumi:stack::project::{request.tok}::invoke", settings)
        with self._faults.around(self._package.name, "invoke", call, arguments):
            result = self._package.invoke(request.tok, arguments, settings)
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(encode(result))  # the field's name is a keyword
        return response

    @answers
    def Construct(self, request: provider_pb2.ConstructRequest, context: Context) -> provider_pb2.ConstructResponse:
        raise CloudError(
            f"The sandbox cannot build the component {request.type}, which its real provider builds itself. Declare "
            "its resources one by one, or as a kubernetes:helm.sh/v3:Release."
        )

    def _call(self, urn: str, context: Context, timeout: float = 0) -> Call:
        return Call(urn, self._of(context), timeout)

    def _of(self, context: Context) -> Properties:
        """The settings of the provider that asks; after a reconnection, those that came last."""
        return self._settings.get(context.peer(), self._latest)

    def _secrets(self, call: Call) -> frozenset[str]:
        resource = self._package.resource_type(call.type)
        return resource.secret_outputs if resource else frozenset()


def _paths(texts: Iterable[str]) -> list[paths.Path]:
    return [paths.read(text) for text in texts]


def _failures(failures: Iterable[Failure]) -> list[provider_pb2.CheckFailure]:
    return [provider_pb2.CheckFailure(property=paths.show(path), reason=reason) for path, reason in failures]


def _difference(found: Sequence[Change], delete_before_replace: bool) -> provider_pb2.DiffResponse:
    kinds = provider_pb2.PropertyDiff.Kind
    detailed = {
        paths.show(change.path): provider_pb2.PropertyDiff(
            kind=kinds.Value(change.kind.upper() + ("_REPLACE" if change.replaces else "")), inputDiff=True
        )
        for change in found
    }
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE,
        replaces=[paths.show(change.path) for change in found if change.replaces],
        diffs=sorted({str(change.path[0]) for change in found}),
        detailedDiff=detailed,
        hasDetailedDiff=True,
        deleteBeforeReplace=delete_before_replace,
    )
