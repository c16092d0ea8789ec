"""A figure that cannot be explained is a bug: from every sum down to the requests, their events, and the events that set the prices."""

from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.events import PRICES, around, at, changes_of, corrected, price_set, renewed, request_completed, requests
from tests.graph.conftest import Service
from tests.graph.test_bill import DAYS, DIMENSIONS, FINANCE, gpu_price, ran, record_in_april

EXACT = Context(prec=200)
RATED = "ratedLines { direction category label quantity unit unitPrice fee price { position type data } }"
REQUESTS = f"nodes {{ eventId fee events {{ type version data }} {RATED} }}"
CHARGES = "gpuCharges { deployment { key } from to quarterHours gpuSeconds unitPrice fee price { type data } }"
BILL = f"""query($range: TimeRange!, $zone: TimeZone, $by: [BillDimension!]) {{ account {{ bill(range: $range, timeZone: $zone) {{
    total lines(groupBy: $by) {{ direction category unit fee quantity history(first: 100) {{ {REQUESTS} }} {CHARGES} }} }} }} }}"""
BUCKETS = f"""query($range: TimeRange!, $line: UsageLineInput!) {{ account {{ routerUsage(range: $range) {{
    buckets(interval: DAY, groupBy: [MODEL, API_KEY], first: 20) {{ nodes {{ totalFee requests
        {{side}} {{ category unit count fee }} history(first: 100, line: $line) {{ {REQUESTS} }} }} }} }} }} }}"""


def total(amounts: Any) -> Decimal:
    sum = Decimal(0)
    for amount in amounts:
        sum = EXACT.add(sum, Decimal(amount))
    return sum


def fee_of(request: dict[str, Any], line: dict[str, Any]) -> Decimal:
    """What the request adds to a line of the bill."""
    if line["category"] is None:
        return Decimal(request["fee"])
    rated = [each for each in request["ratedLines"] if all(each[name] == line[name] for name in ("direction", "category", "unit"))]
    return total(each["fee"] for each in rated)


def check(request: dict[str, Any]) -> None:
    """The arithmetic of one request."""
    assert request["events"][0]["type"] == "request.completed"
    lines = request["ratedLines"]
    for line in lines:
        if line["price"] is None:
            assert line["unitPrice"] is None
            assert line["fee"] in (None, "0")
        else:
            assert line["price"]["type"] == "price.set"
            assert Decimal(line["price"]["data"]["unit_price"]) == Decimal(line["unitPrice"])
            assert Decimal(line["fee"]) == EXACT.multiply(Decimal(line["quantity"]), Decimal(line["unitPrice"]))
    if request["fee"] is not None:
        assert Decimal(request["fee"]) == total(line["fee"] for line in lines)


@pytest.mark.postgres
@settings(max_examples=10)
@given(data=st.data())
async def test_adds_up_every_line_of_the_bill_is_explained_by_its_requests_and_gpu_time(service: Service, database_url: str, data):
    events = data.draw(
        st.lists(requests(around(at("20:00", "2026-04-20"), timedelta(hours=60))), max_size=20, unique_by=lambda each: each.id)
    )
    changes = [data.draw(changes_of(each)) for each in events[:3]]
    again = [renewed(at("22:00", "2026-04-20"), at("23:30"))] if data.draw(st.booleans()) else []
    record_in_april(
        service,
        database_url,
        *PRICES,
        gpu_price("2.123456789", at("00:00", "2026-04-21")),
        *ran("gpu-1", at("13:07:11", "2026-04-20"), None, 3),
        *ran("gpu-2", at("09:30"), at("09:37"), 1, "fine_tuning"),
        *events,
        price_set(unit_price="0.75"),
        *changes,
        *again,
    )
    by = data.draw(st.lists(st.sampled_from(DIMENSIONS), unique=True))
    zone = data.draw(st.sampled_from(("UTC", "Asia/Kathmandu")))
    answer = await service.ask(BILL, FINANCE, range=DAYS, by=by, zone=zone)
    for line in answer["account"]["bill"]["lines"]:
        for request in line["history"]["nodes"]:
            check(request)
        for charge in line["gpuCharges"]:
            each = EXACT.divide(EXACT.multiply(Decimal(charge["gpuSeconds"]), Decimal(charge["unitPrice"])), Decimal(3600))
            rounded = each.quantize(Decimal("1E-12"), ROUND_HALF_EVEN, EXACT)
            assert Decimal(charge["fee"]) == rounded * charge["quarterHours"]
            assert charge["price"]["type"] == "gpu_price.set"
        fees = [*(fee_of(each, line) for each in line["history"]["nodes"]), *(each["fee"] for each in line["gpuCharges"])]
        assert Decimal(line["fee"]) == total(fees)


async def test_every_factor_of_a_bucket_is_explained_by_the_requests_that_have_such_a_line(service: Service):
    events = [
        request_completed(at("09:00"), id="1", input=(("cached", "token", 5), ("prompt", "token", 10))),
        request_completed(at("10:00"), id="2", input=(("prompt", "token", 7),)),
        request_completed(at("11:00"), id="3", model="unpriced", input=(("cached", "token", 2),)),
    ]
    service.record(*PRICES, *events, corrected(events[1], input=(("prompt", "token", 70),)))
    for side, category, expected in (
        ("input", "prompt", {"1", "2"}),
        ("input", "cached", {"1", "3"}),
        ("output", "completion", {"1", "2", "3"}),
    ):
        line = {"direction": side.upper(), "category": category}
        answer = await service.ask(BUCKETS.replace("{side}", side), FINANCE, range=DAYS, line=line)
        found: set[str] = set()
        for bucket in answer["account"]["routerUsage"]["buckets"]["nodes"]:
            (factor,) = [each for each in bucket[side] if each["category"] == category] or [{"count": "0", "fee": None}]
            nodes = bucket["history"]["nodes"]
            found |= {each["eventId"] for each in nodes}
            own = [each for request in nodes for each in request["ratedLines"] if each["direction"] == side.upper()]
            lines = [each for each in own if each["category"] == category]
            assert int(factor["count"]) == sum(int(each["quantity"]) for each in lines)
            known = [each["fee"] for each in lines if each["fee"] is not None]
            assert (None if factor["fee"] is None else Decimal(factor["fee"])) == (total(known) if known else None)
            for request in nodes:
                check(request)
        assert found == expected


async def test_what_has_no_price_says_which_line_has_none(service: Service):
    service.record(*PRICES, request_completed(at("09:00"), id="1", input=(("audio", "second", 3), ("prompt", "token", 10))))
    answer = await service.ask(
        f"query($range: TimeRange!) {{ account {{ history(range: $range) {{ {REQUESTS} }} }} }}", FINANCE, range=DAYS
    )
    (request,) = answer["account"]["history"]["nodes"]
    assert request["fee"] is None
    assert [(each["category"], each["unitPrice"]) for each in request["ratedLines"]] == [
        ("prompt", "0.0000025"),
        ("audio", None),
        ("completion", "0.00001"),
    ]
