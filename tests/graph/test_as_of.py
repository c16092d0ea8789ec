"""As of: answers for a place in the log, or before an instant, stay what they were then."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.events import UsageEvent, microseconds
from ledger.application import CELL
from ledger.position import Position
from tests.domain.lives import told
from tests.events import PRICES, at, corrected, price_set, renewed, request_completed, voided
from tests.graph.conftest import MAX_CONNECTIONS, Service
from tests.graph.test_bill import gpu_price, ran
from tests.projections.past import dated

DAY = {"from": "2026-04-21T00:00:00Z", "to": "2026-04-22T00:00:00Z"}
FINANCE = "acme:read+billing"
RIVAL = "rival:read+billing"
FIGURES = """dataState { position completeThrough unpricedRequests estimatedRequests unknownTokenRequests }"""
ARGUMENTS = "range: $range, asOf: $asOf, recordedBefore: $recordedBefore"
PAST = "$range: TimeRange!, $asOf: Position, $recordedBefore: DateTime"
QUERY = f"""query({PAST}, $prices: [PriceInput!]) {{ account {{
    routerUsage({ARGUMENTS}, prices: $prices) {{
        {FIGURES} totalRequests totalTokens usedModels averageLatency successRate errorCount totalFee throughput
        input {{ category count fee }} output {{ category count fee }}
        buckets {{ nodes {{ time model requests totalFee partial history {{ nodes {{ eventId version fee }} totalCount }} }} totalCount }}
        peak {{ time requests }} }}
    bill({ARGUMENTS}, prices: $prices) {{ {FIGURES} total unpricedGpuHours
        lines(groupBy: [SERVICE, MODEL, DEPLOYMENT, CATEGORY]) {{
            service model category quantity fee deployment {{ key name status gpus }} }} }}
    deploymentUsage({ARGUMENTS}) {{
        {FIGURES} totalRequests activeDeployments allocatedGpuSeconds idleGpuHours utilization totalTokens totalFee fineTunings
        series(interval: HOUR) {{ time requests gpuSeconds fee partial }}
        deployments {{ nodes {{ name requests gpuSeconds fee deployment {{ status stoppedAt }} }} totalCount }} }}
    }} }}"""
TOTAL = f"query({PAST}) {{ account {{ routerUsage({ARGUMENTS}) {{ totalRequests dataState {{ position completeThrough }} }} }} }}"
PAGE = f"""query({PAST}, $after: String, $field: RouterOrderField!) {{ account {{ routerUsage({ARGUMENTS}) {{
    buckets(interval: QUARTER_HOUR, first: 2, after: $after, orderBy: {{field: $field}}) {{
        nodes {{ time model requests totalFee }} totalCount pageInfo {{ endCursor hasNextPage }} }} }} }} }}"""

FIRST = request_completed(at("09:00"), id="1")
SECOND = request_completed(at("10:10"), id="2", model="Llama", channel="deployment", deployment="gpu-1")
COURSE: tuple[tuple[UsageEvent, ...], ...] = (
    (*PRICES, gpu_price("2.5", at("00:00")), FIRST, SECOND, *ran("gpu-1", at("08:00"), None, 2)),
    (request_completed(at("09:00:30"), id="late"), corrected(FIRST, input=(("prompt", "token", 1_000),))),
    (told("stopped", microseconds(at("09:30")), id="late stop"), price_set("gpt-4o", "prompt", "0.5")),
    (renewed(at("00:00"), at("23:00")),),
    (gpu_price("3.5", at("01:00")), voided(FIRST, 2), corrected(SECOND, channel="router"), request_completed(at("11:00"), account="rival")),
    (told("created", microseconds(at("07:00")), gpus=4, name="renamed", id="early"), told("started", microseconds(at("08:30")), id="x")),
)


def recorded(service: Service, database_url: str, when: datetime, *events: UsageEvent) -> str:
    """Record them as if at that instant; the position, sealed."""
    position = service.record(*events, project=False)
    dated(database_url, when)
    service.project()
    return position


async def then(service: Service, token: str = FINANCE, **asked: Any) -> dict[str, Any]:
    return (await service.ask(QUERY, token, range=DAY, **asked))["account"]


@pytest.fixture
async def course(service: Service, database_url: str) -> list[tuple[datetime, str, dict[str, Any]]]:
    """What was recorded on the evening of that day, hour by hour, and what every answer was after each."""
    found = []
    for hour, events in enumerate(COURSE):
        when = at("12:00") + timedelta(hours=hour)
        position = recorded(service, database_url, when, *events)
        found.append((when, position, await then(service)))
    return found


@pytest.mark.postgres
async def test_an_answer_as_of_a_position_is_the_one_that_was_given_there(service: Service, course: list[Any]):
    assert len({str(answer) for _, _, answer in course}) == len(course)
    for _, position, answer in course:
        assert await then(service, asOf=position) == answer


async def test_what_was_recorded_before_an_instant_is_the_answer_that_was_given_last(service: Service, course: list[Any]):
    for when, position, _ in course[:-1]:
        instant = when + timedelta(minutes=30)
        answer = await then(service, recordedBefore=instant.isoformat())
        as_of = await then(service, asOf=position)
        for usage in answer.values():
            assert usage["dataState"]["position"] == position
            assert usage["dataState"]["completeThrough"] == f"{instant:%Y-%m-%dT%H:%M:%S}Z"
        assert answer["routerUsage"]["buckets"] == as_of["routerUsage"]["buckets"]
        assert answer["deploymentUsage"]["deployments"]["totalCount"] == as_of["deploymentUsage"]["deployments"]["totalCount"]
        # Whatever runs with time has gone on until then
        before, after = (float(each["deploymentUsage"]["allocatedGpuSeconds"]) for each in (as_of, answer))
        assert after - before == (2 * 1_800 if when < at("14:00") else 0)


async def test_one_instant_is_not_before_itself(service: Service, course: list[Any]):
    (_, first, _), (when, _, _), *_ = course
    answer = await then(service, recordedBefore=when.isoformat())
    assert answer["routerUsage"]["dataState"]["position"] == first


async def test_what_if_holds_for_the_past_too(service: Service, course: list[Any]):
    prices = [{"model": "gpt-4o", "direction": "INPUT", "category": "prompt", "unitPrice": "1", "effectiveFrom": "2026-04-01T00:00:00Z"}]
    fees = [(await then(service, asOf=position, prices=prices))["routerUsage"]["totalFee"] for _, position, _ in course]
    assert fees[:2] == ["10.00005", "1010.0001"]
    assert fees[-1] == (await then(service, prices=prices))["routerUsage"]["totalFee"]


async def test_before_anything_was_recorded_there_was_nothing(service: Service):
    nothing = Position(CELL, 0).sealed(service.seal)
    asked = [{"asOf": nothing}, {"recordedBefore": "1970-01-01T00:00:00Z"}]
    before = [(await service.ask(TOTAL, range=DAY, **each))["account"]["routerUsage"] for each in asked]
    service.record(FIRST)
    after = [(await service.ask(TOTAL, range=DAY, **each))["account"]["routerUsage"] for each in asked]
    expected = {"totalRequests": 0, "dataState": {"position": nothing, "completeThrough": "1970-01-01T00:00:00Z"}}
    assert before == after == [expected, expected]


@pytest.mark.parametrize("field", ["TIME", "REQUESTS", "TOTAL_FEE"])
async def test_pages_do_not_drift(service: Service, field: str):
    requests = [request_completed(at(f"{hour:02}:{minute}"), id=f"{hour} {minute}") for hour in range(8, 11) for minute in (10, 11, 40)]
    position = service.record(*PRICES, *requests)
    asked = {"range": DAY, "field": field}
    found: list[Any] = []
    cursor, whole = None, (await page(service, **asked, after=None))["totalCount"]
    while cursor is None or found[-1]["pageInfo"]["hasNextPage"]:
        found.append(await page(service, **asked, asOf=position, after=cursor))
        cursor = found[-1]["pageInfo"]["endCursor"]
        # Meanwhile others come, and some of those that were there go
        at_once = voided(requests.pop()) if len(found) % 2 else corrected(requests.pop(0), input=(("prompt", "token", 5_000),))
        service.record(at_once, request_completed(at(f"{11 + len(found)}:00")), request_completed(at("08:11")))
    nodes = [node for each in found for node in each["nodes"]]
    assert {each["totalCount"] for each in found} == {whole} == {len(nodes)} == {6}
    assert len({node["time"] for node in nodes}) == 6
    assert sorted(node["requests"] for node in nodes) == [1, 1, 1, 2, 2, 2]


async def page(service: Service, **asked: Any) -> dict[str, Any]:
    return (await service.ask(PAGE, **asked))["account"]["routerUsage"]["buckets"]


async def test_a_cursor_is_good_for_the_position_that_it_came_with(service: Service, course: list[Any]):
    (_, first, _), (_, second, _), *_ = course
    asked = {"range": DAY, "field": "TIME"}
    cursor = (await page(service, **asked, asOf=first))["pageInfo"]["endCursor"]
    for other in ({"asOf": second}, {}, {"recordedBefore": "2026-04-21T12:30:00Z"}):
        assert (await service.refusal(PAGE, **asked, **other, after=cursor))["field"] == ["after"]


async def test_what_cannot_be_asked(service: Service, course: list[Any]):
    position, ahead = course[0][1], service.record(request_completed(at("09:00")), project=False)
    both = await service.refusal(TOTAL, range=DAY, asOf=position, recordedBefore="2026-04-21T12:30:00Z")
    assert both == {
        "code": "BAD_INPUT",
        "message": "asOf and recordedBefore both say when: give one of them.",
        "field": ["recordedBefore"],
    }
    for usage in ("routerUsage", "bill", "deploymentUsage"):
        query = f"query({PAST}) {{ account {{ {usage}({ARGUMENTS}) {{ dataState {{ position }} }} }} }}"
        refused = await service.refusal(query, FINANCE, range=DAY, asOf=ahead)
        assert (refused["code"], refused["field"]) == ("BAD_INPUT", ["asOf"])
        assert "ahead of what the read models include: give it as atLeast, too" in refused["message"]
        refused = await service.refusal(query, FINANCE, range=DAY, recordedBefore="2026-04-21T17:00:00.000001Z")
        assert (refused["code"], refused["field"]) == ("BAD_INPUT", ["recordedBefore"])
        assert "later than 2026-04-21T17:00:00.000000Z" in refused["message"]
        refused = await service.refusal(query, FINANCE, range=DAY, asOf="nonsense")
        assert (refused["code"], refused["field"]) == ("BAD_INPUT", ["asOf"])
        elsewhere = Position("cell_7", 1).sealed(service.seal)
        assert (await service.refusal(query, FINANCE, range=DAY, asOf=elsewhere))["field"] == ["asOf"]


async def test_yours_alone_the_position_of_another_account_gives_nothing_away(service: Service, course: list[Any]):
    theirs = service.record(request_completed(at("09:00"), account="rival", id="theirs"))
    ours = service.record(request_completed(at("09:00"), id="ours"))
    assert (await then(service, asOf=theirs))["routerUsage"]["totalRequests"] == course[-1][2]["routerUsage"]["totalRequests"]
    assert (await then(service, RIVAL, asOf=course[0][1]))["routerUsage"]["totalRequests"] == 0
    assert (await then(service, RIVAL, asOf=ours))["routerUsage"]["totalRequests"] == 2
    assert (await then(service, RIVAL, asOf=ours))["deploymentUsage"]["deployments"]["totalCount"] == 0


async def test_who_does_not_ask_for_the_past_does_not_pay_for_it(service: Service, course: list[Any]):
    service.snapshots.asked.clear()
    await then(service)
    assert not [text for text in service.snapshots.asked if "as_of" in text or "history_past" in text]
    await then(service, asOf=course[0][1])
    assert [text for text in service.snapshots.asked if "history_past" in text]


async def test_more_pages_of_the_past_at_once_than_there_are_connections_have_enough_of_them(service: Service):
    told = service.record(*(request_completed(at("09:30"), id=f"{i}") for i in range(3)))
    asked = f"""{{ account {{ routerUsage(range: {{from: "2026-04-21T09:00:00Z", to: "2026-04-21T11:00:00Z"}}, asOf: "{told}") {{
        buckets {{ nodes {{ requests }} }} }} }} }}"""
    answers = await asyncio.gather(*(service.ask(asked) for _ in range(2 * MAX_CONNECTIONS)))
    assert [answer["account"]["routerUsage"]["buckets"]["nodes"] for answer in answers] == [[{"requests": 3}]] * len(answers)
