"""Buckets: every grouping, interval and zone; pages in every order; and the requests behind each figure."""

from datetime import datetime, timedelta
from itertools import chain, combinations, product
from typing import Any

import pytest

from domain.calendar import MAX_BUCKETS_PER_SERIES
from graph.context import MAX_NODES_PER_OPERATION
from tests.events import at, request_completed
from tests.graph.conftest import Service

DAY = {"from": "2026-04-21T00:00:00Z", "to": "2026-04-22T00:00:00Z"}
BUCKETS = """
    query($range: TimeRange!, $filter: RouterFilter, $interval: Interval = HOUR, $timeZone: TimeZone! = "UTC",
          $groupBy: [RouterDimension!]! = [MODEL, API_KEY], $orderBy: RouterOrder, $first: Int! = 50, $after: String) {
        account { routerUsage(range: $range, filter: $filter) {
            buckets(interval: $interval, timeZone: $timeZone, groupBy: $groupBy, orderBy: $orderBy, first: $first, after: $after) {
                nodes { time partial model provider apiKey { id name } requests totalTokens averageLatency errorCount }
                pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
                totalCount
            }
        } }
    }"""
DIMENSIONS = ("MODEL", "API_KEY", "PROVIDER")


async def page(service: Service, range: dict[str, str] = DAY, **variables: Any) -> dict[str, Any]:
    data = await service.ask(BUCKETS, range=range, **variables)
    return data["account"]["routerUsage"]["buckets"]


async def buckets(service: Service, range: dict[str, str] = DAY, **variables: Any) -> list[dict[str, Any]]:
    return (await page(service, range, **variables))["nodes"]


async def all_pages(service: Service, first: int, **variables: Any) -> list[dict[str, Any]]:
    """The whole list, page by page; each page says truly whether there are others."""
    nodes, after = [], None
    while True:
        found = await page(service, first=first, after=after, **variables)
        nodes += found["nodes"]
        info = found["pageInfo"]
        assert info["hasPreviousPage"] is (after is not None)
        if not info["hasNextPage"]:
            assert len(nodes) == found["totalCount"]
            return nodes
        assert len(found["nodes"]) == first
        after = info["endCursor"]


