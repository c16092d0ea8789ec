"""A log, its read models, and snapshots of them."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import closing
from typing import Any

import pytest
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from domain.events import RequestCompleted
from ledger.application import Ledger
from projections.runner import Runner
from projections.snapshot import Snapshot, Snapshots
from tests.events import PRICES
from tests.projections.fold import counted
from tests.projections.read_models import caught_up, log_of, start_over


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with closing(Ledger(database_url)) as ledger:
        yield ledger


@pytest.fixture
def runner(database_url: str) -> Runner:
    return Runner(database_url)


@pytest.fixture
def begin_with(ledger: Ledger, runner: Runner, database_url: str) -> Callable[[Sequence[RequestCompleted]], list[RequestCompleted]]:
    """Starts over with a log of PRICES and the events that are given, projected, and returns those that count."""

    def begin(events: Sequence[RequestCompleted]) -> list[RequestCompleted]:
        start_over(database_url)
        ledger.record([*PRICES, *events])
        caught_up(runner)
        return counted(log_of(database_url))

    return begin


@pytest.fixture
async def snapshots(database_url: str) -> AsyncIterator[Snapshots]:
    pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
        database_url, min_size=1, max_size=4, kwargs={"options": "-c TimeZone=UTC"}, open=False
    )
    async with pool:
        yield Snapshots(pool)


@pytest.fixture
async def snapshot(snapshots: Snapshots) -> AsyncIterator[Snapshot]:
    """Of the state at the test's first question."""
    snapshot = snapshots.open()
    yield snapshot
    await snapshot.close()
