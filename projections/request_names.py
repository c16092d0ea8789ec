"""The name of every request, kept for ever: finds a report that comes back with another time, which the log takes for another request."""

from collections.abc import Sequence
from typing import Any

from psycopg import Cursor

from domain.names import event_name
from ledger.binary import UuidArray, UuidArrayDumper
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


def project(cursor: Cursor[Any], tables: Tables, batch: Sequence[Recorded]) -> Sequence[Recorded]:
    """Take the names of `batch`, list those that are taken as conflicts, and return the events whose names were free."""
    cursor.adapters.register_dumper(UuidArray, UuidArrayDumper)
    names = [event_name(recorded.event.source, recorded.event.id) for recorded in batch]
    accounts = [recorded.account_id.bytes for recorded in batch]
    originators = [recorded.originator_id for recorded in batch]
    arrays = [UuidArray.of(accounts), UuidArray.of(names), UuidArray.of(originators)]
    taken = cursor.execute(tables.sql(TAKE), arrays, prepare=True).rowcount
    if taken == len(batch):
        return batch
    standing = {
        (account, name): originator
        for account, name, originator in cursor.execute(tables.sql(STANDING), arrays[:2], prepare=True).fetchall()
    }
    free: list[Recorded] = []
    conflicts: list[tuple[Any, ...]] = []
    for recorded, name in zip(batch, names, strict=True):
        first = standing[recorded.account_id.bytes, name]
        if first == recorded.originator_id:
            free.append(recorded)
        else:
            conflicts.append((recorded.account_id, recorded.position, first, recorded.originator_id))
    cursor.executemany(tables.sql(CONFLICT), conflicts)
    return free


TAKE = """
    INSERT INTO {request_names} (account_id, name, originator_id)
    SELECT * FROM unnest(%b, %b, %b) ON CONFLICT DO NOTHING"""
STANDING = """
    SELECT uuid_send(account_id), uuid_send(name), uuid_send(originator_id) FROM {request_names}
    JOIN unnest(%b, %b) AS asked (account_id, name) USING (account_id, name)"""
CONFLICT = """
    INSERT INTO {name_conflicts} VALUES (%s, %s, encode(%s, 'hex')::uuid, encode(%s, 'hex')::uuid)"""
