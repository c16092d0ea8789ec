"""Law: adds up. Σ buckets = totals of the range = Σ history, exactly, in every zone, interval and grouping, wherever the range cuts."""

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import events
from tests.graph.conftest import Service

START = datetime.fromisoformat("2026-03-28T00:00Z")  # the clocks go forward in Berlin a day later, and back on Lord Howe a week later
SPAN = timedelta(days=9)
FACTORS = "{ category unit count fee }"
QUERY = f"""
    query(
        $range: TimeRange!, $filter: RouterFilter, $interval: Interval, $timeZone: TimeZone!, $groupBy: [RouterDimension!]!, $after: String
    ) {{
        account {{
            routerUsage(range: $range, filter: $filter) {{
                totalRequests totalTokens totalFee errorCount input {FACTORS} output {FACTORS} dataState {{ unpricedRequests }}
                buckets(interval: $interval, timeZone: $timeZone, groupBy: $groupBy, first: 7, after: $after) {{
                    nodes {{ requests totalTokens totalFee errorCount unpricedRequests
                        input {FACTORS} output {FACTORS} history {{ totalCount }} }}
                    pageInfo {{ hasNextPage endCursor }}
                }}
            }}
        }}
    }}"""
HISTORY = f"""
    query($range: TimeRange!, $filter: HistoryFilter) {{ account {{ history(range: $range, filter: $filter, first: 1000) {{
        totalCount nodes {{ totalTokens fee statusCode errorMessage input {FACTORS} output {FACTORS} }}
    }} }} }}"""

zones = st.sampled_from(("UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"))
intervals = st.sampled_from(("QUARTER_HOUR", "HOUR", "DAY", "WEEK", "MONTH", None))
groupings = st.lists(st.sampled_from(("MODEL", "API_KEY", "PROVIDER")), unique=True)
filters = st.fixed_dictionaries(
    {},
    optional={
        "models": st.lists(st.sampled_from(("gpt-4o", "änderung")), max_size=2),
        "providers": st.lists(st.sampled_from(("openai", None)), max_size=2),
        "apiKeys": st.lists(st.sampled_from(("key-1", None)), max_size=2),
    },
)
instants = events.around(START, SPAN)
accounts = count(1)


@st.composite
def ranges(draw: st.DrawFn) -> dict[str, str]:
    """Anywhere, also within a quarter-hour."""
    start = draw(instants)
    end = start + draw(st.timedeltas(timedelta(microseconds=1), timedelta(hours=1)) | st.timedeltas(timedelta(hours=1), SPAN))
    return {"from": start.isoformat(), "to": end.isoformat()}


@pytest.mark.postgres
@settings(max_examples=25)
@given(data=st.data(), requests=st.lists(events.requests(instants), min_size=1, max_size=30), time_zone=zones)
async def test_buckets_and_history_add_up_to_the_totals(service: Service, data: st.DataObject, requests: list[Any], time_zone: str):
    # Given an account of its own with those requests, in two batches
    key = f"account-{next(accounts)}"
    named = [msgspec.structs.replace(each, account=key) for each in requests]
    service.record(*events.PRICES, *named[::2])
    if named[1::2]:
        service.record(*named[1::2])
    for _ in range(3):
        # When a range is asked for, in buckets and one by one
        range_ = data.draw(ranges())
        filter = data.draw(filters)
        asked = {
            "range": range_,
            "filter": filter,
            "interval": data.draw(intervals),
            "timeZone": time_zone,
            "groupBy": data.draw(groupings),
        }
        total, buckets = await usage_and_buckets(service, f"{key}:read", **asked)
        history = (await service.ask(HISTORY, f"{key}:read", range=range_, filter={**filter, "channel": "ROUTER"}))["account"]["history"]
        # Then they add up
        assert summed(buckets) == total
        assert sum(bucket["history"]["totalCount"] for bucket in buckets) == total["requests"] == history["totalCount"]
        assert summed([one(request) for request in history["nodes"]]) == total


async def usage_and_buckets(service: Service, token: str, **asked: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The totals, in the words of a bucket, and all buckets, page by page."""
    buckets: list[dict[str, Any]] = []
    after = None
    while True:
        usage = (await service.ask(QUERY, token, after=after, **asked))["account"]["routerUsage"]
        found = usage.pop("buckets")
        buckets += found["nodes"]
        if not found["pageInfo"]["hasNextPage"]:
            break
        after = found["pageInfo"]["endCursor"]
    total = {"requests": usage["totalRequests"], **usage, "unpricedRequests": usage["dataState"]["unpricedRequests"]}
    return summed([total]), buckets


def one(request: dict[str, Any]) -> dict[str, Any]:
    """A request of history as a bucket of its own."""
    code = request["statusCode"]
    failed = request["errorMessage"] is not None if code is None else code >= 400
    return {
        **request,
        "requests": 1,
        "errorCount": int(failed),
        "totalFee": request["fee"],
        "unpricedRequests": int(request["fee"] is None),
    }


def summed(figures: list[dict[str, Any]]) -> dict[str, Any]:
    sums: dict[str, Any] = {
        name: sum(each[name] or 0 for each in figures) for name in ("requests", "totalTokens", "errorCount", "unpricedRequests")
    }
    sums["totalFee"] = events.added_up(each["totalFee"] for each in figures)
    for side in ("input", "output"):
        factors: dict[tuple[str, str], tuple[int, Decimal]] = {}
        for factor in (factor for each in figures for factor in each[side] or ()):
            kind = (factor["category"], factor["unit"])
            count, fee = factors.get(kind, (0, Decimal(0)))
            factors[kind] = (count + factor["count"], events.added_up((fee, factor["fee"])))
        sums[side] = factors
    return sums
