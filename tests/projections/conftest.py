"""A log, its read models, and snapshots of them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from typing import Any

import pytest
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.application import Ledger
from projections.runner import Runner
from projections.snapshot import Snapshot, Snapshots


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with closing(Ledger(database_url)) as ledger:
        yield ledger


@pytest.fixture
def runner(database_url: str) -> Runner:
    return Runner(database_url)


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
