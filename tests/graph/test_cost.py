"""What an answer tells of its cost: the nodes that were asked for, and what was used."""

from hashlib import sha256
from typing import Any

import msgspec
import pytest
from graphql import parse

from domain.events import RequestCompleted
from graph.context import MAX_NODES_PER_OPERATION
from graph.requested import Asked, requested_nodes
from graph.schema import schema
from tests.events import at, request_completed
from tests.graph.conftest import READER, Service

RANGE = '(range: {from: "2026-04-21T00:00:00Z", to: "2026-04-22T00:00:00Z"}'
HISTORY = f"history{RANGE}"


def hours(*clocks: str) -> list[RequestCompleted]:
    return [request_completed(at(clock)) for clock in clocks]


async def cost(service: Service, query: str, token: str = READER, **variables: Any) -> dict[str, Any]:
    answer = await service.answer(query, token, **variables)
    assert "errors" not in answer, answer["errors"]
    return answer["extensions"]["cost"]


async def test_an_answer_tells_what_was_asked_for_and_what_was_used(service: Service):
    service.record(*hours("09:00", "09:30", "10:00"))
    history = "history(first: 20) { nodes { requestId } totalCount }"
    found = await cost(
        service, f"{{ account {{ routerUsage{RANGE}) {{ totalRequests buckets(first: 10) {{ nodes {{ time {history} }} }} }} }} }}"
    )
    assert found["used"].pop("databaseMilliseconds") > 0
    assert found == {
        "requested": {"nodes": 10 + 10 * 20},
        "used": {"nodes": 2 + 3, "statements": 4, "rows": 1 + 2 + 3 + 2},
        "limit": {"nodes": MAX_NODES_PER_OPERATION},
    }


async def test_what_is_at_hand_costs_nothing(service: Service):
    found = await cost(service, "{ viewer { tokenName account { key } } }")
    assert found["requested"] == {"nodes": 0}
    assert found["used"] == {"nodes": 0, "statements": 0, "rows": 0, "databaseMilliseconds": 0}


async def test_a_page_that_only_counts_has_no_nodes(service: Service):
    service.record(*hours("09:00"))
    assert (await cost(service, f"{{ account {{ {HISTORY}) {{ totalCount }} }} }}"))["used"]["nodes"] == 0


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ account { ", {}),
        ("{ account { unknown } }", {}),
        ("query($first: Int!) { accounts(first: $first) { totalCount } }", {}),
        ("query($first: Int!) { accounts(first: $first) { totalCount } }", {"first": "many"}),
        ("subscription { exportUpdated(id: 1) { status } }", {}),
    ],
)
async def test_what_was_not_executed_tells_no_cost(service: Service, query: str, variables: dict[str, Any]):
    answer = await service.answer(query, **variables)
    assert answer.keys() == {"errors"}


async def test_an_error_of_a_field_does_not_hide_the_cost(service: Service):
    answer = await service.answer(f"{{ account {{ {HISTORY}, first: 2000) {{ nodes {{ id }} }} }} }}")
    assert answer["errors"][0]["extensions"]["code"] == "BAD_INPUT"
    assert answer["extensions"]["cost"]["requested"] == {"nodes": 1_000}  # a page has no more


