"""Reports are parsed, checked and made ready to be appended: large batches in processes of their own, part by part."""

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, datetime
from typing import NamedTuple, Self

from domain import limits
from domain.events import microseconds
from ingest import cloudevents
from ingest.outcomes import Refused, Sender, UnacceptableError
from ledger.apart import executor
from ledger.entries import Entries

APART_FROM = 500  # reports: to send fewer to another process is not worth it
PART = 1_250  # reports at a time: while one part is worked on, another is under way
PROCESSES = min(os.cpu_count() or 1, 4)


class Prepared(NamedTuple):
    """What became of reports: those that are events, with their places in the batch, and those that are refused, with their bodies."""

    indexes: list[int]
    entries: Entries
    refused: list[Refused]
    bodies: list[bytes]

    def extend(self, others: Self) -> None:
        """Add what became of those that follow."""
        self.indexes.extend(others.indexes)
        self.entries.extend(others.entries)
        self.refused.extend(others.refused)
        self.bodies.extend(others.bodies)


class Preparers:
    """Processes are started by the first batch that is large enough for them."""

    def __init__(self) -> None:
        self._processes: ProcessPoolExecutor | None = None

    async def prepare(self, reports: Sequence[bytes], sender: Sender) -> Prepared:
        """Parse, check and encode. Raises BrokenProcessPool where processes are killed as often as they are started."""
        latest = microseconds(datetime.now(UTC) + limits.MAX_CLOCK_LEAD)
        if len(reports) < APART_FROM:
            return await asyncio.to_thread(prepare, reports, sender, latest)
        used = self._processes = self._processes or executor(PROCESSES)
        try:
            return await _apart(used, reports, sender, latest)
        except BrokenProcessPool:
            if self._processes is used:  # else somebody else has new ones already
                self._processes = executor(PROCESSES)
            return await _apart(self._processes, reports, sender, latest)

    async def close(self) -> None:
        """End them."""
        if self._processes is not None:
            await asyncio.to_thread(self._processes.shutdown, cancel_futures=True)


async def _apart(processes: ProcessPoolExecutor, reports: Sequence[bytes], sender: Sender, latest: int) -> Prepared:
    loop = asyncio.get_running_loop()
    parts = [
        loop.run_in_executor(processes, prepare, reports[start : start + PART], sender, latest, start)
        for start in range(0, len(reports), PART)
    ]
    whole, *rest = await asyncio.gather(*parts)
    for part in rest:
        whole.extend(part)
    return whole


def prepare(reports: Sequence[bytes], sender: Sender, latest: int, first: int = 0) -> Prepared:
    """Parse, check and encode each. `latest` is the last acceptable time, microseconds since 1970; `first` the first one's index."""
    prepared = Prepared([], Entries(), [], [])
    for i, report in enumerate(reports, first):
        try:
            prepared.entries.append(cloudevents.parse(report, sender, latest))
        except UnacceptableError as error:
            prepared.refused.append(Refused(i, cloudevents.reported_id(report), error.field, str(error)))
            prepared.bodies.append(report[: limits.MAX_EVENT_BYTES])  # a longer one is no event, whatever its rest may say
        else:
            prepared.indexes.append(i)
    return prepared
