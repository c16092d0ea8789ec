"""An operation that asked one question the last time is answered by one statement, and the answer is what it would have been."""

from typing import Any

import httpx
import pytest

from graph.endpoint import Endpoint
from graph.schema import schema_with
from tests.events import at, request_completed
from tests.graph.conftest import READER, Service
from tests.graph.test_compiled_answers import Eager
from tests.graph.test_rebuilding import rebuild, until_over
from tests.projections.following import attending

PAGE = """query ($models: [String!], $after: String, $counted: Boolean = false, $at: Position) {
    account(atLeast: $at) { history(
        range: {from: "2026-04-21T09:00:00Z", to: "2026-04-21T11:00:00Z"}, filter: {models: $models}, first: 3, after: $after
    ) { totalCount @include(if: $counted) edges { cursor node { eventId model } } pageInfo { hasNextPage endCursor } } } }"""
TWO = """query ($models: [String!]!) { account {
    a: history(range: {from: "2026-04-21T09:00:00Z", to: "2026-04-21T11:00:00Z"}, filter: {models: $models}, first: 2) { nodes { eventId } }
    b: history(range: {from: "2026-04-21T09:00:00Z", to: "2026-04-21T11:00:00Z"}, last: 1) { nodes { model } } } }"""


class Asking:
    """Asks an endpoint that makes plans at once, and says whether the last answer took one statement and no transaction."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._endpoint = Endpoint(schema_with(Eager), service.endpoint.open_context)

    async def ask(self, query: str = PAGE, **variables: Any) -> dict[str, Any]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self._endpoint), base_url="http://tallygraph") as client:
            headers = {"authorization": f"Bearer {READER}"}
            return (await client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)).json()

    async def events(self, **variables: Any) -> list[str]:
        history = (await self.ask(**variables))["data"]["account"]["history"]
        return [edge["node"]["eventId"] for edge in history["edges"]]

    @property
    def was_one_statement(self) -> bool:
        return self._service.snapshots.opened[-1]._state is None


@pytest.fixture
def asking(service: Service) -> Asking:
    service.record(*(request_completed(at(f"10:{minute:02}"), id=f"r{minute}", model=f"m{minute % 2}") for minute in range(8)))
    return Asking(service)


async def foreseen(asking: Asking) -> dict[str, Any]:
    """The answer, once it takes one statement."""
    for _ in range(2):
        await asking.ask()
    answer = await asking.ask()
    assert asking.was_one_statement
    assert answer["extensions"]["cost"]["used"] | {"databaseMilliseconds": 0} == {
        "nodes": 3,
        "statements": 1,
        "rows": 4,
        "databaseMilliseconds": 0,
    }
    return answer


async def test_pages_follow_one_another(asking: Asking):
    first = await foreseen(asking)
    history, found = first["data"]["account"]["history"], list[str]()
    while True:
        found += [edge["node"]["eventId"] for edge in history["edges"]]
        if not history["pageInfo"]["hasNextPage"]:
            break
        history = (await asking.ask(after=history["pageInfo"]["endCursor"]))["data"]["account"]["history"]
        assert asking.was_one_statement
    assert found == [f"r{minute}" for minute in range(7, -1, -1)]


async def test_nothing_found_is_asked_once_more_and_is_the_answer(asking: Asking):
    await foreseen(asking)
    empty = await asking.ask(models=["m9"])
    assert empty["data"]["account"]["history"] == {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    assert empty["extensions"]["cost"]["used"]["statements"] == 1
    assert not asking.was_one_statement
    assert await asking.events(models=["m1"]) == ["r7", "r5", "r3"]
    assert not asking.was_one_statement, "nothing is foreseen after nothing was found"
    assert await asking.events(models=["m0"]) == ["r6", "r4", "r2"]
    assert asking.was_one_statement


async def test_what_asks_more_than_the_last_time_is_answered_from_one_snapshot(asking: Asking):
    for _ in range(3):  # no model is none of the requests: that is not asked
        assert (await asking.ask(TWO, models=[]))["data"] == {"account": {"a": {"nodes": []}, "b": {"nodes": [{"model": "m0"}]}}}
    assert asking.was_one_statement
    answer = await asking.ask(TWO, models=["m1"])
    assert answer["data"] == {"account": {"a": {"nodes": [{"eventId": "r7"}, {"eventId": "r5"}]}, "b": {"nodes": [{"model": "m0"}]}}}
    assert "errors" not in answer
    assert answer["extensions"]["cost"]["used"]["statements"] == 2
    assert not asking.was_one_statement


async def test_another_selection_of_the_same_document_is_another_matter(asking: Asking):
    await foreseen(asking)
    for _ in range(3):
        history = (await asking.ask(counted=True))["data"]["account"]["history"]
        assert (history["totalCount"], len(history["edges"])) == (8, 3)
        assert not asking.was_one_statement
    await asking.ask()
    assert asking.was_one_statement


async def test_what_is_new_is_seen(service: Service, asking: Asking):
    await foreseen(asking)
    position = service.record(request_completed(at("10:30"), id="new"))
    assert await asking.events(at=position) == ["new", "r7", "r6"]
    assert asking.was_one_statement


async def test_after_a_rebuild_the_new_read_models_answer_and_refuse_cursors_of_the_old(service: Service, asking: Asking):
    # Given a page that is foreseen
    before = await foreseen(asking)
    cursor = before["data"]["account"]["history"]["pageInfo"]["endCursor"]
    # When the read models are built anew, and the old ones dropped
    await rebuild(service, "history")
    with attending(service.runner):
        assert [each async for each in until_over(service)]
    # Then the answer is the same, but for its cursors
    after = await asking.ask()
    assert not asking.was_one_statement
    assert nodes(after) == nodes(before)
    assert after["data"] != before["data"]
    [error] = (await asking.ask(after=cursor))["errors"]
    assert error["extensions"]["field"] == ["after"]


def nodes(answer: dict[str, Any]) -> list[Any]:
    return [edge["node"] for edge in answer["data"]["account"]["history"]["edges"]]
