"""What was not recorded is kept aside, whole, to be looked at and sent again: reports that could not be understood, and reports that
bear the name of another content. Each is kept once, however often it is sent, and up to so many bytes of an account: what is kept stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.rows import tuple_row

from ledger.aside_room import CONFLICTS, REJECTIONS, ROW_BYTES, Item, keepable

CREATE = (
    """
    CREATE TABLE IF NOT EXISTS tallygraph.rejections (
        digest bytea PRIMARY KEY,
        received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        account text COLLATE "C",
        dialect text NOT NULL,
        field text,
        message text NOT NULL,
        body bytea NOT NULL
    )""",
    "CREATE INDEX IF NOT EXISTS rejections_newest ON tallygraph.rejections (received_at DESC, digest DESC)",
    """
    CREATE TABLE IF NOT EXISTS tallygraph.conflicts (
        account_id uuid NOT NULL,
        received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        originator_id uuid NOT NULL,
        digest bytea NOT NULL,
        topic text NOT NULL,
        standing bytea NOT NULL,
        refused bytea NOT NULL,
        PRIMARY KEY (account_id, originator_id, digest)
    )""",
    "ALTER TABLE tallygraph.conflicts ADD COLUMN IF NOT EXISTS standing_topic text",  # null: that of the refused one
    """
    CREATE TABLE IF NOT EXISTS tallygraph.kept_aside (
        account text COLLATE "C",
        kind text,
        bytes bigint NOT NULL,
        PRIMARY KEY (account, kind)
    )""",
)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A report as it came, the account of the token that brought it (null: a token for all), and what is wrong with it."""

    account: str | None
    dialect: str
    field: str | None
    message: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Conflicting:
    """A report as it would have been stored, and the one that stands."""

    account_id: UUID
    originator_id: bytes
    standing_topic: str
    standing: bytes
    topic: str
    refused: bytes


class NotKept(NamedTuple):
    """Indexes of those for which there was no room."""

    rejected: set[int]
    conflicting: set[int]


def keep(connection: Connection[Any], rejected: Sequence[Rejected], conflicting: Sequence[Conflicting]) -> NotKept:
    """Keep of these what there is room for, durably once the connection's transaction commits."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        readable = keepable(cursor, REJECTIONS, [_item_of_rejected(each) for each in rejected])
        cursor.executemany(
            "INSERT INTO tallygraph.rejections (digest, account, dialect, field, message, body)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [
                (_digest(each), each.account, each.dialect, each.field, each.message, each.body)
                for each in map(rejected.__getitem__, readable)
            ],
        )
        listed = keepable(cursor, CONFLICTS, [_item_of_conflicting(each) for each in conflicting])
        cursor.executemany(
            "INSERT INTO tallygraph.conflicts (account_id, originator_id, digest, topic, standing, refused, standing_topic)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [
                (
                    each.account_id,
                    UUID(bytes=each.originator_id),
                    each.refused[DIGEST],
                    each.topic,
                    each.standing,
                    each.refused,
                    each.standing_topic,
                )
                for each in map(conflicting.__getitem__, listed)
            ],
        )
    return NotKept({*range(len(rejected))}.difference(readable), {*range(len(conflicting))}.difference(listed))


DIGEST = slice(1, 17)  # of a state


def _item_of_rejected(each: Rejected) -> Item:
    return Item(each.account or "", _digest(each), len(each.body) + len(each.message.encode()) + ROW_BYTES)


def _item_of_conflicting(each: Conflicting) -> Item:
    key = each.account_id.bytes + each.originator_id + each.refused[DIGEST]
    return Item(str(each.account_id), key, len(each.standing) + len(each.refused) + ROW_BYTES)


def _digest(rejected: Rejected) -> bytes:
    origin = f"{rejected.account or ''}\0{rejected.dialect}\0".encode()
    return blake2b(origin + rejected.body, digest_size=16).digest()
