"""Operators have read models built anew: the wish is durable, a runner carries it out, and readers see the same before and after."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from projections.runner import Runner
from projections.usage import READ_MODELS
from tests.events import at, request_completed
from tests.graph.conftest import BOUND_SECONDS, OPERATOR, Service
from tests.projections.following import attending
from tests.projections.read_models import watched

REBUILD = """mutation($name: String!) { rebuildReadModel(name: $name) {
    readModel { name position lag rebuilding } errors { code message field } } }"""
STATES = "{ eventLog { readModels { name position lag rebuilding } } }"
TOTAL = """{ account { routerUsage(range: {from: "2026-04-21T00:00:00Z", to: "2026-04-22T00:00:00Z"}) {
    totalRequests totalTokens buckets(interval: HOUR, groupBy: [MODEL]) { nodes { time requests } } } } }"""


async def rebuild(service: Service, name: str) -> dict[str, Any]:
    return (await service.ask(REBUILD, OPERATOR, name=name))["rebuildReadModel"]


async def progress(service: Service) -> float | None:
    """The same of all of them, which are built together."""
    (found,) = {each["rebuilding"] for each in (await service.ask(STATES, OPERATOR))["eventLog"]["readModels"]}
    return found


async def until_over(service: Service) -> AsyncIterator[float]:
    """How far it is, each time somebody looks, to its end."""
    async with asyncio.timeout(BOUND_SECONDS):
        while (found := await progress(service)) is not None:
            yield found
            await asyncio.sleep(0.01)


@pytest.fixture
def position(service: Service) -> str:
    """Of ten requests, two of them of one name."""
    return service.record(*(request_completed(at(f"{hour:02}:00"), id="same" if hour < 2 else None) for hour in range(10)))


async def test_a_rebuild_is_followed_from_the_wish_to_the_swap_and_readers_see_the_same(service: Service, position: str):
    # Given figures, and an operator who wants them built anew
    before = await service.ask(TOTAL)
    assert await progress(service) is None
    payload = await rebuild(service, "history")
    assert payload == {"readModel": {"name": "history", "position": position, "lag": 0, "rebuilding": 0.0}, "errors": []}
    # As long as nobody looks after it, it waits; asked for again, by any name, it is the same one
    assert await progress(service) == 0.0
    assert (await rebuild(service, "usage"))["readModel"] == payload["readModel"] | {"name": "usage"}
    # When projections look after it
    slow = watched(Runner(service.ledger.database_url, batch=2), lambda: time.sleep(0.05))  # so that every batch is seen
    with attending(slow):
        seen = [found async for found in until_over(service)]
        assert await service.ask(TOTAL) == before
    # Then it comes nearer to its end, and takes the place of what was there, once
    assert seen == sorted(seen)
    assert {0.2, 0.4, 0.6, 0.8} & {*seen}
    snapshot = service.snapshots.open()
    assert (await snapshot.state()).number == 2
    await snapshot.close()
    assert await service.ask(TOTAL) == before
    service.live = service.runner.ensure_live(service.projecting)
    service.record(request_completed(at("11:00")))
    assert (await service.ask(TOTAL))["account"]["routerUsage"]["totalRequests"] == 10


@pytest.mark.parametrize("name", ["histories", "", "Usage"])
async def test_an_unknown_name_is_told_which_there_are(service: Service, name: str):
    payload = await rebuild(service, name)
    [error] = payload["errors"]
    assert (payload["readModel"], error["code"], error["field"]) == (None, "NOT_FOUND", ["name"])
    assert error["message"].endswith(", ".join(["usage", *sorted(READ_MODELS)]) + ".")
    assert await progress(service) is None


@pytest.mark.parametrize(("token", "reason"), [("*:billing+read+ingest", "lacks the scope OPERATE"), ("acme:operate", "is of one account")])
async def test_rebuilding_is_for_operators_of_all_accounts(service: Service, token: str, reason: str):
    error = await service.refusal(REBUILD, token, name="usage")
    assert error["code"] == "FORBIDDEN"
    assert reason in error["message"]
    assert await progress(service) is None
