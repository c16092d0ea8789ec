"""What audits have found: figures that are not what the log says. Kept until the audit is forgotten."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Composed, Identifier

CREATE = """
    CREATE TABLE IF NOT EXISTS {audit_differences} (
        account_id uuid NOT NULL,
        audit_id uuid NOT NULL,
        number bigint NOT NULL, -- from 1, in the order of read models, keys and fields
        read_model text NOT NULL,
        key text NOT NULL, -- JSON: the row's key
        field text NOT NULL, -- the column, or ROW where the whole row is on one side alone
        replayed text, -- what the log says; null where it says that there is no such row, or that the figure is unknown
        materialised text, -- what the read model says
        PRIMARY KEY (account_id, audit_id, number)
    )"""
ROW = "row"
FORGET = "DELETE FROM {audit_differences} WHERE account_id = %s AND audit_id = %s"
PAGE = """
    SELECT number, read_model, key, field, replayed, materialised FROM {audit_differences}
    WHERE account_id = %s AND audit_id = %s AND number > %s ORDER BY number LIMIT %s"""


class Difference(NamedTuple):
    """One figure of one row: what the log says, and what the read model says."""

    number: int
    read_model: str
    key: str
    field: str
    replayed: str | None
    materialised: str | None


def sql(text: str, cell: str) -> Composed:
    """`text` with the name of the cell's table."""
    return SQL(text).format(audit_differences=Identifier(cell, "audit_differences"))  # pyright: ignore[reportArgumentType] - our own constants


def page(cursor: Cursor[Any], cell: str, account_id: UUID, audit_id: UUID, *, after: int, limit: int) -> Sequence[Difference]:
    """Up to `limit` of an audit's differences past number `after`, which is 0 for the first page."""
    with cursor.connection.cursor(row_factory=tuple_row) as own:
        rows = own.execute(sql(PAGE, cell), [account_id, audit_id, after, limit], prepare=True).fetchall()
    return [Difference(*row) for row in rows]


def forget(cursor: Cursor[Any], cell: str, account_id: UUID, audit_id: UUID) -> None:
    """Nothing is kept of that audit."""
    cursor.execute(sql(FORGET, cell), [account_id, audit_id])
