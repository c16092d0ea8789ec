"""The name of every event of an account, kept for ever: finds a report that comes back with another time, or as another type of event,
which the log takes for another event.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Cursor
from psycopg.errors import UniqueViolation

from domain.names import event_name
from ledger.binary import UuidArray, UuidArrayDumper, copy_of_named_places
from projections.read_model import Recorded, Tables

CREATE = (
    """
    CREATE TABLE {event_names} (
        account_id uuid NOT NULL,
        name uuid NOT NULL, -- 16 bytes of hash over source and id
        originator_id uuid NOT NULL,
        version integer NOT NULL,
        PRIMARY KEY (account_id, name)
    )""",
    """
    CREATE TABLE {name_conflicts} (
        account_id uuid NOT NULL,
        position bigint NOT NULL,
        standing uuid NOT NULL,
        standing_version integer NOT NULL,
        refused uuid NOT NULL,
        refused_version integer NOT NULL,
        PRIMARY KEY (account_id, position)
    )""",
)

Name = tuple[bytes, bytes]  # account, hash
Bearer = tuple[bytes, int]  # stream, version


class Naming(NamedTuple):
    """The name of each event of a batch, and who bears it first there."""

    names: list[Name]
    bearers: list[Bearer]
    first: dict[Name, Bearer]


def prepare(batch: Sequence[Recorded]) -> Naming:
    """The names of a batch of events of accounts."""
    names = [(each.account_id, event_name(each.event.source, each.event.id)) for each in batch]
    bearers = [(each.originator_id, each.event.originator_version) for each in batch]
    first: dict[Name, Bearer] = {}
    for name, bearer in zip(names, bearers, strict=True):
        first.setdefault(name, bearer)
    return Naming(names, bearers, first)


def apply(cursor: Cursor[Any], tables: Tables, batch: Sequence[Recorded], naming: Naming) -> Sequence[Recorded]:
    """Take the names that are free, list the other events as conflicts, and return the events that count."""
    if not batch:
        return batch
    asked = sorted(naming.first)  # in the order of the index, whose pages are then visited once: twice as fast
    rows = copy_of_named_places((*name, *naming.first[name]) for name in asked)
    if len(naming.first) == len(batch) and _all_free(cursor, tables, rows):
        return batch
    standing = naming.first | _standing(cursor, tables, asked)
    with cursor.copy(tables.sql(COPY)) as copy:
        copy.write(copy_of_named_places((*name, *bearer) for name, bearer in naming.first.items() if standing[name] == bearer))
    bearers = [standing[name] for name in naming.names]
    refused = [
        (UUID(bytes=each.account_id), each.position, UUID(bytes=first[0]), first[1], UUID(bytes=other[0]), other[1])
        for each, first, other in zip(batch, bearers, naming.bearers, strict=True)
        if first != other
    ]
    cursor.executemany(tables.sql(CONFLICT), refused)
    return [each for each, first, other in zip(batch, bearers, naming.bearers, strict=True) if first == other]


def _all_free(cursor: Cursor[Any], tables: Tables, rows: bytes) -> bool:
    """Whether the names could all be taken. They nearly always can: to look each up before would take a third of the time."""
    try:
        with cursor.connection.transaction(), cursor.copy(tables.sql(COPY)) as copy:
            copy.write(rows)
    except UniqueViolation:
        return False
    return True


def _standing(cursor: Cursor[Any], tables: Tables, names: Sequence[Name]) -> dict[Name, Bearer]:
    """Who bears those of the names that are taken."""
    cursor.adapters.register_dumper(UuidArray, UuidArrayDumper)
    arrays = [UuidArray.of([account_id for account_id, _ in names]), UuidArray.of([name for _, name in names])]
    return {(a, n): (id, version) for a, n, id, version in cursor.execute(tables.sql(STANDING), arrays, prepare=True).fetchall()}


COPY = "COPY {event_names} FROM STDIN (FORMAT BINARY)"
STANDING = """
    SELECT uuid_send(account_id), uuid_send(name), uuid_send(originator_id), version FROM {event_names}
    JOIN unnest(%b, %b) AS asked (account_id, name) USING (account_id, name)"""
CONFLICT = "INSERT INTO {name_conflicts} VALUES (%s, %s, %s, %s, %s, %s)"
