"""Read your own writes: `atLeast` waits until the read models include a position, and not for ever."""

import asyncio
from dataclasses import replace

import psycopg
import pytest

from graph.at_least import HEADER
from ledger.listening import APPLICATION_NAME
from projections import snapshot
from tests.cutting import CUT
from tests.events import at, request_completed
from tests.graph.conftest import READER, Service
from tests.jobs.conftest import eventually

RANGE = '{from: "2026-04-21T00:00:00Z", to: "2026-04-22T00:00:00Z"}'
QUERY = f"query($position: Position) {{ account(atLeast: $position) {{ routerUsage(range: {RANGE}) {{ totalRequests }} }} }}"


async def test_what_is_included_already_is_answered_at_once(service: Service):
    position = service.record(request_completed(at("09:00")))
    assert await service.ask(QUERY, position=position) == {"account": {"routerUsage": {"totalRequests": 1}}}
    assert await service.ask(QUERY, position=None) == {"account": {"routerUsage": {"totalRequests": 1}}}


async def test_what_is_not_included_yet_is_waited_for(service: Service):
    position = service.record(request_completed(at("09:00")), project=False)
    asking = asyncio.create_task(service.ask(QUERY, position=position))
    await asyncio.to_thread(service.project)
    assert await asking == {"account": {"routerUsage": {"totalRequests": 1}}}


async def test_every_field_of_the_operation_reads_what_was_waited_for(service: Service):
    position = service.record(request_completed(at("09:00")), project=False)
    query = f"""query($position: Position!) {{
        before: account {{ routerUsage(range: {RANGE}) {{ totalRequests dataState {{ position }} }} }}
        account(atLeast: $position) {{ routerUsage(range: {RANGE}) {{ totalRequests dataState {{ position }} }} }}
    }}"""
    asking = asyncio.create_task(service.ask(query, position=position))
    await asyncio.to_thread(service.project)
    usage = {"routerUsage": {"totalRequests": 1, "dataState": {"position": position}}}
    assert await asking == {"before": usage, "account": usage}


async def test_the_wait_has_a_bound_and_says_so(service: Service):
    service.services = replace(service.services, at_least_seconds=0.05)
    position = service.record(request_completed(at("09:00")), project=False)
    for query in (QUERY, "query($position: Position) { account(atLeast: $position) { key } }"):
        error = await service.refusal(query, position=position)
        assert error == {
            "code": "TIMEOUT",
            "message": "The read models did not include the position of atLeast within 0.05 s: ask again, or leave it out.",
        }
    service.project()
    assert await service.ask(QUERY, position=position) == {"account": {"routerUsage": {"totalRequests": 1}}}


async def test_a_position_that_is_none_of_ours_is_refused(service: Service):
    position = service.record(request_completed(at("09:00")))
    for text in ("1", position[:-1], position + "A", "ä"):
        error = await service.refusal(QUERY, READER, position=text)
        assert (error["code"], error["field"]) == ("BAD_INPUT", ["atLeast"])
        assert "pass one on from a receipt, unchanged" in error["message"]


TOTAL = f"{{ account {{ routerUsage(range: {RANGE}) {{ totalRequests }} }} }}"


def by_header(position: str) -> dict[str, str]:
    return {"authorization": f"Bearer {READER}", HEADER.lower(): position}


async def test_a_header_waits_for_the_position_too_by_post_and_by_get(service: Service):
    for number in (1, 2):
        position = service.record(request_completed(at(f"09:0{number}")), project=False)
        if number == 1:
            asking = asyncio.create_task(service.client.post("/graphql", json={"query": TOTAL}, headers=by_header(position)))
        else:
            asking = asyncio.create_task(service.client.get("/graphql", params={"query": TOTAL}, headers=by_header(position)))
        await asyncio.to_thread(service.project)
        assert (await asking).json()["data"] == {"account": {"routerUsage": {"totalRequests": number}}}


async def test_the_wait_of_a_header_has_a_bound_and_names_the_header(service: Service):
    service.services = replace(service.services, at_least_seconds=0.05)
    position = service.record(request_completed(at("09:00")), project=False)
    [error] = (await service.client.post("/graphql", json={"query": TOTAL}, headers=by_header(position))).json()["errors"]
    assert error["extensions"]["code"] == "TIMEOUT"
    assert (
        error["message"] == "The read models did not include the position of Tallygraph-At-Least within 0.05 s: ask again, or leave it out."
    )


async def test_the_later_of_header_and_argument_is_waited_for(service: Service):
    early = service.record(request_completed(at("09:00")))
    late = service.record(request_completed(at("10:00")), project=False)
    for header, argument in ((early, late), (late, early)):
        body = {"query": QUERY, "variables": {"position": argument}}
        asking = asyncio.create_task(service.client.post("/graphql", json=body, headers=by_header(header)))
        await asyncio.to_thread(service.project)
        assert (await asking).json()["data"] == {"account": {"routerUsage": {"totalRequests": 2}}}


async def test_a_header_that_is_no_position_of_ours_is_refused_whatever_is_asked(service: Service):
    for text in ("", "1", "ä"):
        headers = [(name.encode(), value.encode()) for name, value in by_header(text).items()]
        response = await service.client.post("/graphql", json={"query": "{ viewer { tokenName } }"}, headers=headers)
        [error] = response.json()["errors"]
        assert response.status_code == 400
        assert error["extensions"] == {"code": "BAD_INPUT", "field": [HEADER]}
        assert error["message"].startswith(f"{HEADER}: ")


# ---------------------------------------------------------------- woken
async def test_who_waits_looks_when_a_commit_tells_of_it_and_not_before(service: Service, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(snapshot, "HINT_SECONDS", 3_600)  # so that nothing but what is told ends a wait
    await _heard(service)
    position = service.record(request_completed(at("09:00")), project=False)
    before = len(service.snapshots.opened)
    asking = asyncio.create_task(service.ask(QUERY, position=position))
    await asyncio.to_thread(eventually, lambda: len(service.services.usage_news.reached._waiting) == 1)
    await asyncio.to_thread(service.project)
    assert await asking == {"account": {"routerUsage": {"totalRequests": 1}}}
    assert len(service.snapshots.opened) == before + 3  # in vain, when it was told, and to answer


async def test_who_waits_is_woken_after_a_gap_in_what_is_heard(service: Service, database_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(snapshot, "HINT_SECONDS", 3_600)
    await _heard(service)
    position = service.record(request_completed(at("09:00")), project=False)
    asking = asyncio.create_task(service.ask(QUERY, position=position))
    await asyncio.to_thread(eventually, lambda: len(service.services.usage_news.reached._waiting) == 1)
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute(CUT, [APPLICATION_NAME])
    await asyncio.to_thread(service.project)
    assert await asking == {"account": {"routerUsage": {"totalRequests": 1}}}


async def _heard(service: Service) -> None:
    """Once the service listens: what it missed before it did is over."""

    def heard() -> bool:
        service.record(request_completed(at("08:00", "2026-04-19")))
        return service.services.usage_news.reached.position > 0

    await asyncio.to_thread(eventually, heard)
