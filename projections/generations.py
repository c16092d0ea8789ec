"""Generations: the sets of tables that a group of read models has had. One is live; another may be built beside it, and swapped in."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import Connection, Cursor, OperationalError
from psycopg.errors import LockNotAvailable, UndefinedTable
from psycopg.sql import SQL, Composed, Identifier

from projections.read_model import GROUP, REGISTRY, SHAPE, TABLES, Tables


class Generation(NamedTuple):
    """One set of tables, and how far along the log it is."""

    number: int
    shape: int
    state: str  # building, live, retired
    position: int
    complete_through: datetime  # every event recorded before this instant is included

    def tables(self, schema: str) -> Tables:
        """Its tables."""
        return Tables(schema, self.number)


COLUMNS = "generation, shape, state, position, complete_through"
# Which generation is live is a row that is read inside the snapshot. A view that is flipped would wait behind long readers.
CREATE = """
    CREATE TABLE IF NOT EXISTS {generations} (
        name text NOT NULL,
        generation integer NOT NULL,
        shape integer NOT NULL,
        state text NOT NULL CHECK (state IN ('building', 'live', 'retired')),
        position bigint NOT NULL,
        complete_through timestamptz NOT NULL,
        PRIMARY KEY (name, generation)
    ) WITH (fillfactor = 10)"""
# A rebuild that somebody wished for. It stands with the generations because the swap is what fulfils it: see rebuilds.py.
CREATE_REBUILDS = """
    CREATE TABLE IF NOT EXISTS {rebuilds} (
        name text NOT NULL,
        shape integer NOT NULL, -- as programs that answer from the read models need it
        requested_at timestamptz NOT NULL,
        done_at timestamptz, -- null is open
        PRIMARY KEY (name, shape)
    )"""
# One for each shape: while a new version of the code is brought out, the old one goes on answering from its own.
ONE_LIVE = "CREATE UNIQUE INDEX IF NOT EXISTS {one_live} ON {generations} (name, shape) WHERE state = 'live'"
SELECT = f"SELECT {COLUMNS} FROM {{generations}} WHERE name = %s ORDER BY generation"
SELECT_LIVE = f"SELECT {COLUMNS} FROM {{generations}} WHERE name = %s AND shape = {SHAPE} AND state = 'live'"
INSERT = f"""
    INSERT INTO {{generations}} (name, generation, shape, state, position, complete_through)
    SELECT %s, coalesce(max(generation), 0) + 1, %s, %s, 0, 'epoch' FROM {{generations}} WHERE name = %s
    RETURNING {COLUMNS}"""
ADVANCE = """
    UPDATE {generations} SET position = %b, complete_through = %b
    WHERE name = %b AND generation = %b AND state <> 'retired' AND position = %b"""
LEFTOVERS = "SELECT FROM {generations} WHERE name = %s AND state <> 'live' LIMIT 1"
FULFIL = "UPDATE {rebuilds} SET done_at = clock_timestamp() WHERE name = %s AND shape = %s AND done_at IS NULL"
LOCK = "SELECT pg_advisory_lock(hashtext(%s))"
TRY_LOCK = "SELECT pg_try_advisory_lock(hashtext(%s))"
UNLOCK = "SELECT pg_advisory_unlock(hashtext(%s))"
TRY_TO_DROP = "SELECT pg_try_advisory_xact_lock(hashtext(%s))"

WAIT_A_LITTLE = "SET LOCAL lock_timeout = 1000"  # ms

TABLES_OF = "SELECT tablename FROM pg_tables WHERE schemaname = %s AND tablename LIKE %s AND tablename NOT LIKE 'ledger%%'"
OPEN_TRANSACTIONS = """
    SELECT array_agg(virtualtransaction) FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'virtualxid' AND datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"""
STILL_OPEN = "SELECT 1 FROM pg_locks WHERE locktype = 'virtualxid' AND virtualtransaction = ANY(%s::text[])"
LOOK_AGAIN_SECONDS = 0.1
WAIT_SECONDS = 60.0


class Superseded(Exception):  # noqa: N818 - a turn of events, not an error
    """Raised when another runner has moved the position, or swapped the generation away: the batch is not counted again."""


def sql(text: str, schema: str) -> Composed:
    """`text` with the names of the registry."""
    names = {name: Identifier(schema, name) for name in REGISTRY} | {"one_live": Identifier("generations_one_live")}
    return SQL(text).format(**names)  # pyright: ignore[reportArgumentType] - our own constants only


def statements(schema: str) -> list[Composed]:
    """What set-up has to create."""
    return [sql(CREATE, schema), sql(ONE_LIVE, schema), sql(CREATE_REBUILDS, schema)]


def all_of(connection: Connection[Any], schema: str, name: str = GROUP) -> list[Generation]:
    """Every generation, oldest first."""
    return [Generation(*row) for row in connection.execute(sql(SELECT, schema), [name]).fetchall()]


def live(connection: Connection[Any], schema: str, name: str = GROUP) -> Generation | None:
    """The one of today's shape that answers; null before it is built."""
    row = connection.execute(sql(SELECT_LIVE, schema), [name]).fetchone()
    return None if row is None else Generation(*row)


def begin(connection: Connection[Any], schema: str, state: str, create: Iterable[str], name: str = GROUP) -> Generation:
    """Create the tables of a new generation, empty, at the start of the log. Commits with the connection's transaction."""
    row = connection.execute(sql(INSERT, schema), [name, SHAPE, state, name]).fetchone()
    assert row is not None
    generation = Generation(*row)
    for statement in create:
        connection.execute(generation.tables(schema).sql(statement))
    return generation


