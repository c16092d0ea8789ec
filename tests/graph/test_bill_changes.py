"""What changed on a bill between two positions: line by line, and by which events."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.events import PRICES, around, at, changes_of, corrected, price_set, renewed, request_completed, requests, voided
from tests.graph.conftest import Service
from tests.graph.test_bill import DAYS, DIMENSIONS, FINANCE, gpu_price, ran
from tests.graph.test_explanations import total

NOW = "query($range: TimeRange!) { account { bill(range: $range) { total dataState { position } } } }"
CHANGES = """query($range: TimeRange!, $since: Position!, $upTo: Position, $by: [BillDimension!], $after: String) { account {
    billChanges(range: $range, from: $since, upTo: $upTo) {
        before { total dataState { position } } after { total dataState { position } }
        lines(groupBy: $by) { before after change line { service model fee category } }
        events(first: 3, after: $after) { totalCount nodes { type eventId position } pageInfo { hasNextPage endCursor } }
    } } }"""


async def position_now(service: Service) -> str:
    return (await service.ask(NOW, FINANCE, range=DAYS))["account"]["bill"]["dataState"]["position"]


async def changes(service: Service, **variables: Any) -> dict[str, Any]:
    return (await service.ask(CHANGES, FINANCE, **{"range": DAYS, "by": ["MODEL"], **variables}))["account"]["billChanges"]


async def all_events(service: Service, **variables: Any) -> list[str]:
    found, after = [], None
    while True:
        events = (await changes(service, after=after, **variables))["events"]
        found += [each["eventId"] for each in events["nodes"]]
        if not events["pageInfo"]["hasNextPage"]:
            assert events["totalCount"] == len(found)
            return found
        after = events["pageInfo"]["endCursor"]


async def test_late_reports_corrections_voidings_and_ratings_again_are_named(service: Service):
    # Given a bill that somebody has seen
    first, second, third = (request_completed(at("09:00"), id=f"{number}") for number in range(3))
    service.record(*PRICES, first, second, third)
    seen = await position_now(service)
    # When more comes in: of the range, of another one, of another account, and a correction that waits
    service.record(
        request_completed(at("10:00"), id="late"),
        request_completed(at("10:00", "2026-03-01"), id="of another month"),
        request_completed(at("10:00"), id="of another", account="other"),
        corrected(first, id="less", input=(("prompt", "token", 1),)),
        voided(second, id="void"),
        corrected(request_completed(at("10:00"), id="never reported"), id="waits", input=()),
        price_set(unit_price="1"),
    )
    again = renewed(at("08:00"), at("09:30"))
    service.record(again)
    # Then it is told which events changed it, and how
    assert await all_events(service, since=seen) == ["late", "less", "void", again.id]
    found = await changes(service, since=seen)
    (line,) = found["lines"]
    assert line["line"]["model"] == "gpt-4o"
    assert (
        Decimal(line["change"])
        == Decimal(found["after"]["total"]) - Decimal(found["before"]["total"])
        == Decimal(line["after"]) - Decimal(line["before"])
    )
    assert Decimal(line["after"]) == Decimal("0.000075") + Decimal("1.00005") + Decimal("10.00005")
    # And up to where nothing had come, nothing changed
    nothing = await changes(service, since=seen, upTo=seen)
    assert (nothing["lines"], nothing["events"]["totalCount"]) == ([], 0)


async def test_what_is_told_of_deployments_changes_the_bill(service: Service):
    service.record(gpu_price("2.5", at("00:00")), *ran("gpu-1", at("09:00"), None, 1))
    seen = await position_now(service)
    stopped = ran("gpu-1", at("09:00"), at("10:00"), 1)[-1]
    service.record(stopped, gpu_price("3", at("00:00")), *ran("of-another-month", at("09:00", "2026-06-01"), None, 1))
    assert await all_events(service, since=seen) == [stopped.id, "h100 3"]


@pytest.mark.parametrize("since", ["later", "nonsense"])
async def test_positions_that_make_no_sense_are_named(service: Service, since: str):
    service.record(*PRICES)
    early = await position_now(service)
    service.record(request_completed(at("09:00")))
    variables = {"since": await position_now(service), "upTo": early} if since == "later" else {"since": "nonsense"}
    error = await service.refusal(CHANGES, FINANCE, range=DAYS, **variables)
    assert (error["code"], "from" in error["message"]) == ("BAD_INPUT", True)


@settings(max_examples=10)
@given(data=st.data())
async def test_adds_up_the_changes_of_lines_are_the_change_of_the_total(service: Service, data):
    events = data.draw(
        st.lists(requests(around(at("20:00", "2026-04-20"), timedelta(hours=60))), max_size=12, unique_by=lambda each: each.id)
    )
    service.record(*PRICES, *events[:6])
    seen = await position_now(service)
    service.record(price_set(unit_price="0.5"), *events[6:], *(data.draw(changes_of(each)) for each in events[:4]))
    by = data.draw(st.lists(st.sampled_from(DIMENSIONS), unique=True))
    found = await changes(service, since=seen, by=by)
    change = Decimal(found["after"]["total"]) - Decimal(found["before"]["total"])
    assert total(each["change"] for each in found["lines"]) == change
    assert not change or found["events"]["totalCount"] > 0
