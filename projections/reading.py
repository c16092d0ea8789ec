"""Reads the log ahead: works out the next change while Postgres writes the one before."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import psycopg
from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier

from domain.names import account_id
from ledger.shapes import READERS
from projections import usage
from projections.read_model import Recorded

MAX_ACCOUNTS_KNOWN = 100_000


class Reader:
    """A connection and a thread of its own, while it is open."""

    def __init__(self, database_url: str, cell: str, batch: int) -> None:
        self._url = database_url
        self._cell = cell
        self._batch = batch
        self._accounts: dict[str, bytes] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="log reader")
        self._connection: Connection[Any] | None = None

    def __enter__(self) -> Self:
        self._connection = psycopg.connect(self._url, autocommit=True, application_name="tallygraph log reader")
        self._read = log_sql(READ, self._cell)
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown()
        if self._connection is not None:
            self._connection.close()

    def changes(self, after: int, up_to: int | None = None) -> Iterator[usage.Change]:
        """What the events past position `after` change, batch by batch, as far as the log goes now, or to `up_to`."""
        upcoming = self._thread.submit(self._next, after, up_to)
        while (change := upcoming.result()) is not None:
            upcoming = self._thread.submit(self._next, change.position, up_to)
            yield change

    def _next(self, after: int, up_to: int | None) -> usage.Change | None:
        limit = self._batch if up_to is None else min(self._batch, up_to - after)
        assert self._connection is not None
        events = self._connection.execute(self._read, [after, limit], prepare=True, binary=True).fetchall() if limit > 0 else []
        return usage.prepare(self._recorded(events)) if events else None

    def _recorded(self, events: list[tuple[int, bytes, str, bytes]]) -> list[Recorded]:
        batch: list[Recorded] = []
        known = self._accounts
        if len(known) > MAX_ACCOUNTS_KNOWN:
            known.clear()
        for position, originator_id, topic, state in events:
            event = READERS[topic](state)
            account = known.get(event.account)
            if account is None:
                account = known[event.account] = account_id(event.account).bytes
            batch.append(Recorded(position, originator_id, account, event))
        return batch


def log_sql(text: str, cell: str) -> Composed:
    """`text` with the names of the cell's log."""
    names = {name: Identifier(cell, f"ledger_{name}") for name in ("events", "head", "appends")}
    return SQL(text).format(**names)  # pyright: ignore[reportArgumentType] - our own constants only


READ = """
    SELECT notification_id, uuid_send(originator_id), topic, state FROM {events}
    WHERE notification_id > %b ORDER BY notification_id LIMIT %b"""
