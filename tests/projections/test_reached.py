"""Who waits for a position is woken by what is told, and is not at the mercy of it."""

import asyncio
from typing import Any

import pytest

from projections.reached import Reached
from projections.snapshot import Snapshots
from tests.events import request_completed
from tests.projections.read_models import caught_up


async def test_those_are_woken_whose_position_was_told_and_all_by_a_gap():
    reached = Reached()
    waiting = {position: asyncio.create_task(reached.wait(position, 3_600)) for position in (4, 5, 7)}

    async def woken(position: int | None) -> list[int]:
        reached.tell(position)
        await asyncio.sleep(0)  # those who were woken run
        await asyncio.sleep(0)
        return [each for each, task in waiting.items() if task.done()]

    await asyncio.sleep(0)
    assert await woken(3) == []
    assert await woken(5) == [4, 5]
    assert reached.position == 5
    assert await woken(None) == [4, 5, 7]
    assert reached.position == 0
    assert not reached._waiting


async def test_a_wait_has_a_bound_and_leaves_nothing():
    reached = Reached()
    await reached.wait(1, 0.001)
    cancelled = asyncio.create_task(reached.wait(1, 3_600))
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert not reached._waiting


@pytest.mark.parametrize("told", [None, 9])
async def test_a_position_is_found_whatever_is_told(ledger: Any, runner: Any, snapshots: Snapshots, told: int | None):
    # Given that nothing is heard, or what a standby does not have yet
    reached = Reached()
    reached.tell(told)
    waiting = asyncio.create_task(Snapshots(snapshots._pool, reached=reached).wait_for(1, timeout_seconds=30))
    # When the read models come to include it
    ledger.record([request_completed()])
    await asyncio.to_thread(caught_up, runner)
    # Then it is found all the same
    assert await waiting
