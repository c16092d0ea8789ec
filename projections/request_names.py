"""The name of every request, kept for ever: finds a report that comes back with another time, which the log takes for another request."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from psycopg import Cursor

from domain.names import event_name
from ledger.binary import UuidArray, UuidArrayDumper, copy_of_three_uuids
from projections.read_model import Recorded, Tables

CREATE = (
    """
    CREATE TABLE {request_names} (
        account_id uuid NOT NULL,
        name uuid NOT NULL, -- 16 bytes of hash over source and id
        originator_id uuid NOT NULL,
        PRIMARY KEY (account_id, name)
    )""",
    """
    CREATE TABLE {name_conflicts} (
        account_id uuid NOT NULL,
        position bigint NOT NULL,
        standing uuid NOT NULL,
        refused uuid NOT NULL,
        PRIMARY KEY (account_id, position)
    )""",
)

Name = tuple[bytes, bytes]  # account, hash


class Naming(NamedTuple):
    """The name of each event of a batch, and who bears it first there, by originator id."""

    names: list[Name]
    first: dict[Name, bytes]


def prepare(batch: Sequence[Recorded]) -> Naming:
    """The names of a batch."""
    names = [(account_id, event_name(event.source, event.id)) for _, _, account_id, event in batch]
    first: dict[Name, bytes] = {}
    for name, recorded in zip(names, batch, strict=True):
        first.setdefault(name, recorded.originator_id)
    return Naming(names, first)


def apply(cursor: Cursor[Any], tables: Tables, batch: Sequence[Recorded], naming: Naming) -> Sequence[Recorded]:
    """Take the names that are free, list the other events as conflicts, and return the events that count."""
    cursor.adapters.register_dumper(UuidArray, UuidArrayDumper)
    asked = sorted(naming.first)  # in the order of the index, whose pages are then visited once: twice as fast
    arrays = [UuidArray.of([account_id for account_id, _ in asked]), UuidArray.of([name for _, name in asked])]
    taken = {(a, n): bearer for a, n, bearer in cursor.execute(tables.sql(STANDING), arrays, prepare=True).fetchall()}
    with cursor.copy(tables.sql(COPY)) as copy:
        copy.write(copy_of_three_uuids((*name, naming.first[name]) for name in asked if name not in taken))
    if not taken and len(naming.first) == len(batch):
        return batch
    bearers = [taken.get(name, naming.first[name]) for name in naming.names]
    cursor.executemany(
        tables.sql(CONFLICT),
        [
            (each.account_id, each.position, bearer, each.originator_id)
            for each, bearer in zip(batch, bearers, strict=True)
            if bearer != each.originator_id
        ],
    )
    return [each for each, bearer in zip(batch, bearers, strict=True) if bearer == each.originator_id]


COPY = "COPY {request_names} FROM STDIN (FORMAT BINARY)"
STANDING = """
    SELECT uuid_send(account_id), uuid_send(name), uuid_send(originator_id) FROM {request_names}
    JOIN unnest(%b, %b) AS asked (account_id, name) USING (account_id, name)"""
CONFLICT = """
    INSERT INTO {name_conflicts} (account_id, position, standing, refused)
    VALUES (encode(%s, 'hex')::uuid, %s, encode(%s, 'hex')::uuid, encode(%s, 'hex')::uuid)"""
