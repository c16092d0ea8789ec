"""Read your own writes: `atLeast` waits until the read models include a position, and not for ever."""

import asyncio
from dataclasses import replace

from tests.events import at, request_completed
from tests.graph.conftest import READER, Service

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