def every_quarter(start: str, end: str) -> list[Any]:
    """A request in each quarter-hour of [start, end)."""
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    return [request_completed(first + i * timedelta(minutes=15)) for i in range((last - first) // timedelta(minutes=15))]


# ---------------------------------------------------------------- grouping
MANY = [
    request_completed(at("09:00"), model="a", provider="p", api_key="k1", api_key_name="one"),
    request_completed(at("09:10"), model="a", provider="q", api_key="k1", api_key_name="one"),
    request_completed(at("09:20"), model="a", provider=None, api_key=None, api_key_name=None),
    request_completed(at("09:30"), model="b", provider="p", api_key="k2", api_key_name="two"),
    request_completed(at("09:40"), model="b", provider="p", api_key="k2", api_key_name="two", status_code=500),
    request_completed(at("10:40"), model="b", provider="q", api_key="k1", api_key_name="won"),
]


async def test_buckets_are_grouped_by_any_dimensions(service: Service):
    service.record(*MANY)
    subsets = chain.from_iterable(combinations(DIMENSIONS, size) for size in range(4))
    for group_by, interval in product(subsets, ("HOUR", None)):
        found = await buckets(service, groupBy=group_by, interval=interval)
        groups = [(each["time"], each["model"], each["provider"], str(each["apiKey"])) for each in found]
        assert {group: each["requests"] for group, each in zip(groups, found, strict=True)} == grouped(group_by, interval)
        assert len({*groups}) == len(groups)


def grouped(group_by: tuple[str, ...], interval: str | None) -> dict[tuple[Any, ...], int]:
    """Requests of MANY by group, counted one by one."""
    expected: dict[tuple[Any, ...], int] = {}
    for event in MANY:
        key = event.api_key and {"id": event.api_key, "name": {"k1": "won", "k2": "two"}[event.api_key]}
        group = (
            f"2026-04-21T{event.time.hour:02}:00:00Z" if interval else None,
            event.model if "MODEL" in group_by else None,
            event.provider if "PROVIDER" in group_by else None,
            str(key if "API_KEY" in group_by else None),
        )
        expected[group] = expected.get(group, 0) + 1
    return expected


async def test_by_default_buckets_are_hours_by_model_and_key_newest_first(service: Service):
    service.record(*MANY)
    data = await service.ask(
        "query($range: TimeRange!) { account { routerUsage(range: $range) { buckets { nodes { time model provider apiKey { id } } } } } }",
        range=DAY,
    )
    assert [(each["time"][11:13], each["model"], each["apiKey"]) for each in data["account"]["routerUsage"]["buckets"]["nodes"]] == [
        ("10", "b", {"id": "k1"}),
        ("09", "a", None),
        ("09", "a", {"id": "k1"}),
        ("09", "b", {"id": "k2"}),
    ]


async def test_a_bucket_has_the_same_figures_as_the_range(service: Service):
    service.record(*MANY)
    data = await service.ask(
        """query($range: TimeRange!) { account { routerUsage(range: $range) {
            totalRequests totalTokens averageLatency successRate errorCount totalFee throughput
            input { label count } output { label count } dataState { unpricedRequests }
            buckets(interval: null, groupBy: []) { nodes {
                time partial requests totalTokens averageLatency successRate errorCount totalFee throughput unpricedRequests
                input { label count } output { label count }
            } }
        } } }""",
        range=DAY,
    )
    figures = data["account"]["routerUsage"]
    [bucket] = figures.pop("buckets")["nodes"]
    assert (bucket.pop("time"), bucket.pop("partial")) == (None, False)
    figures["requests"] = figures.pop("totalRequests")
    figures |= figures.pop("dataState")
    assert bucket == figures


# ---------------------------------------------------------------- intervals and zones
async def counts(service: Service, **variables: Any) -> list[tuple[str, int]]:
    """Time and requests, oldest first."""
    found = await buckets(service, groupBy=[], orderBy={"field": "TIME", "direction": "ASC"}, **variables)
    return [(each["time"], each["requests"]) for each in found]


async def test_every_interval(service: Service):
    service.record(*every_quarter("2026-04-21T10:00Z", "2026-04-21T11:00Z"), *every_quarter("2026-05-01T00:00Z", "2026-05-01T00:30Z"))
    year = {"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}
    assert await counts(service, interval="QUARTER_HOUR") == [(f"2026-04-21T10:{minute:02}:00Z", 1) for minute in (0, 15, 30, 45)]
    assert await counts(service, interval="HOUR") == [("2026-04-21T10:00:00Z", 4)]
    assert await counts(service, range=year, interval="DAY") == [("2026-04-21T00:00:00Z", 4), ("2026-05-01T00:00:00Z", 2)]
    assert await counts(service, range=year, interval="WEEK") == [("2026-04-20T00:00:00Z", 4), ("2026-04-27T00:00:00Z", 2)]
    assert await counts(service, range=year, interval="MONTH") == [("2026-04-01T00:00:00Z", 4), ("2026-05-01T00:00:00Z", 2)]
    [whole] = await buckets(service, year, interval=None, groupBy=[])
    assert (whole["time"], whole["requests"]) == (None, 6)


async def test_days_and_hours_of_kathmandu_begin_at_a_quarter(service: Service):
    service.record(*every_quarter("2026-04-20T17:45Z", "2026-04-20T19:45Z"))
    around = {"from": "2026-04-20T00:00:00+05:45", "to": "2026-04-22T00:00:00+05:45"}
    assert await counts(service, range=around, interval="DAY", timeZone="Asia/Kathmandu") == [
        ("2026-04-19T18:15:00Z", 2),
        ("2026-04-20T18:15:00Z", 6),
    ]
    assert await counts(service, range=around, interval="HOUR", timeZone="Asia/Kathmandu") == [
        ("2026-04-20T17:15:00Z", 2),
        ("2026-04-20T18:15:00Z", 4),
        ("2026-04-20T19:15:00Z", 2),
    ]


@pytest.mark.parametrize(
    ("day", "start", "end", "hours"),
    [("spring", "2026-03-28T23:00Z", "2026-03-29T22:00Z", 23), ("autumn", "2026-10-24T22:00Z", "2026-10-25T23:00Z", 25)],
)
async def test_days_of_berlin_have_as_many_hours_as_they_have(service: Service, day: str, start: str, end: str, hours: int):
    before, after = datetime.fromisoformat(start) - timedelta(days=1), datetime.fromisoformat(end) + timedelta(days=1)
    service.record(*every_quarter(before.isoformat(), after.isoformat()))
    around = {"from": before.isoformat(), "to": after.isoformat()}
    days = await counts(service, range=around, interval="DAY", timeZone="Europe/Berlin")
    assert [requests for _, requests in days] == [96, hours * 4, 96]
    assert days[1][0] == datetime.fromisoformat(start).replace(tzinfo=None).isoformat() + "Z"
    found = await counts(service, range={"from": start.replace("Z", ":00Z"), "to": end.replace("Z", ":00Z")}, timeZone="Europe/Berlin")
    assert [requests for _, requests in found] == [4] * hours


async def test_lord_howe_has_an_hour_of_thirty_minutes(service: Service):
    # The clocks went from 02:00 (+11:00) back to 01:30 (+10:30).
    service.record(*every_quarter("2026-04-04T14:00Z", "2026-04-04T16:30Z"))
    night = {"from": "2026-04-04T14:00:00Z", "to": "2026-04-04T16:30:00Z"}
    assert await counts(service, range=night, interval="HOUR", timeZone="Australia/Lord_Howe") == [
        ("2026-04-04T14:00:00Z", 4),
        ("2026-04-04T15:00:00Z", 2),
        ("2026-04-04T15:30:00Z", 4),
    ]
    day = {"from": "2026-04-03T00:00:00Z", "to": "2026-04-06T00:00:00Z"}
    assert await counts(service, range=day, interval="DAY", timeZone="Australia/Lord_Howe") == [("2026-04-04T13:00:00Z", 10)]


async def test_a_bucket_that_the_range_cuts_is_partial(service: Service):
    service.record(*every_quarter("2026-04-21T00:00Z", "2026-04-21T03:00Z"))
    cut = {"from": "2026-04-21T00:20:00Z", "to": "2026-04-21T02:10:00Z"}
    found = await buckets(service, cut, groupBy=[])
    assert [(each["time"][11:16], each["partial"], each["requests"]) for each in found] == [
        ("02:00", True, 1),
        ("01:00", False, 4),
        ("00:00", True, 2),
    ]


async def test_a_range_of_too_many_buckets_is_refused(service: Service):
    years = {"from": "2020-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
    for field in ("buckets(interval: HOUR) { nodes { time } }", "buckets(interval: HOUR) { totalCount }", "peak(interval: HOUR) { time }"):
        query = f"query($range: TimeRange!) {{ account {{ routerUsage(range: $range) {{ {field} }} }} }}"
        error = await service.refusal(query, range=years)
        assert error["code"] == "RANGE_TOO_LARGE"
        assert str(MAX_BUCKETS_PER_SERIES) in error["message"]
        assert "ask for a shorter range or a longer interval" in error["message"]


# ---------------------------------------------------------------- order and pages
ORDERED = [
    request_completed(
        at(f"{hour:02}:00"),
        model=model,
        provider=provider,
        latency_ns=latency,
        status_code=status,
        input=(("prompt", "token", tokens),),
        api_key=key,
        api_key_name=None,
    )
    for hour, model, provider, latency, status, tokens, key in [
        (1, "a", "p", 3, 200, 7, "k"),
        (1, "a", "p", 4, 500, 7, "k"),
        (1, "a", None, None, 200, 14, None),
        (1, "b", "p", 7, 500, 1, None),
        (2, "a", "p", 7, 200, 14, "k"),
        (2, "b", None, None, 404, 3, "k"),
        (3, "a", None, None, 200, 14, None),
        (3, "ä", "q", 3, 200, 2, "l"),
        (3, "B", "q", 10, 200, 2, "l"),
        (4, "a", "p", 3, 200, 0, "k"),
    ]
]
KEYS = {
    "TIME": lambda each: each["time"],
    "REQUESTS": lambda each: each["requests"],
    "TOTAL_TOKENS": lambda each: each["totalTokens"],
    "TOTAL_FEE": lambda _: None,
    "ERROR_COUNT": lambda each: each["errorCount"],
    "AVERAGE_LATENCY": lambda each: each["averageLatency"],
}


@pytest.mark.postgres
async def test_pages_put_together_are_the_whole_list_in_order_with_the_unknown_last(service: Service):
    service.record(*ORDERED)
    for field, direction in product(KEYS, ("ASC", "DESC")):
        variables = {"groupBy": DIMENSIONS, "orderBy": {"field": field, "direction": direction}}
        whole = await buckets(service, **variables)
        assert len(whole) == 9
        for first in (1, 2, 4, 9):
            assert await all_pages(service, first, **variables) == whole
        keys = [KEYS[field](each) for each in whole]
        known = [key for key in keys if key is not None]
        assert keys == sorted(known, reverse=direction == "DESC") + [None] * (len(keys) - len(known))


async def test_equals_are_ordered_by_time_then_by_group(service: Service):
    service.record(*ORDERED)
    found = await buckets(service, groupBy=DIMENSIONS, orderBy={"field": "TOTAL_FEE"})
    groups = [(each["time"], each["model"], each["provider"] or "", (each["apiKey"] or {"id": ""})["id"]) for each in found]
    assert groups == sorted(groups)


async def test_the_whole_range_as_one_bucket_is_paged_by_group(service: Service):
    service.record(*ORDERED)
    whole = await buckets(service, interval=None, groupBy=["MODEL"])
    assert [each["model"] for each in whole] == ["B", "a", "b", "ä"]
    assert await all_pages(service, 3, interval=None, groupBy=["MODEL"]) == whole


async def test_a_cursor_is_good_for_the_list_it_came_from_alone(service: Service):
    service.record(*ORDERED)
    after = (await page(service, first=1))["pageInfo"]["endCursor"]
    assert len(await buckets(service, after=after)) == 8
    others: list[dict[str, Any]] = [
        {"range": {**DAY, "to": "2026-04-21T23:00:00Z"}},
        {"filter": {"models": ["a"]}},
        {"interval": "QUARTER_HOUR"},
        {"timeZone": "Asia/Kathmandu"},
        {"groupBy": ["MODEL"]},
        {"orderBy": {"field": "REQUESTS"}},
        {"orderBy": {"field": "TIME", "direction": "ASC"}},
    ]
    for other in others:
        error = await service.refusal(BUCKETS, **({"range": DAY, "after": after} | other))
        assert (error["code"], error["field"]) == ("BAD_INPUT", ["after"])


async def test_a_page_has_a_size_within_bounds(service: Service):
    for first in (-1, 1001):
        error = await service.refusal(BUCKETS, range=DAY, first=first)
        assert (error["code"], error["field"]) == ("BAD_INPUT", ["first"])


# ---------------------------------------------------------------- peak
PEAK = """query($range: TimeRange!, $by: RouterMeasure! = REQUESTS, $interval: Interval! = HOUR, $filter: RouterFilter) {
    account { routerUsage(range: $range, filter: $filter) { peak(by: $by, interval: $interval) { time requests model } } } }"""


async def test_the_peak_is_the_bucket_with_the_most(service: Service):
    service.record(*ORDERED)
    hours = {"REQUESTS": "01", "TOTAL_TOKENS": "01", "ERROR_COUNT": "01", "AVERAGE_LATENCY": "02", "TOTAL_FEE": None}
    for by, hour in hours.items():
        data = await service.ask(PEAK, range=DAY, by=by)
        found = data["account"]["routerUsage"]["peak"]
        assert (found and found["time"][11:13]) == hour


async def test_the_peak_is_the_earliest_of_equals_and_null_without_requests(service: Service):
    service.record(request_completed(at("05:00")), request_completed(at("03:00")), request_completed(at("07:00")))
    data = await service.ask(PEAK, range=DAY)
    assert data["account"]["routerUsage"]["peak"] == {"time": "2026-04-21T03:00:00Z", "requests": 1, "model": None}
    data = await service.ask(PEAK, range=DAY, filter={"models": ["none"]})
    assert data["account"]["routerUsage"]["peak"] is None


# ---------------------------------------------------------------- the requests behind a figure
BEHIND = """
    query($range: TimeRange!, $filter: RouterFilter, $interval: Interval, $groupBy: [RouterDimension!]!, $first: Int! = 50) {
        account { routerUsage(range: $range, filter: $filter) { buckets(interval: $interval, groupBy: $groupBy) { nodes {
            requests totalTokens errorCount
            history(first: $first) { totalCount nodes { timestamp totalTokens statusCode } }
        } } } }
    }"""


@pytest.mark.postgres
async def test_the_requests_behind_a_bucket_make_its_figures(service: Service):
    service.record(*ORDERED, request_completed(at("01:00"), model="a", channel="deployment", deployment="gpu-1"))
    cut = {"from": "2026-04-21T00:59:59.5Z", "to": "2026-04-21T03:00:00.000001Z"}
    groupings, intervals = ([], ["MODEL"], ["PROVIDER", "API_KEY"], [*DIMENSIONS]), ("QUARTER_HOUR", "HOUR", "DAY", None)
    for group_by, interval, (filter, requests) in product(groupings, intervals, ((None, 9), ({"providers": ["p", None]}, 7))):
        data = await service.ask(BEHIND, range=cut, filter=filter, interval=interval, groupBy=group_by)
        found = data["account"]["routerUsage"]["buckets"]["nodes"]
        assert sum(bucket["requests"] for bucket in found) == requests
        for bucket in found:
            behind = bucket["history"]
            assert behind["totalCount"] == len(behind["nodes"]) == bucket["requests"]
            assert sum(each["totalTokens"] for each in behind["nodes"]) == bucket["totalTokens"]
            assert sum(each["statusCode"] >= 400 for each in behind["nodes"]) == bucket["errorCount"]
            times = [each["timestamp"] for each in behind["nodes"]]
            assert times == sorted(times, reverse=True)


async def test_the_history_behind_a_bucket_has_pages_of_its_own(service: Service):
    service.record(*every_quarter("2026-04-21T10:00Z", "2026-04-21T11:00Z"))
    query = """
        query($range: TimeRange!, $after: String) { account { routerUsage(range: $range) { buckets(groupBy: []) { nodes {
            history(first: 3, after: $after) { nodes { timestamp } pageInfo { endCursor hasNextPage } }
        } } } } }"""
    after, found = None, []
    for _ in range(2):
        data = await service.ask(query, range=DAY, after=after)
        [bucket] = data["account"]["routerUsage"]["buckets"]["nodes"]
        found += [each["timestamp"][11:16] for each in bucket["history"]["nodes"]]
        after = bucket["history"]["pageInfo"]["endCursor"]
    assert found == ["10:45", "10:30", "10:15", "10:00"]


async def test_pages_within_pages_are_bounded_together(service: Service):
    service.record(*ORDERED)  # in four hours
    query = """
        query($range: TimeRange!, $first: Int!) { account { routerUsage(range: $range) { buckets(first: 1000, groupBy: []) { nodes {
            a: history(first: $first) { nodes { id } } b: history(first: $first) { edges { cursor } }
            c: history(first: $first) { pageInfo { hasNextPage } } d: history(first: 1000) { totalCount }
        } } } } }"""
    within = (MAX_NODES_PER_OPERATION - 1000) // (3 * 4)
    await service.ask(query, range=DAY, first=within)
    error = await service.refusal(query, range=DAY, first=within + 1)
    assert error["code"] == "LIMIT_NODES"
    assert "10,000 nodes" in error["message"]