def advance(cursor: Cursor[Any], schema: str, generation: Generation, position: int, complete_through: datetime) -> None:
    """Move from exactly where `generation` was to `position`. Raises Superseded if it is elsewhere now.

    The library's own check, that the position is greater, lets two runners with overlapping batches count twice.
    """
    changed = cursor.execute(
        sql(ADVANCE, schema),
        [position, complete_through, GROUP, generation.number, generation.position],
        prepare=True,
    ).rowcount
    if changed != 1:
        raise Superseded


def swap(connection: Connection[Any], schema: str, new: Generation) -> None:
    """Make `new` the live one, if it is exactly where the live one is; the old one is retired. Raises Superseded otherwise.

    It fulfils the wish for a rebuild, if there is one: also one that came while this was built.
    """
    rows = connection.execute(sql(SELECT + " FOR UPDATE", schema), [GROUP]).fetchall()
    generations = {each.number: each for each in map(Generation._make, rows)}
    old = next((each for each in generations.values() if each.state == "live" and each.shape == new.shape), None)
    new = generations[new.number]
    if new.state != "building" or (old is not None and old.position != new.position):
        raise Superseded
    change = "UPDATE {generations} SET state = %s, complete_through = %s WHERE name = %s AND generation = %s"
    complete_through = new.complete_through
    if old is not None:
        complete_through = max(complete_through, old.complete_through)  # the positions are equal: what one has, the other has
        connection.execute(sql(change, schema), ["retired", complete_through, GROUP, old.number])
    connection.execute(sql(change, schema), ["live", complete_through, GROUP, new.number])
    connection.execute(sql(FULFIL, schema), [GROUP, new.shape])


def become_builder(connection: Connection[Any], schema: str, *, waits: bool = False) -> bool:
    """Be the one who builds, until disconnected; false if another one is, unless it `waits` for that one to end."""
    (ours,) = connection.execute(LOCK if waits else TRY_LOCK, [f"{schema} builders"]).fetchone() or (False,)
    return ours is not False


def leave_to_others(connection: Connection[Any], schema: str) -> None:
    """Be it no longer. A connection that is broken lets go by itself."""
    _let_go(connection, f"{schema} builders")


@contextmanager
def projecting(connection: Connection[Any], schema: str) -> Iterator[bool]:
    """Be the one who projects, meanwhile; false if another one is. That one is waited for a little: it is soon at the end of the log."""
    key = f"{schema} projectors"
    ours = _locked_soon(connection, key)
    try:
        yield ours
    finally:
        if ours:
            _let_go(connection, key)


def _locked_soon(connection: Connection[Any], key: str) -> bool:
    if connection.execute(TRY_LOCK, [key]).fetchone() == (True,):
        return True
    try:
        with connection.transaction():
            connection.execute(WAIT_A_LITTLE)
            connection.execute(LOCK, [key])
    except LockNotAvailable:
        return False
    return True


def _let_go(connection: Connection[Any], key: str) -> None:
    with suppress(OperationalError):  # a connection that is broken lets go by itself
        connection.execute(UNLOCK, [key])


def has_leftovers(connection: Connection[Any], schema: str) -> bool:
    """Whether there are generations that neither answer nor, unless somebody is at it, will ever do so."""
    return connection.execute(sql(LEFTOVERS, schema), [GROUP]).fetchone() is not None


def retire_unfinished(connection: Connection[Any], schema: str) -> None:
    """Give up what an earlier build left when it was ended: it starts anew. The caller holds the lock of builders."""
    change = "UPDATE {generations} SET state = 'retired' WHERE name = %s AND state = 'building'"
    connection.execute(sql(change, schema), [GROUP])


def analyze(connection: Connection[Any], schema: str, generation: Generation) -> None:
    """Let the planner know what the tables hold, before autovacuum comes round: of an unknown table it expects next to nothing."""
    with suppress(UndefinedTable):  # swapped away and dropped meanwhile
        for table in TABLES:
            connection.execute(generation.tables(schema).sql(f"ANALYZE {{{table}}}"))


def retire_older(connection: Connection[Any], schema: str) -> None:
    """Give up what answers programs of before, once there is one of today's shape that answers."""
    change = "UPDATE {generations} SET state = 'retired' WHERE name = %s AND state = 'live' AND shape < %s"
    if live(connection, schema) is not None:
        connection.execute(sql(change, schema), [GROUP, SHAPE])


def drop_retired(connection: Connection[Any], schema: str, wait_seconds: float = WAIT_SECONDS) -> bool:
    """Drop the tables of retired generations, when nobody can be reading them any more; false if somebody still may after the wait.

    False, too, if another one is building: who builds drops them afterwards. Commits with the connection's transaction.
    """
    if connection.execute(TRY_TO_DROP, [f"{schema} builders"]).fetchone() != (True,):
        return False
    retired = [each for each in all_of(connection, schema) if each.state == "retired"]
    if not retired:
        return True
    # A snapshot may know a generation before it has touched the tables, so their locks do not tell: what is open now has to end.
    (open_now,) = connection.execute(OPEN_TRANSACTIONS).fetchone() or (None,)
    deadline = time.monotonic() + wait_seconds
    while connection.execute(STILL_OPEN, [open_now]).fetchone():
        if time.monotonic() > deadline:
            return False  # the next rebuild drops them
        time.sleep(LOOK_AGAIN_SECONDS)
    for each in retired:
        for (table,) in connection.execute(TABLES_OF, [schema, f"%\\_{each.number}"]).fetchall():  # of its shape, which may be another
            connection.execute(SQL("DROP TABLE {}").format(Identifier(schema, table)))
        connection.execute(sql("DELETE FROM {generations} WHERE name = %s AND generation = %s", schema), [GROUP, each.number])
    return True