async def test_what_a_client_has_is_the_same_whatever_it_costs_to_find_out(service: Service):
    service.record(*hours("09:00"))
    query = f"{{ account {{ {HISTORY}) {{ nodes {{ requestId }} }} }} }}"
    name = {"persistedQuery": {"version": 1, "sha256Hash": sha256(query.encode()).hexdigest()}}
    headers = {"authorization": f"Bearer {READER}"}
    asked = {"query": query, "extensions": msgspec.json.encode(name).decode()}
    first = await service.client.get("/graphql", params=asked, headers=headers)
    again = await service.client.get("/graphql", params=asked, headers={**headers, "if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    service.record(*hours("10:00"))
    changed = await service.client.get("/graphql", params=asked, headers={**headers, "if-none-match": first.headers["etag"]})
    assert changed.status_code == 200


async def test_each_message_of_a_subscription_tells_its_own(service: Service):
    asked = await service.ask(f"mutation {{ exportRouterUsage(input: {{{RANGE[1:]}}}) {{ export {{ id }} }} }}")
    id = asked["exportRouterUsage"]["export"]["id"]
    query = {"query": f'subscription {{ exportUpdated(id: "{id}") {{ status }} }}'}
    headers = {"authorization": f"Bearer {READER}", "accept": "text/event-stream"}
    await service.ask(f'mutation {{ cancelExport(id: "{id}") {{ export {{ status }} }} }}')
    response = await service.client.post("/graphql", json=query, headers=headers)
    assert response.text.count('"cost":{"requested":{"nodes":0}') == 1


NESTED = f"account {{ h: {HISTORY}, first: 3) {{ nodes {{ id }} }} }}"
BUCKETS = f"account {{ routerUsage{RANGE}) {{ buckets(first: 4) {{ %s }} }} }}"
TWO, THREE = "history(first: 2) { nodes { id } }", "history(first: 3) { totalCount }"
EVENTS, EXPORTS = "... on Deployment { events(first: 6) { totalCount } }", "... on Account { exports(first: 5) { totalCount } }"


@pytest.mark.parametrize(
    ("query", "variables", "nodes"),
    [
        ("{ viewer { tokenName } }", {}, 0),
        (f"{{ {NESTED} }}", {}, 3),
        (f"{{ account {{ {HISTORY}) {{ nodes {{ id }} }} }} }}", {}, 50),  # as many as a page has
        (f"{{ account {{ {HISTORY}, last: 7) {{ nodes {{ id }} }} }} }}", {}, 7),
        (f"{{ account {{ {HISTORY}, first: null) {{ nodes {{ id }} }} }} }}", {}, 50),
        ("{ accounts { nodes { exports { totalCount } audits(first: 1) { totalCount } } } }", {}, 50 + 50 * (20 + 1)),
        ("query($n: Int!) { accounts(first: $n) { totalCount } }", {"n": 9}, 9),
        ("query($n: Int = 8) { accounts(first: $n) { totalCount } }", {}, 8),
        ("query($n: Int = 8) { accounts(first: $n) { totalCount } }", {"n": 2}, 2),
        ("{ accounts(first: -5) { totalCount } }", {}, 0),
        ("{ accounts(first: 5000) { totalCount } }", {}, 1_000),
        (f"{{ {NESTED} other: {NESTED} }}", {}, 6),
        (f"{{ {NESTED} {NESTED} }}", {}, 3),  # one answer
        (f"{{ {NESTED} ...F }} fragment F on Query {{ {NESTED} ... on Query {{ {NESTED} }} }}", {}, 3),
        (f"{{ {BUCKETS} }}" % f"nodes {{ {TWO} }}", {}, 4 + 4 * 2),
        (f"{{ {BUCKETS} }}" % f"nodes {{ {TWO} }} edges {{ node {{ {THREE} }} }}", {}, 4 + 4 * (2 + 3)),
        (f"query($yes: Boolean!) {{ account @include(if: $yes) {{ {HISTORY}, first: 3) {{ nodes {{ id }} }} }} }}", {"yes": True}, 3),
        (f"query($yes: Boolean!) {{ account @include(if: $yes) {{ {HISTORY}, first: 3) {{ nodes {{ id }} }} }} }}", {"yes": False}, 0),
        (f"query($yes: Boolean = true) {{ {BUCKETS} }}" % f"nodes @skip(if: $yes) {{ {THREE} }}", {}, 4),
        (f'{{ node(id: "x") {{ {EVENTS} {EXPORTS} }} }}', {}, 6 + 5),
        ("query A { accounts(first: 3) { totalCount } } query B { accounts(first: 4) { totalCount } }", {}, 4),
    ],
)
def test_requested_nodes_are_pages_times_the_pages_within_them(query: str, variables: dict[str, Any], nodes: int):
    name = "B" if "query B" in query else None
    assert requested_nodes(schema._schema, Asked(query, name, parse(query)), variables) == nodes
