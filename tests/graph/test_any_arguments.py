"""Whatever the arguments of a field are, its answer is data or an error that says what is wrong with them. Never a failure of ours."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_object_type,
    is_required_argument,
    is_required_input_field,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from graph.schema import schema
from tests.events import PRICES, at, request_completed
from tests.graph.conftest import OPERATOR, Service

ON_POSTGRES = settings(max_examples=20)
RANGE = {"from": "2026-04-01T00:00:00Z", "to": "2026-05-01T00:00:00Z"}
FITTING = {"range": '{from: "2026-04-01T00:00:00Z", to: "2026-05-01T00:00:00Z"}'}  # what fields on the way are given
EVERYTHING = "acme:read+ingest+billing"
WEIRD = st.sampled_from(
    [None, True, -1, 0, 2**31, 2**63, 10**400, 0.1, 1e308, "", "x", "x" * 3_000, "💩", "\ud7ff", [], [[]], {}, {"": None}]
)
POSITION = "a position"  # a real one takes its place
SOUND: dict[str, list[Any]] = {
    "ID": ["QWNjb3VudDox", "x"],
    "String": ["gpt-4o", "openai", "100%", "\\", "'; --", "💩"],
    "Position": [POSITION],
    "DateTime": ["2026-04-21T00:00:00Z", "2026-04-21T10:00:00+05:45", "2026-04-22T00:00:00.123456Z"],
    "Int": [1, 5],
    "BigInt": [0, 5, 2**63 - 1, "9" * 18],
    "Float": [0.0, 0.5],
    "Decimal": ["0", "0.0000025"],
    "Boolean": [True, False],
    "TimeZone": ["UTC", "Asia/Kathmandu", "Australia/Lord_Howe"],
    "JSON": [{"id": "x"}],
}
STRANGE: dict[str, list[Any]] = {
    "ID": ["", "é", "=" * 50, "AAAA" * 100],
    "String": ["", " ", "x" * 2_000, "\u202e"],
    "Position": ["", "1", "x"],
    "DateTime": [
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "2026-04-21T14:03:07.123456789Z",
        "2026-04-21T24:00:00Z",
        "2026-04-21T14:03:60Z",
        "2026-04-21",
    ],
    "Int": [0, -1, 1_000, 1_001, 2**31 - 1, -(2**31)],
    "BigInt": [-1, -(2**63), "-0", "1e3"],
    "Float": [-1.5, 1e308, 5e-324],
    "Decimal": ["-1", "1e999999", "-1e-999999", "NaN", "Infinity", "0." + "1" * 200],
    "Boolean": [0],
    "TimeZone": ["../../etc/passwd", "", "x" * 300, "Europe"],
    "JSON": [{}, [], "x", 5],
}


@st.composite
def values(draw: st.DrawFn, type: Any, depth: int = 0) -> Any:
    """What a client may send: seldom of another form, and sometimes at the edge of what there is, or past it."""

    def once_in(times: int) -> bool:
        return draw(st.sampled_from([False] * (times - 1) + [True]))

    if once_in(40):
        return draw(WEIRD)
    if isinstance(type, GraphQLNonNull):
        return draw(values(type.of_type, depth))
    if isinstance(type, GraphQLList):
        return [draw(values(type.of_type, depth + 1)) for _ in range(draw(st.integers(0, 2)))]
    if get_named_type(type).name == "TimeRange" and not once_in(4):
        return RANGE
    if isinstance(type, GraphQLInputObjectType):
        return {
            name: draw(values(field.type, depth + 1))
            for name, field in type.fields.items()
            if is_required_input_field(field) or (depth < 4 and once_in(3))
        }
    known = [*type.values] if isinstance(type, GraphQLEnumType) else STRANGE[type.name] if once_in(8) else SOUND[type.name]
    return draw(st.sampled_from(known))


Way = tuple[tuple[str, GraphQLField], ...]
"""The fields from a root to one with arguments."""


def ways(type: GraphQLObjectType, before: Way = ()) -> Iterator[Way]:
    """To every field with arguments, where those before it need none, or such as we have."""
    for name, field in type.fields.items():
        way, of = (*before, (name, field)), get_named_type(field.type)
        if field.args:
            yield way
        if is_object_type(of) and len(way) < 3 and name not in ("nodes", "edges", "viewer") and needed(field) <= FITTING.keys():
            yield from ways(of, way)


def needed(field: GraphQLField) -> set[str]:
    """The arguments that it cannot be without."""
    return {name for name, argument in field.args.items() if is_required_argument(argument)}


def leaves(type: Any, depth: int = 0) -> str:
    """All that can be selected without arguments, a few levels deep."""
    if not is_object_type(type):
        return "" if is_leaf_type(type) else "{ __typename }"
    found = [
        f"{name} {leaves(of, depth + 1)}"
        for name, field in type.fields.items()
        if not needed(field) and name not in ("edges", "history") and (is_leaf_type(of := get_named_type(field.type)) or depth < 2)
    ]
    return f"{{ __typename {' '.join(found)} }}"


def document(kind: str, way: Way, arguments: Iterable[str]) -> str:
    """It asks for the last field of the way, with these arguments as variables."""
    name, last = way[-1]
    declared = ", ".join(f"${argument}: {last.args[argument].type}" for argument in arguments)
    told = ", ".join(f"{argument}: ${argument}" for argument in arguments)
    text = f"{name}{f'({told})' if told else ''} {leaves(get_named_type(last.type))}"
    for name, field in reversed(way[:-1]):
        told = ", ".join(f"{argument}: {FITTING[argument]}" for argument in needed(field))
        text = f"{name}{f'({told})' if told else ''} {{ {text} }}"
    return f"{kind}{f'({declared})' if declared else ''} {{ {text} }}"


WAYS = {
    ".".join(name for name, _ in way): (kind, way)
    for kind, root in (("query", schema._schema.query_type), ("mutation", schema._schema.mutation_type))
    if root is not None
    for way in ways(root)
}
SELDOM = ("after", "before", "last", "recordedBefore")  # what goes with few others, or has to be of an answer
OF_OPERATORS = ("accounts", "rejectedEvents", "setPrices", "rerate", "rebuildReadModel")


@pytest.fixture
def position(service: Service) -> str:
    """Of some usage, rated and not. What is told from then on is projected before anybody waits for it."""
    service.follows = True
    return service.record(
        *PRICES, *(request_completed(at(f"0{hour}:00"), model=model) for hour in (1, 2) for model in ("gpt-4o", "unknown"))
    )


@pytest.mark.parametrize("way", WAYS)
@given(data=st.data())
@ON_POSTGRES
async def test_any_arguments_have_an_answer(service: Service, position: str, way: str, data: st.DataObject):
    kind, fields = WAYS[way]
    arguments = {name: of.type for name, of in fields[-1][1].args.items()}
    required = needed(fields[-1][1])
    variables = {
        name: data.draw(values(type), name)
        for name, type in arguments.items()
        if name in required or data.draw(st.sampled_from([True] + [False] * (8 if name in SELDOM else 1)))
    }
    token = OPERATOR if way in OF_OPERATORS else EVERYTHING
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    body = json.dumps({"query": document(kind, fields, variables), "variables": variables}).replace(POSITION, position)
    with capture_logs() as logs:
        response = await service.client.post("/graphql", content=body, headers=headers)
    assert response.status_code in (200, 400)
    codes = {error["extensions"]["code"] for error in response.json().get("errors", ())}
    assert "INTERNAL" not in codes
    assert logs == []
