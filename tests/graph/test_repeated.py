"""What follows from a document and its variables is found out once for both; nothing else is taken from one request to the next."""

import gc
import weakref
from typing import Any

import httpx
import pytest
from graphql import parse

from graph.endpoint import Endpoint
from graph.executor import MAX_SELECTIONS_PER_DOCUMENT, repeated_of
from graph.operation import Operation
from graph.repeated import MAX_REPEATED_PER_DOCUMENT, MAX_VARIABLES_BYTES, Key, Repeated, key_of
from graph.schema import schema, schema_with
from graph.wire import encode
from tests.events import at, request_completed
from tests.graph.conftest import READER, Service
from tests.graph.test_compiled_answers import Eager

OTHER_READER = "globex:read"
PAGE = """query ($first: Int!, $model: String = "a") { viewer { tokenName } account { key history(
    range: {from: "2026-04-21T09:00:00Z", to: "2026-04-21T11:00:00Z"}, first: $first, filter: {models: [$model]}
) { nodes { eventId } } } }"""


async def ask(endpoint: Endpoint, variables: dict[str, Any], token: str = READER) -> bytes:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(endpoint), base_url="http://tallygraph") as client:
        headers = {"authorization": f"Bearer {token}"}
        told = (await client.post("/graphql", json={"query": PAGE, "variables": variables}, headers=headers)).json()
        return encode([told.get("data"), told.get("errors")])


@pytest.mark.parametrize(
    "variables",
    [
        [{"first": 1}, {"first": True}, {"first": 1.0}, {"first": "1"}, {"first": 2}, {}],
        [{"first": 3}, {"first": 3, "model": None}, {"first": 3, "model": "b"}, {"first": 3, "model": "a"}],
    ],
)
async def test_variables_that_compare_equal_are_told_apart(service: Service, variables: list[dict[str, Any]]):
    service.record(*(request_completed(at("09:30"), id=f"{model}{i}", model=model) for model in "ab" for i in range(3)))
    plain, eager = (Endpoint(schema_with(executor), service.endpoint.open_context) for executor in (None, Eager))
    for each in [*variables, *variables]:
        assert await ask(eager, each) == await ask(plain, each), each


async def test_who_asks_the_same_is_answered_for_themselves(service: Service):
    service.record(request_completed(at("09:30"), id="ours", model="a"))
    eager = Endpoint(schema_with(Eager), service.endpoint.open_context)
    told = [await ask(eager, {"first": 1}, token) for token in (READER, OTHER_READER) * 2]
    assert told[0] == told[2] != told[1] == told[3]
    assert b"ours" in told[0]
    assert b"ours" not in told[1]


def test_the_oldest_gives_way():
    repeated, keys = Repeated(), [key_of(Operation("{ a }", variables={"n": n})) for n in range(MAX_REPEATED_PER_DOCUMENT + 1)]
    for key in keys:
        repeated.keep(key, Eager)
    assert [repeated.find(key) is None for key in keys] == [True] + [False] * MAX_REPEATED_PER_DOCUMENT


def test_who_was_asked_for_again_stays():
    repeated, keys = Repeated(), [key_of(Operation("{ a }", variables={"n": n})) for n in range(MAX_REPEATED_PER_DOCUMENT + 1)]
    for key in keys[:-1]:
        repeated.keep(key, Eager)
    assert repeated.find(keys[0]) is not None
    repeated.keep(keys[-1], Eager)
    assert [repeated.find(key) is None for key in keys[:2]] == [False, True]


def test_what_is_kept_goes_with_the_plans_that_it_is_of():
    names = ["a", "b", "c"]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    used = " ".join(f"{name}: __typename @skip(if: ${name})" for name in names)
    document = parse(f"query ({declared}) {{ {used} }}")
    kept, keys = repeated_of(document), list[Key | None]()
    for number in range(MAX_SELECTIONS_PER_DOCUMENT + 1):
        variables = {name: bool(number >> place & 1) for place, name in enumerate(names)}
        executor = Eager.build(schema._schema, document, raw_variable_values=variables)
        assert isinstance(executor, Eager)
        keys.append(key_of(Operation("", variables=variables)))
        kept.keep(keys[-1], executor.repeat())
    assert [kept.find(key) is None for key in keys] == [True] * MAX_SELECTIONS_PER_DOCUMENT + [False]


def test_of_variables_that_hold_much_which_nobody_has_sent_nothing_is_kept():
    document, key = parse("query ($p: [Int!] = [1, 2, 3]) { __typename }"), key_of(Operation("{ a }"))
    repeated_of(document).keep(key, Eager)
    assert repeated_of(document).find(key) is None


def test_long_variables_are_not_kept():
    assert key_of(Operation("{ a }", variables={"text": "x" * MAX_VARIABLES_BYTES})) is None


def test_what_is_kept_does_not_keep_the_document():
    document = parse("query ($id: ID) { account(id: $id) { key } }")
    executor = Eager.build(schema._schema, document, raw_variable_values={"id": "x"})
    assert isinstance(executor, Eager)
    repeat, gone = executor.repeat(), weakref.ref(document)
    del executor, document
    gc.collect()
    assert gone() is None
    again = repeat(parse("query ($id: ID) { account(id: $id) { key } }"), context_value=None, operation_extensions=None)
    assert again.variable_values.coerced == {"id": "x"}
