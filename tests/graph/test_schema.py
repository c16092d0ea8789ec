"""The schema as a document: kept in the repository, described to the last value, and as small as its words."""

from collections.abc import Iterator
from pathlib import Path

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, build_schema
from graphql.type import introspection_types, specified_scalar_types

from graph.schema import sdl

SCHEMA_FILE = Path(__file__).parents[2] / "schema.graphql"


def test_schema_graphql_is_what_the_code_says():
    assert SCHEMA_FILE.read_text(encoding="utf-8") == sdl()


def test_everything_has_a_description_that_is_a_sentence():
    undescribed = [name for name, description in descriptions() if not description or description[-1] not in ".!?"]
    assert undescribed == []


def test_ordered_fields_offer_every_measure_and_time():
    schema = build_schema(sdl())
    measures, orders = schema.get_type("RouterMeasure"), schema.get_type("RouterOrderField")
    assert isinstance(measures, GraphQLEnumType)
    assert isinstance(orders, GraphQLEnumType)
    assert {*orders.values} == {*measures.values, "TIME"}


def test_fields_that_come_with_prices_are_there_and_nothing_is_promised_that_is_not():
    schema = build_schema(sdl())
    assert schema.query_type is not None
    assert {*schema.query_type.fields} == {"viewer", "account", "accounts", "node", "export", "audit", "eventLog", "rejectedEvents"}
    usage = schema.get_type("RouterUsage")
    assert isinstance(usage, GraphQLObjectType)
    assert "totalFee" in usage.fields
    assert "latencyPercentile" in usage.fields
    assert {*usage.fields["buckets"].args} == {"interval", "timeZone", "groupBy", "orderBy", "first", "after"}


def descriptions() -> Iterator[tuple[str, str | None]]:
    """Of every type, field, argument, value and input field of our own."""
    theirs = {*introspection_types, *specified_scalar_types}
    for name, each in build_schema(sdl()).type_map.items():
        if name in theirs:
            continue
        yield name, each.description
        if isinstance(each, GraphQLEnumType):
            yield from ((f"{name}.{value}", definition.description) for value, definition in each.values.items())
        if isinstance(each, GraphQLInputObjectType):
            yield from ((f"{name}.{field}", definition.description) for field, definition in each.fields.items())
        if isinstance(each, GraphQLObjectType | GraphQLInterfaceType):
            for field, definition in each.fields.items():
                yield f"{name}.{field}", definition.description
                yield from ((f"{name}.{field}({argument}:)", it.description) for argument, it in definition.args.items())
