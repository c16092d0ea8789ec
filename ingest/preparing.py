"""Reports are parsed, checked and made ready to be appended: large batches in processes of their own, part by part."""

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, datetime
from typing import NamedTuple, Self

from domain import limits
from domain.events import UsageEvent, microseconds
from ingest.dialects import Reading
from ingest.outcomes import Refused, Sender, UnacceptableError
from ledger.apart import executor, give_up
from ledger.entries import Entries

AT_ONCE = 32  # reports, which take less than a thread takes to be woken
APART_FROM = 500  # reports: to send fewer to another process is not worth it
PART = 1_250  # reports at a time: while one part is worked on, another is under way
PROCESSES = min(os.cpu_count() or 1, 4)


class Prepared(NamedTuple):
    """What became of reports: those that are events, with their places in the batch, and those that are refused."""

    indexes: list[int]
    entries: Entries
    refused: list[Refused]

    def extend(self, others: Self) -> None:
        """Add what became of those that follow."""
        self.indexes.extend(others.indexes)
        self.entries.extend(others.entries)
        self.refused.extend(others.refused)


class Preparers:
    """Processes are started by the first batch that is large enough for them."""

    def __init__(self) -> None:
        self._processes: ProcessPoolExecutor | None = None

    async def prepare(self, reports: Sequence[bytes], sender: Sender, reading: Reading) -> Prepared:
        """Parse, check and encode. Raises BrokenProcessPool where processes are killed as often as they are started."""
        latest = microseconds(datetime.now(UTC) + limits.MAX_CLOCK_LEAD)
        if len(reports) <= AT_ONCE and sum(map(len, reports)) <= AT_ONCE * limits.MAX_STRING_BYTES:
            return prepare(reports, sender, reading, latest)
        if len(reports) < APART_FROM:
            return await asyncio.to_thread(prepare, reports, sender, reading, latest)
        used = self._processes = self._processes or executor(PROCESSES)
        try:
            return await _apart(used, reports, sender, reading, latest)
        except BrokenProcessPool:
            give_up(used)
            if self._processes is used:  # else somebody else has new ones already
                self._processes = executor(PROCESSES)
            return await _apart(self._processes, reports, sender, reading, latest)

    async def close(self) -> None:
        """End them."""
        if self._processes is not None:
            await asyncio.to_thread(self._processes.shutdown, cancel_futures=True)


async def _apart(processes: ProcessPoolExecutor, reports: Sequence[bytes], sender: Sender, reading: Reading, latest: int) -> Prepared:
    loop = asyncio.get_running_loop()
    parts = [
        loop.run_in_executor(processes, prepare, reports[start : start + PART], sender, reading, latest, start)
        for start in range(0, len(reports), PART)
    ]
    whole, *rest = await asyncio.gather(*parts)
    for part in rest:
        whole.extend(part)
    return whole


def prepare(reports: Sequence[bytes], sender: Sender, reading: Reading, latest: int, first: int = 0) -> Prepared:
    """Parse, check and encode each. `latest` is the last acceptable time, microseconds since 1970; `first` the first one's index."""
    prepared = Prepared([], Entries(), [])
    for i, report in enumerate(reports, first):
        try:
            prepared.entries.append(_parsed(report, sender, reading, latest))
        except UnacceptableError as error:
            prepared.refused.append(Refused(i, reading.reported_id(report), error.field, str(error)))
        else:
            prepared.indexes.append(i)
    return prepared


def _parsed(report: bytes, sender: Sender, reading: Reading, latest: int) -> UsageEvent:
    try:
        return reading.parse(report, sender, latest)
    except RecursionError:  # of what is not looked at by compiled code, which has a bound of its own
        raise UnacceptableError(None, "is nested too deeply") from None
