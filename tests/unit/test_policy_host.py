"""What lies between the engine's protocol and the rules: values, configuration, and what is kept of resources."""

import json
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from maxima import NodePoolMaximum, ReplicaMaximum, node_pool_maximum
from priced import EstimateConfig
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import proxy

from penstock_cost.crossguard import NotKnown, ResourceRule, StackRule, items, read, whole
from penstock_cost.crossguard.config import read_configs, schema_of
from penstock_cost.crossguard.host import Watch
from penstock_cost.crossguard.pools import pool_types
from penstock_cost.crossguard.rules import Config
from penstock_cost.crossguard.wire import plain
from penstock_cost.resources.model import UNKNOWN

SIGNATURE = "4dabf18193072939515e22adb298388d"


def struct(values: dict[str, Any]) -> Struct:
    made = Struct()
    made.update(values)
    return made


@pytest.mark.parametrize("mark", [value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_")])
def test_every_mark_of_the_sdk_for_a_value_that_is_not_known_is_read(mark: str) -> None:
    assert plain(struct({"a": mark, "b": [mark, 1.0]})) == {"a": UNKNOWN, "b": [UNKNOWN, 1.0]}


def test_secrets_are_laid_open_and_other_special_values_are_kept() -> None:
    secret = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "value": {"x": 1.0}}
    asset = {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "t"}
    output = {SIGNATURE: "d0e6a833031e9bbcd3f4e8bde6ca49a4"}
    found = plain(struct({"s": secret, "a": asset, "o": output, "n": None, "b": True}))
    assert found == {"s": {"x": 1.0}, "a": {"text": "t"}, "o": UNKNOWN, "n": None, "b": True}


def test_reading_below_what_is_not_known_names_how_far_it_got() -> None:
    for properties, path in (({"a": UNKNOWN}, "a"), ({"a": {"b": UNKNOWN}}, "a.b"), ({"a": [{"b": UNKNOWN}]}, "a.b")):
        with pytest.raises(NotKnown) as caught:
            read(properties, "a.b")
        assert caught.value.path == path
    assert read({"a": {}}, "a.b") is None
    assert read({"a": "text"}, "a.b") is None
    with pytest.raises(NotKnown, match=r"a\[1\] is not known"):
        list(items({"a": [{}, UNKNOWN]}, "a"))


@pytest.mark.parametrize("value", [-1, 1.5, True, "x", "", "1e3", float("inf"), float("nan"), [], 1e12])
def test_only_whole_numbers_are_numbers(value: Any) -> None:
    with pytest.raises(NotKnown, match="a is .* Write a plain value"):
        whole({"a": value}, "a")
    assert whole({"a": 3.0}, "a") == whole({"a": "3"}, "a") == 3
    assert whole({"a": None}, "a") is None


def test_the_schema_for_the_engine_has_no_references_and_every_default_that_is_a_value() -> None:
    for config in (NodePoolMaximum, ReplicaMaximum, EstimateConfig):
        schema = schema_of(config)
        assert schema is not None
        assert "$ref" not in json.dumps(schema.properties)
        assert set(schema.properties) == set(config.model_fields)
    schema = schema_of(NodePoolMaximum)
    assert schema is not None
    assert schema.properties["max_nodes"]["default"] == 100
    assert schema.properties["limits"]["items"]["additionalProperties"] is False
    assert schema_of(Config) is None


RULES = [
    ResourceRule("pools", "Pools.", node_pool_maximum, NodePoolMaximum),
    StackRule("stack", "The stack.", lambda stack, config, configs: ()),
]


def test_every_problem_of_a_configuration_is_a_sentence_with_its_path() -> None:
    given = {"pools": {"max_nodes": 0, "limit": []}, "pool": {}, "all": {}, "stack": {"x": 1}}
    _, problems = read_configs(RULES, given)
    assert problems == [
        "pool: This pack has no such policy. Did you mean pools?",
        "pools.max_nodes: Input should be greater than or equal to 1. It is 0.",
        "pools.limit: There is no such property. It has max_nodes, limits.",
        "stack.x: There is no such property. It has none.",
    ]
    configs, problems = read_configs(RULES, {"pools": {"max_nodes": 3.0}})
    assert not problems
    assert configs["pools"] == NodePoolMaximum(max_nodes=3)


class Service:
    """Stands for the SDK's."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def Analyze(self, request: Any, context: Any) -> Any:
        self.asked.append(request)
        return analyzer_pb2.AnalyzeResponse()

    AnalyzeStack = Analyze


def test_the_stack_is_seen_by_its_inputs_with_what_only_the_engine_tells_at_the_end() -> None:
    service = Service()
    watch = Watch(RULES).before(service)
    urn = "urn:pulumi:prod::p::aws:eks/nodeGroup:NodeGroup::n"
    provider = analyzer_pb2.AnalyzerProviderResource(urn="urn:pulumi:prod::p::pulumi:providers:aws::d")
    options = analyzer_pb2.AnalyzerResourceOptions(ignoreChanges=["a"], parent="urn:parent")
    watch.Analyze(
        analyzer_pb2.AnalyzeRequest(
            urn=urn,
            type="aws:eks/nodeGroup:NodeGroup",
            name="n",
            properties=struct({"in": 1}),
            provider=provider,
            options=options,
        ),
        None,
    )
    at_the_end = analyzer_pb2.AnalyzerResource(
        urn=urn,
        type="aws:eks/nodeGroup:NodeGroup",
        name="n",
        properties=struct({"out": 1}),
        parent="urn:parent",
        propertyDependencies={"in": analyzer_pb2.AnalyzerPropertyDependencies(urns=["urn:other"])},
    )
    kept = analyzer_pb2.AnalyzerResource(
        urn="urn:pulumi:prod::p::x:y:Z::old", type="x:y:Z", properties=struct({"o": 2})
    )
    watch.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=[kept, at_the_end]), None)
    seen, old = watch.stack.resources
    assert (seen.properties, seen.parent, seen.custom) == ({"in": 1.0}, "urn:parent", True)
    assert list(seen.made_from("in")) == ["urn:other"]
    assert (old.properties, old.custom) == ({"o": 2.0}, False)
    assert watch.stack.name == "prod"
    assert watch.stack.ignored[urn] == ("a",)
    assert all(not getattr(request, "resources", ()) for request in service.asked)


def test_a_pack_without_rules_about_single_resources_answers_without_the_sdk() -> None:
    service = Service()
    Watch(RULES[1:]).before(service).Analyze(analyzer_pb2.AnalyzeRequest(urn="u"), None)
    assert not service.asked


def test_every_kind_of_pool_has_a_source_and_a_way_to_its_maximum() -> None:
    for kind in pool_types().values():
        assert kind.maximum
        assert kind.source.startswith("https://")
