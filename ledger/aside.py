"""What was not recorded is kept aside, whole, to be looked at and sent again: reports that could not be understood, and reports that
bear the name of another content. Each is kept once, however often it is sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from uuid import UUID

from psycopg import Connection

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


def keep(connection: Connection[Any], rejected: Sequence[Rejected], conflicting: Sequence[Conflicting]) -> None:
    """Keep all of these, durably once the connection's transaction commits."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO tallygraph.rejections (digest, account, dialect, field, message, body)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [(_digest(each), each.account, each.dialect, each.field, each.message, each.body) for each in rejected],
        )
        cursor.executemany(
            "INSERT INTO tallygraph.conflicts (account_id, originator_id, digest, topic, standing, refused, standing_topic)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [
                (
                    each.account_id,
                    UUID(bytes=each.originator_id),
                    each.refused[1:17],
                    each.topic,
                    each.standing,
                    each.refused,
                    each.standing_topic,
                )
                for each in conflicting
            ],
        )


def _digest(rejected: Rejected) -> bytes:
    origin = f"{rejected.account or ''}\0{rejected.dialect}\0".encode()
    return blake2b(origin + rejected.body, digest_size=16).digest()
