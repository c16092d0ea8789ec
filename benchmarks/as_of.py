"""What the past costs: figures as of a position, against the same figures now, after some of the requests have been corrected since.

Beside it what other ways to the same answer would cost: a copy of the sums, kept for each position that may be asked about, and the log
projected again up to there.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from benchmarks.append import LATEST
from benchmarks.place import place
from benchmarks.projection import Following
from benchmarks.traces import batches
from domain.calendar import Interval
from domain.corrections import RequestCorrected
from domain.events import RequestCompleted, UsageEvent
from domain.names import account_id
from domain.price_events import PLATFORM, RatingRenewed
from ingest.cloudevents import parse
from ingest.outcomes import Sender
from ledger.application import Ledger
from projections import router_usage
from projections.as_of import as_of
from projections.router_facts import Dimension, Range, RouterFilter
from projections.router_usage import BucketsOf, Measure
from projections.snapshot import Snapshot, Snapshots

ACCOUNT = account_id("servegen")
START = datetime(2026, 4, 1, tzinfo=UTC)
RANGE = Range(START, START + timedelta(days=31))
HOURS = BucketsOf(ACCOUNT, RANGE, RouterFilter(), Interval.HOUR, ZoneInfo("UTC"), frozenset({Dimension.MODEL, Dimension.API_KEY}))
SHARES = (0, 1, 9)  # percent that are corrected, one after the other
TIMES = 7

Ask = Callable[[Snapshot], Awaitable[object]]


async def measure(lines: Sequence[bytes]) -> None:
    """Print ratios of an answer as of a position to the answer now."""
    with place() as where, closing(Ledger(where.database_url)) as ledger, closing(Following(where)) as following:
        requests = [parse(line, Sender(None), LATEST) for line in lines]
        projected = _project(ledger, following, requests)
        ((position, copied),) = _copy(where.database_url)
        print(f"\nas of a position, {len(requests):,} requests, 31 days; in a copy of the sums for one position {copied:,} bytes")
        print(f"the log projected again up to there: {projected * 1e3:,.0f} ms")
        corrected = 0
        for share in SHARES:
            changed = requests[corrected : corrected + len(requests) * share // 100]
            corrected += len(changed)
            seconds = _project(ledger, following, [_correction(each) for each in changed if isinstance(each, RequestCompleted)])
            rate = f", at {len(changed) / seconds:,.0f} corrections/s" if changed else ""
            await _tell(where.database_url, position, f"{corrected / len(requests):.0%} corrected since{rate}")
        seconds = _project(ledger, following, [_renewal()])
        await _tell(where.database_url, position, f"all rated again since, at {len(requests) / seconds:,.0f} requests/s")
        await _tell(where.database_url, position // 2, "and half of them recorded since")


def _project(ledger: Ledger, following: Following, events: Sequence[UsageEvent]) -> float:
    seconds = 0.0
    for batch in batches([*events]):
        ledger.record(batch)
        seconds += following.seconds()
    return seconds


def _correction(request: RequestCompleted) -> RequestCorrected:
    named = (request.account, "benchmark", f"correction of {request.id}", request.occurred_at)
    return RequestCorrected(*named, request.source, request.id, request.occurred_at, 1, "measured", {"input": (("prompt", "token", 7),)})


def _renewal() -> RatingRenewed:
    start, end = (int(each.timestamp() * 1e6) for each in (RANGE.start, RANGE.end))
    return RatingRenewed(PLATFORM, "benchmark", "renewal", start, start, end, "measured")


def _copy(database_url: str) -> list[tuple[Any, ...]]:
    """The position, and the size of a copy of all sums."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
        return connection.execute(
            """SELECT (SELECT position FROM cell_0.ledger_head),
                pg_total_relation_size('cell_0.router_buckets_1') + pg_total_relation_size('cell_0.router_lines_1')"""
        ).fetchall()


async def _tell(database_url: str, position: int, what: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
    print(what)
    pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
        database_url, min_size=1, max_size=1, open=False, kwargs={"options": "-c TimeZone=UTC"}
    )
    async with pool:
        snapshots = Snapshots(pool)
        for name, ask in QUESTIONS.items():
            now, past = await _seconds(snapshots, ask, None), await _seconds(snapshots, ask, position)
            print(f"  {name:<46} {now * 1e3:7.1f} ms now, {past * 1e3:7.1f} ms as of then: {past / now:6.2f} of now", flush=True)


async def _seconds(snapshots: Snapshots, ask: Ask, position: int | None) -> float:
    found: list[float] = []
    for _ in range(TIMES):
        snapshot = snapshots.open()
        await snapshot.state()
        started = time.perf_counter()
        await ask(snapshot if position is None else await as_of(snapshot, position))
        found.append(time.perf_counter() - started)
        await snapshot.close()
    return median(found)


QUESTIONS: dict[str, Ask] = {
    "totals": lambda snapshot: router_usage.totals(snapshot, ACCOUNT, RANGE, RouterFilter()),
    "breakdown": lambda snapshot: router_usage.breakdown(snapshot, ACCOUNT, RANGE, RouterFilter()),
    "1,000 buckets, hourly, by model and key": lambda snapshot: router_usage.buckets(
        snapshot, HOURS, order=Measure.TIME, descending=True, limit=1_000
    ),
}
