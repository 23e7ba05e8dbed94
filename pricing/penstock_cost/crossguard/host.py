"""Rules as a CrossGuard pack: the one place that knows `pulumi_policy` and the engine's protocol.

`pulumi_policy` hands a stack policy the *outputs* of resources: a component's inputs are not among them, and whatever a
provider computes is unknown in a preview. And it converts all of them again for each policy. So `Watch` stands before
its service: it keeps the inputs of each resource as the engine registers it, converts everything once, and lets
`pulumi_policy` do the rest: names, enforcement levels, reports.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import pulumi_policy
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from penstock_cost.crossguard.config import read_configs, schema_of
from penstock_cost.crossguard.rules import Config, Finding, ResourceRule, Rule, Seen, StackRule, findings
from penstock_cost.crossguard.wire import plain
from penstock_cost.money import CostError
from penstock_cost.resources.model import Resource


class Watch(analyzer_pb2_grpc.AnalyzerServicer):
    """What the engine told this pack, kept for its rules. The SDK's own service answers."""

    def __init__(self, rules: list[Rule]) -> None:
        self._rules = rules
        self._service: Any = None
        self._seen: dict[str, Resource] = {}
        self._ignored: dict[str, tuple[str, ...]] = {}
        self._configuration: dict[str, Any] = {}
        self._name = ""
        self._by_resource = any(isinstance(rule, ResourceRule) for rule in rules)
        self.configs: dict[str, Config] = {rule.name: rule.config() for rule in rules}
        self.stack = Seen([])

    def before(self, service: Any) -> Watch:
        """Itself, in front of the SDK's service."""
        self._service = service
        return self

    def resource(self, urn: str) -> Resource:
        """A resource as it was registered."""
        return self._seen[urn]

    def GetAnalyzerInfo(self, request: Any, context: Any) -> Any:
        return self._service.GetAnalyzerInfo(request, context)

    def Configure(self, request: Any, context: Any) -> Any:
        """Refuse a configuration that is wrong, with every problem of it."""
        given = {name: plain(one.properties) for name, one in request.policyConfig.items()}
        self.configs, problems = read_configs(self._rules, given)
        if problems:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "\n".join(["The policy pack's configuration:", *problems]))
        return self._service.Configure(request, context)

    def ConfigureStack(self, request: Any, context: Any) -> Any:
        """Which stack it is, and its configuration."""
        self._name, self._configuration = request.stack, dict(request.config)
        return self._service.ConfigureStack(request, context)

    def Remediate(self, _request: Any, _context: Any) -> Any:
        """These rules change nothing."""
        return analyzer_pb2.RemediateResponse()

    def Analyze(self, request: Any, context: Any) -> Any:
        """Keep the inputs of a resource, and ask the rules about single ones."""
        self._seen[request.urn] = _resource(request, plain(request.properties))
        self._ignored[request.urn] = tuple(request.options.ignoreChanges)
        if not self._by_resource:
            return analyzer_pb2.AnalyzeResponse()
        bare = analyzer_pb2.AnalyzeRequest(urn=request.urn, type=request.type, name=request.name)
        return self._service.Analyze(bare, context)

    def AnalyzeStack(self, request: Any, context: Any) -> Any:
        """Ask the rules about the stack. What was not registered this time is taken as it was left."""
        resources = []
        for one in sorted(request.resources, key=lambda resource: str(resource.urn)):
            seen = self._seen.get(one.urn) or _resource(one, plain(one.properties))
            resources.append(
                seen._replace(
                    parent=one.parent,
                    dependencies=tuple(one.dependencies),
                    property_dependencies={key: list(of.urns) for key, of in one.propertyDependencies.items()},
                )
            )
        name = self._name or (resources[0].urn.split("::")[0].rpartition(":")[2] if resources else "")
        self.stack = Seen(resources, name, self._ignored, self._configuration)
        return self._service.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(), context)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return self._service.GetPluginInfo(request, context)

    def Handshake(self, request: Any, context: Any) -> Any:
        return self._service.Handshake(request, context)

    def Cancel(self, request: Any, context: Any) -> Any:
        return self._service.Cancel(request, context)


def _resource(request: Any, properties: dict[str, Any]) -> Resource:
    # Only what has a provider is made by one; provider resources themselves have none.
    custom = bool(request.provider.urn) or request.type.startswith("pulumi:providers:")
    return Resource(
        urn=request.urn,
        type=request.type,
        name=request.name,
        properties=properties,
        parent=request.options.parent,
        provider=request.provider.urn,
        custom=custom,
    )


def serve(name: str, rules: list[Rule]) -> None:
    """Serve the rules as a policy pack, until the engine ends it."""
    watch = Watch(rules)
    register = analyzer_pb2_grpc.add_AnalyzerServicer_to_server
    hooked: Any = analyzer_pb2_grpc
    hooked.add_AnalyzerServicer_to_server = lambda service, server: register(watch.before(service), server)
    pulumi_policy.PolicyPack(name, [_policy(rule, watch) for rule in rules])


def _policy(rule: Rule, watch: Watch) -> pulumi_policy.Policy:
    level = pulumi_policy.EnforcementLevel(rule.level)
    schema = schema_of(rule.config)
    if isinstance(rule, StackRule):

        def of_stack(_args: Any, report: Callable[..., None]) -> None:
            _report(report, lambda: rule.check(watch.stack, watch.configs[rule.name], watch.configs))

        return pulumi_policy.StackValidationPolicy(rule.name, rule.description, of_stack, level, schema)

    def of_resource(args: Any, report: Callable[..., None]) -> None:
        resource = watch.resource(args.urn)
        _report(report, lambda: findings(resource, lambda: rule.check(resource, watch.configs[rule.name])))

    return pulumi_policy.ResourceValidationPolicy(rule.name, rule.description, of_resource, level, schema)


def _report(report: Callable[..., None], check: Callable[[], Any]) -> None:
    try:
        found: list[Finding] = list(check())
    except CostError as problem:
        found = [Finding(f"This cannot be checked: {problem}")]
    for finding in dict.fromkeys(found):
        report(finding.message, finding.urn or None)
