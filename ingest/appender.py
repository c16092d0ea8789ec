"""Reports that arrive together are appended together: one commit for many callers, each answered once its own events are durable."""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextvars import Context
from dataclasses import replace

from domain.limits import MAX_EVENTS_PER_BATCH
from ingest import metrics
from ingest.backlog import Backlog
from ingest.writer import Writer
from ledger.application import Ledger, Recording
from ledger.entries import Entries


class Appender:
    """Appends for all who come to this process with what is prepared."""

    def __init__(self, ledger: Ledger, backlog: Backlog) -> None:
        self._writer = Writer(ledger)
        self._backlog = backlog
        self._waiting: deque[tuple[Entries, asyncio.Future[Recording]]] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def record(self, events: Entries) -> Recording:
        """Append `events` and say what became of each. Returns when they are durable; raises OverloadedError, or what Postgres raised."""
        self._backlog.take(len(events))
        answer: asyncio.Future[Recording] = asyncio.get_running_loop().create_future()
        self._waiting.append((events, answer))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), context=Context())  # it writes for all: what it logs is of no one request
        return await asyncio.shield(answer)  # a caller that goes away does not take the others' append with it

    async def close(self) -> None:
        """Return when nothing waits any more."""
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        while self._waiting:
            batches = [self._waiting.popleft()]
            size = len(batches[0][0])
            while self._waiting and size + len(self._waiting[0][0]) <= MAX_EVENTS_PER_BATCH:
                batches.append(self._waiting.popleft())
                size += len(batches[-1][0])
            try:
                recording = await asyncio.to_thread(self._append, [events for events, _ in batches])
            except Exception as error:  # noqa: BLE001 - each caller is told
                for _, answer in batches:
                    answer.set_exception(error)
                    answer.exception()  # seen: a caller who went away will not look, and that is no news for the event loop's log
            else:
                start = 0
                for events, answer in batches:
                    answer.set_result(_part(recording, start, start + len(events)))
                    start += len(events)
            self._backlog.let_go(size)

    def _append(self, batches: Sequence[Entries]) -> Recording:
        together = Entries()
        for each in batches:
            together.extend(each)
        with metrics.append_of(len(together)):
            return self._writer.append(together)


def _part(recording: Recording, start: int, end: int) -> Recording:
    """What concerns the events from `start` to `end`, counted from `start`."""
    conflicts = [replace(each, index=each.index - start) for each in recording.conflicts if start <= each.index < end]
    return Recording(recording.outcomes[start:end], conflicts, recording.position)
