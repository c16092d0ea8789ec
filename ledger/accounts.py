"""The directory of accounts, shared by all cells: which there are, and which cell each belongs to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection

from domain.names import account_id

CREATE = (
    """
    CREATE TABLE IF NOT EXISTS tallygraph.accounts (
        id uuid PRIMARY KEY,
        key text COLLATE "C" NOT NULL UNIQUE,
        cell text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp()
    )""",
)


def ensure(connection: Connection[Any], keys: Iterable[str], cell: str) -> None:
    """Bring accounts into being that have not been heard of; the others stay as they are."""
    wanted = sorted(set(keys))  # in one order, so that two writers never wait for each other in a ring
    connection.execute(
        "INSERT INTO tallygraph.accounts (id, key, cell) SELECT *, %s FROM unnest(%s::uuid[], %s::text[]) ON CONFLICT DO NOTHING",
        [cell, [account_id(key) for key in wanted], wanted],
    )


@dataclass(frozen=True, slots=True)
class Account:
    """An account that has been heard of."""

    id: UUID
    key: str
    created_at: datetime
