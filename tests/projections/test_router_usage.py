"""What buckets say beyond their sums: where they end, whether they are whole, and per second."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest

from domain.calendar import Interval
from domain.names import account_id
from projections import router_usage
from projections.router_facts import Dimension, Range, RouterFilter
from projections.router_usage import BucketsOf, Measure, Totals
from tests.events import at, request_completed
from tests.projections.read_models import caught_up

ACME = account_id("acme")
EVERYTHING = RouterFilter()


def hours(start: str, end: str, **changes) -> BucketsOf:
    of = {"interval": Interval.HOUR, "zone": ZoneInfo("UTC"), "group_by": frozenset(), "filter": EVERYTHING} | changes
    return BucketsOf(ACME, Range(at(start), at(end)), **of)


def complete_through(database_url: str, clock: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE cell_0.generations SET complete_through = %s", [at(clock)])


async def test_a_bucket_is_partial_where_it_has_not_ended_or_the_range_cuts_it(ledger, runner, snapshot, database_url):
    ledger.record([request_completed(at(f"{hour:02}:40")) for hour in range(8, 13)])
    caught_up(runner)
    complete_through(database_url, "12:41")
    found = await router_usage.buckets(snapshot, hours("08:30", "13:00"), order=Measure.TIME, descending=False, limit=10)
    assert [(f"{each.time:%H:%M}", f"{each.end:%H:%M}", each.partial) for each in found] == [
        ("08:00", "09:00", True), ("09:00", "10:00", False), ("10:00", "11:00", False), ("11:00", "12:00", False), ("12:00", "13:00", True),
    ]  # fmt: skip


async def test_throughput_leaves_out_requests_that_are_dated_after_now(ledger, runner, snapshot, database_url):
    ledger.record([request_completed(at(clock)) for clock in ("09:00", "09:29", "09:30", "09:50")])
    caught_up(runner)
    complete_through(database_url, "09:30")
    of = hours("08:00", "10:00")
    (bucket,) = await router_usage.buckets(snapshot, of, order=Measure.TIME, descending=False, limit=10)
    assert (bucket.requests, bucket.throughput) == (4, 2 / 1800)
    found = await router_usage.totals(snapshot, of.account_id, of.range, of.filter)
    assert (found.requests, await router_usage.throughput(snapshot, of.range, found)) == (4, 2 / 5400)


async def test_throughput_counts_the_seconds_that_are_past(ledger, runner, snapshot, database_url):
    ledger.record([request_completed(at("09:00")) for _ in range(36)])
    caught_up(runner)
    complete_through(database_url, "09:30")
    of = hours("08:00", "10:00")
    (bucket,) = await router_usage.buckets(snapshot, of, order=Measure.TIME, descending=False, limit=10)
    assert bucket.throughput == 36 / 1800
    assert await router_usage.throughput(snapshot, of.range, Totals(requests=36)) == 36 / 5400
    assert await router_usage.throughput(snapshot, Range(at("09:30"), at("10:00")), Totals()) is None


async def test_without_an_interval_there_is_one_bucket_a_group_and_it_has_no_start(ledger, runner, snapshot):
    ledger.record([request_completed(at("09:00"), model=model) for model in ("b", "a", "b")])
    caught_up(runner)
    of = hours("00:00", "23:00", interval=None, group_by=frozenset({Dimension.MODEL}))
    found = await router_usage.buckets(snapshot, of, order=Measure.REQUESTS, descending=True, limit=10)
    assert [(each.time, each.end, each.model, each.requests) for each in found] == [
        (None, at("23:00"), "b", 2),
        (None, at("23:00"), "a", 1),
    ]


async def test_unknown_is_not_zero(ledger, runner, snapshot):
    ledger.record([request_completed(latency_ns=None, input=None, output=None)])
    caught_up(runner)
    totals = await router_usage.totals(snapshot, ACME, Range(at("09:00"), at("10:00")), EVERYTHING)
    assert (totals.requests, totals.latencies, totals.average_latency_seconds, totals.unknown_tokens) == (1, 0, None, 1)
    none = await router_usage.totals(snapshot, ACME, Range(at("10:00"), at("11:00")), EVERYTHING)
    assert (none.requests, none.success_rate, none.average_latency_seconds) == (0, None, None)
    (bucket,) = await router_usage.buckets(snapshot, hours("09:00", "10:00"), order=Measure.AVERAGE_LATENCY, descending=True, limit=10)
    assert (bucket.average_latency_seconds, bucket.key[0]) == (None, None)
    assert await router_usage.peak(snapshot, hours("09:00", "10:00"), Measure.AVERAGE_LATENCY) is None


async def test_the_peak_is_the_earliest_of_equals(ledger, runner, snapshot):
    ledger.record([request_completed(at(clock)) for clock in ("11:00", "10:00", "11:30", "10:30", "09:00")])
    caught_up(runner)
    peak = await router_usage.peak(snapshot, hours("08:00", "13:00"), Measure.REQUESTS)
    assert peak is not None
    assert (peak.time, peak.requests) == (at("10:00"), 2)


async def test_yours_alone_another_accounts_usage_is_not_counted(ledger, runner, snapshot):
    ledger.record([request_completed(account="other"), request_completed(account="acme ")])
    caught_up(runner)
    assert (await router_usage.totals(snapshot, ACME, Range(at("00:00"), at("23:00")), EVERYTHING)).requests == 0


@pytest.mark.parametrize("cut", [timedelta(0), timedelta(microseconds=1)])
async def test_sums_past_64_bits_are_exact_from_buckets_and_from_history(ledger, runner, snapshot, cut):
    side = tuple((f"kind {i:02}", "token", 2**53) for i in range(64))
    ledger.record([request_completed(at("09:00:00.000001"), input=side, output=side, latency_ns=10**16) for _ in range(1000)])
    caught_up(runner)
    totals = await router_usage.totals(snapshot, ACME, Range(at("09:00") + cut, at("10:00")), EVERYTHING)
    assert (totals.tokens, totals.latency_ns) == (1000 * 128 * 2**53, 1000 * 10**16)
    lines = await router_usage.breakdown(snapshot, ACME, Range(at("09:00") + cut, at("10:00")), EVERYTHING)
    assert {line.count for line in lines} == {1000 * 2**53}
