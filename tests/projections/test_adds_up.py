"""Adds up: any range, in any zone, at any interval, grouped and filtered in any way, gives what its requests add up to, exactly."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import Interval
from domain.events import RequestCompleted
from domain.names import account_id
from domain.prices import Price, PriceBook
from domain.quantities import rank
from domain.rating import Rated, rate
from projections import history_pages, router_usage
from projections.history_matching import HistoryFilter, HistoryOf
from projections.history_pages import HistoryOrderField
from projections.router_facts import Dimension, Range, RouterFilter
from projections.router_usage import Bucket, BucketsOf, Line, Measure
from projections.snapshot import Snapshot
from tests.events import PRICES, around, at, requests
from tests.projections.fold import sides_of, tokens_of

ACME = account_id("acme")
ON_POSTGRES = settings(max_examples=15)
SHIFT = datetime(2026, 10, 3, 20, tzinfo=UTC)  # of Lord Howe's clocks within a day; New York's and Berlin's are in the list of starts
STARTS = (SHIFT, at("20:00", "2026-10-24"), at("20:00", "2026-10-31"), at("20:00", "2026-12-31"), at("20:00"))
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Kiritimati", "America/St_Johns"]
zones = st.sampled_from([*ZONES, *sorted(available_timezones())]).map(ZoneInfo)
DIMENSIONS = (Dimension.MODEL, Dimension.PROVIDER, Dimension.API_KEY)


@st.composite
def histories(draw: st.DrawFn) -> tuple[datetime, list[RequestCompleted]]:
    """A start, and requests in the day and a half after it, of durations whose averages are told apart."""
    start = draw(st.sampled_from(STARTS))
    times = around(start, timedelta(hours=36)) | around(start, timedelta(minutes=30))
    events = draw(st.lists(requests(times, accounts=("acme", "acme", "other")), min_size=1, max_size=30))
    durations = st.none() | st.sampled_from((0, 1, 5_000_000)) | st.integers(0, 10**10)
    return start, [msgspec.structs.replace(event, latency_ns=draw(durations), ttft_ns=draw(durations)) for event in events]


@st.composite
def questions(draw: st.DrawFn, start: datetime, events: Sequence[RequestCompleted]) -> BucketsOf:
    """What a dashboard may ask: a range that cuts quarter-hours between requests or has them all, in a zone, filtered and grouped."""
    ends = st.builds(
        lambda event, beside: event.time + beside,
        st.sampled_from(events),
        st.sampled_from((timedelta(0), timedelta(microseconds=1), timedelta(minutes=7), timedelta(minutes=-7))),
    )
    first, last = sorted((draw(ends), draw(ends)))
    if draw(st.booleans()):
        first, last = start - timedelta(days=1), start + timedelta(days=3)
    return BucketsOf(
        ACME,
        Range(first, last),
        RouterFilter(
            models=draw(st.none() | st.lists(st.sampled_from(("gpt-4o", "Llama", "änderung", "none")), max_size=3)),
            providers=draw(st.none() | st.lists(st.sampled_from((None, "openai", "azure")), max_size=2)),
            api_keys=draw(st.none() | st.lists(st.sampled_from((None, "key-1", "key-2", "gone")), max_size=3)),
        ),
        draw(st.none() | st.sampled_from(Interval)),
        draw(zones),
        draw(st.frozensets(st.sampled_from(DIMENSIONS))),
    )


class Expected:
    """The answers, from the requests themselves."""

    def __init__(self, events: Sequence[RequestCompleted], of: BucketsOf) -> None:
        wanted = of.filter
        self.of = of
        self.events = [
            event
            for event in events
            if event.account == "acme"
            and event.channel == "router"
            and of.range.start <= event.time < of.range.end
            and (wanted.models is None or event.model in wanted.models)
            and (wanted.providers is None or event.provider in wanted.providers)
            and (wanted.api_keys is None or event.api_key in wanted.api_keys)
        ]

    def groups(self) -> dict[tuple[Any, ...], list[RequestCompleted]]:
        """Requests by bucket (from 1) and dimensions, where what is not grouped by, or unknown, is an empty text."""
        edges = self.of.edges()
        found = defaultdict(list)
        for event in self.events:
            bucket = sum(edge <= event.time for edge in edges)
            shown = (getattr(event, each.value) or "" if each in self.of.group_by else "" for each in DIMENSIONS)
            found[bucket, *shown].append(event)
        return dict(found)


def totals(events: Sequence[RequestCompleted]) -> tuple[int | Decimal, ...]:
    with localcontext(prec=2_000):
        return _totals(events)


def _totals(events: Sequence[RequestCompleted]) -> tuple[int | Decimal, ...]:
    latencies = [event.latency_ns for event in events if event.latency_ns is not None]
    tokens = [tokens_of(event)[2] for event in events]
    return (
        len(events),
        sum(event.outcome.value != "success" for event in events),
        sum(latencies),
        len(latencies),
        sum(each or 0 for each in tokens),
        sum(event.usage_source == "estimated" for event in events),
        tokens.count(None),
        sum((rated(event).fee or Decimal(0) for event in events), Decimal(0)),
        sum(rated(event).fee is None for event in events),
        sum((Decimal(event.reported_cost or 0) for event in events), Decimal(0)),
        sum(event.reported_cost is not None for event in events),
        0,
    )


BOOK = PriceBook(Price.of(position, price) for position, price in enumerate(PRICES, 1))


def rated(event: RequestCompleted) -> Rated:
    return rate(BOOK, event, len(PRICES) + 1)


def lines(events: Sequence[RequestCompleted]) -> list[Line]:
    counts: dict[tuple[str, str, str], int] = defaultdict(int)
    fees: dict[tuple[str, str, str], Decimal] = {}
    for event in events:
        for direction, quantities, known in sides_of(event, rated(event)):
            for i, (category, unit, quantity) in enumerate(quantities):
                kind = (direction, category, unit)
                counts[kind] += quantity
                if known is not None:
                    fees[kind] = fees.get(kind, Decimal(0)) + known[i]
    return [Line(*kind, counts[kind], fees.get(kind)) for kind in sorted(counts, key=lambda kind: (kind[0], rank(*kind)))]


def measured(order: Measure, group: tuple[Any, ...], events: Sequence[RequestCompleted]) -> Fraction | Decimal | int | None:
    requests, errors, latency, latencies, tokens, *_ = totals(events)
    average = Fraction(int(latency), int(latencies)) if latencies else None
    priced = [fee for event in events if (fee := rated(event).fee) is not None]
    fee = Fraction(sum(priced, Decimal(0))) if priced else None
    measures = {
        Measure.TOTAL_FEE: fee,
        Measure.REQUESTS: requests,
        Measure.ERROR_COUNT: errors,
        Measure.TOTAL_TOKENS: tokens,
        Measure.AVERAGE_LATENCY: average,
    }
    return group[0] if order is Measure.TIME else measures.get(order)


def ordered(groups: dict[tuple[Any, ...], list[RequestCompleted]], order: Measure, *, descending: bool) -> list[tuple[Any, ...]]:
    """Groups in order: unknown last either way, ties by time and group."""

    def key(group: tuple[Any, ...]) -> tuple[Any, ...]:
        value = measured(order, group, groups[group])
        names = tuple(name.encode() for name in group[1:])
        return (value is None, 0 if value is None else -value if descending else value, group[0], *names)

    return sorted(groups, key=key)


async def all_pages(snapshot: Snapshot, of: BucketsOf, order: Measure, *, descending: bool, size: int) -> list[Bucket]:
    found: list[Bucket] = []
    while True:
        after = found[-1].key if found else None
        page = await router_usage.buckets(snapshot, of, order=order, descending=descending, limit=size, after=after)
        found += page
        if len(page) < size:
            return found


@pytest.mark.postgres
@ON_POSTGRES
@given(history=histories(), data=st.data())
async def test_adds_up_buckets_are_totals_are_history_for_any_question(begin_with, snapshots, history, data):
    start, events = history
    standing = begin_with(events)
    for _ in range(4):
        of = data.draw(questions(start, standing))
        expected = Expected(standing, of)
        snapshot = snapshots.open()
        try:
            # The totals are those of the requests
            found = await router_usage.totals(snapshot, ACME, of.range, of.filter)
            assert astuple(replace(found, ahead=0)) == (*totals(expected.events), len({event.model for event in expected.events}))
            uncounted = await router_usage.totals(
                snapshot, ACME, of.range, of.filter, wanted=router_usage.Wanted(lines=False, models=False)
            )
            assert astuple(replace(uncounted, ahead=0)) == (*totals(expected.events), 0)
            assert await router_usage.breakdown(snapshot, ACME, of.range, of.filter) == lines(expected.events)
            # and so are the buckets, one by one
            groups = expected.groups()
            buckets = await all_pages(snapshot, of, Measure.TIME, descending=False, size=1000)
            assert [bucket.key for bucket in buckets] == ordered(groups, Measure.TIME, descending=False)
            assert await router_usage.count_buckets(snapshot, of) == len(groups)
            for bucket in buckets:
                assert bucket._replace(ahead=0)[:12] == totals(groups[bucket.key])
                assert [*bucket.input, *bucket.output] == lines(groups[bucket.key])
                assert [bucket.model, bucket.provider, bucket.api_key] == [name or None for name in bucket.key[1:]]
            assert [bucket async for bucket in router_usage.all_buckets(snapshot, of)] == buckets
            # and so is the history
            filter = HistoryFilter(channel="router", models=of.filter.models, providers=of.filter.providers, api_keys=of.filter.api_keys)
            history_of = HistoryOf(ACME, of.range, filter)
            page = await history_pages.page(snapshot, history_of, order=HistoryOrderField.TIMESTAMP, descending=True, limit=1000)
            assert await history_pages.count(snapshot, history_of) == len(page) == found.requests
            assert sum(request.total_tokens or 0 for request in page) == found.tokens
            assert sum(request.latency_ns or 0 for request in page) == found.latency_ns
            assert sum(request.total_tokens is None for request in page) == found.unknown_tokens
        finally:
            await snapshot.close()


@pytest.mark.postgres
@ON_POSTGRES
@given(history=histories(), data=st.data())
async def test_pages_of_buckets_are_the_whole_list_in_every_order(begin_with, snapshots, history, data):
    start, events = history
    standing = begin_with(events)
    of = data.draw(questions(start, standing))
    groups = Expected(standing, of).groups()
    snapshot = snapshots.open()
    try:
        for order in Measure:
            for descending in (False, True):
                pages = await all_pages(snapshot, of, order, descending=descending, size=data.draw(st.integers(1, 4)))
                keys = [bucket.key if order is Measure.TIME else bucket.key[1:] for bucket in pages]
                assert keys == ordered(groups, order, descending=descending)
            peak = await router_usage.peak(snapshot, of, order)
            best = ordered(groups, order, descending=True)
            if not best or measured(order, best[0], groups[best[0]]) is None:
                assert peak is None
            else:
                assert peak is not None
                assert (peak.key if order is Measure.TIME else peak.key[1:]) == best[0]
    finally:
        await snapshot.close()


HISTORY_FIELDS = {
    HistoryOrderField.TIMESTAMP: lambda event: event.occurred_at,
    HistoryOrderField.LATENCY: lambda event: event.latency_ns,
    HistoryOrderField.TIME_TO_FIRST_TOKEN: lambda event: event.ttft_ns,
    HistoryOrderField.TOTAL_TOKENS: lambda event: tokens_of(event)[2],
    HistoryOrderField.FEE: lambda event: rated(event).fee,
}


@pytest.mark.postgres
@ON_POSTGRES
@given(history=histories(), data=st.data())
async def test_pages_of_history_are_the_whole_list_in_every_order_and_both_directions(begin_with, snapshots, history, data):
    start, events = history
    standing = [event for event in begin_with(events) if event.account == "acme"]
    of = HistoryOf(ACME, Range(start, start + timedelta(hours=36)), HistoryFilter())
    snapshot = snapshots.open()

    async def pages(order: HistoryOrderField, *, descending: bool, backwards: bool, size: int) -> list[bytes]:
        found: list[history_pages.Request] = []
        while True:
            after = history_pages.key_in(order)(found[-1]) if found else None
            page = await history_pages.page(snapshot, of, order=order, descending=descending, limit=size, after=after, backwards=backwards)
            found += page
            if len(page) < size:
                return [request.id.bytes for request in found]

    try:
        for order, value in HISTORY_FIELDS.items():
            for descending in (False, True):
                sign = -1 if descending else 1
                # By the value, unknown last either way; ties by time and id, in the same direction
                by_id = sorted(standing, key=lambda event: (event.occurred_at, event.originator_id), reverse=descending)
                expected = sorted(by_id, key=lambda event: (value(event) is None, sign * (value(event) or 0)))
                ids = [event.originator_id for event in expected]
                size = data.draw(st.integers(1, 5))
                assert await pages(order, descending=descending, backwards=False, size=size) == ids
                assert await pages(order, descending=descending, backwards=True, size=size) == ids[::-1]
    finally:
        await snapshot.close()
