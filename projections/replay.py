"""One account's part of the log, projected into a place of its own: tables like those of the read models, which nobody else reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import msgspec
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from domain.price_events import GpuPriceSet, PriceSet, RatingRenewed
from domain.prices import PriceBook
from ledger.shapes import ARRAY_16, FIELDS
from projections import usage
from projections.interpreting import Interpreter, Stored
from projections.read_model import Tables
from projections.reading import log_sql

WINDOW = 20_000  # positions of the log that are looked through at a time
BATCH = 5_000  # events that are projected at a time
PREFIX = "tallygraph_audit_"  # of the schemas of replays
OF_THE_PLATFORM = [PriceSet.TOPIC, GpuPriceSet.TOPIC, RatingRenewed.TOPIC]
ARRAY_HEAD_BYTES = 3  # of MessagePack, of more than 15 fields; else there is one


class Replay:
    """Projects the account's events and the platform's, as many at a time as it is asked for. It knows where it is."""

    def __init__(self, connection: Connection[Any], cell: str, tables: Tables, account: str) -> None:
        self.tables = tables
        self.position = 0
        self.events = 0
        self._connection = connection
        self._account = account
        self._name = msgspec.msgpack.encode(account)
        self._read = log_sql(READ, cell)
        self._book = PriceBook()
        self._interpreter = Interpreter(whole=True)

    def advance(self, goal: int) -> None:
        """Look through the next WINDOW of the log, or as far as `goal`. A transaction of the caller's is the one that commits."""
        end = min(self.position + WINDOW, goal)
        with self._connection.transaction(), self._connection.cursor(binary=True) as cursor:
            events = self._events(end)
            while events:
                change = self._interpreter.change(events[:BATCH], self._book)
                usage.apply(cursor, self.tables, change, lambda: self._book)
                self.events += sum(event[0] <= change.position for event in events)
                events = [event for event in events if event[0] > change.position]
        self.position = end

    def _events(self, end: int) -> list[Stored]:
        """Those past the position that can be of the account, which each event names first; the platform's are of every account."""
        name = self._name
        parameters = [self.position, end, OF_THE_PLATFORM, name, FIELDS + 1, ARRAY_HEAD_BYTES + len(name)]
        found = self._connection.execute(self._read, parameters, prepare=True, binary=True).fetchall()
        return [event for event in found if event[2] in OF_THE_PLATFORM or self._is_own(event[3])]

    def _is_own(self, state: bytes) -> bool:
        return state.startswith(self._name, FIELDS + (ARRAY_HEAD_BYTES if state[FIELDS] == ARRAY_16 else 1))


@contextmanager
def place_of_its_own(connection: Connection[Any], cell: str) -> Iterator[Tables]:
    """Empty tables in a schema that is gone afterwards. What replays that were killed have left goes, too."""
    _clear_up(connection)
    schema = f"{PREFIX}{uuid4().hex}"
    connection.execute(LOCK, [schema])  # as long as we are connected: so nobody takes it for what was left
    tables = Tables(schema, 0, cell)
    try:
        with connection.transaction():
            connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(schema)))
            for statement in usage.CREATE:
                connection.execute(tables.sql(statement))
        yield tables
    finally:
        connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(schema)))
        connection.execute(UNLOCK, [schema])


def _clear_up(connection: Connection[Any]) -> None:
    for (schema,) in connection.execute(SCHEMAS, [f"^{PREFIX}[0-9a-f]{{32}}$"]).fetchall():
        (free,) = connection.execute(TRY_LOCK, [schema]).fetchone() or (False,)
        if free:
            connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(schema)))
            connection.execute(UNLOCK, [schema])


# The account's name is looked for where it can be: behind the head of the state and of its array.
READ = """
    SELECT notification_id, uuid_send(originator_id), topic, state FROM {events}
    WHERE notification_id > %b AND notification_id <= %b
        AND (topic = ANY(%b::text[]) OR position(%b IN substring(state FROM %b::int FOR %b::int)) > 0)
    ORDER BY notification_id"""
SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname ~ %s AND nspowner = current_user::regrole"
LOCK = "SELECT pg_advisory_lock(hashtextextended(%s, 0))"
TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
UNLOCK = "SELECT pg_advisory_unlock(hashtextextended(%s, 0))"
