"""What audits have found: figures that are not what the log says. Kept until the audit is forgotten."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Composed, Identifier

from projections.read_model import columns

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
PAGES = """
    SELECT asked.place, number, read_model, key, field, replayed, materialised
    FROM unnest(%s::uuid[], %s::uuid[], %s::int8[], %s::int8[]) WITH ORDINALITY AS asked (account_id, audit_id, past, most, place)
    CROSS JOIN LATERAL (
        SELECT * FROM {audit_differences} AS found
        WHERE found.account_id = asked.account_id AND found.audit_id = asked.audit_id AND number > asked.past
        ORDER BY number LIMIT asked.most
    ) AS page
    ORDER BY asked.place, number"""


class Difference(NamedTuple):
    """One figure of one row: what the log says, and what the read model says."""

    number: int
    read_model: str
    key: str
    field: str
    replayed: str | None
    materialised: str | None


class PageOf(NamedTuple):
    """Up to `limit` of an audit's differences past number `after`, which is 0 for the first page."""

    account_id: UUID
    audit_id: UUID
    after: int
    limit: int


def sql(text: str, cell: str) -> Composed:
    """`text` with the name of the cell's table."""
    return SQL(text).format(audit_differences=Identifier(cell, "audit_differences"))  # pyright: ignore[reportArgumentType] - our own constants


def page(cursor: Cursor[Any], cell: str, account_id: UUID, audit_id: UUID, *, after: int, limit: int) -> list[Difference]:
    """One page."""
    [found] = pages(cursor, cell, [PageOf(account_id, audit_id, after, limit)])
    return found


def pages(cursor: Cursor[Any], cell: str, asked: Sequence[PageOf]) -> list[list[Difference]]:
    """Those pages, in one statement."""
    with cursor.connection.cursor(row_factory=tuple_row) as own:
        rows = own.execute(sql(PAGES, cell), columns(asked), prepare=True).fetchall()
    found: list[list[Difference]] = [[] for _ in asked]
    for place, *row in rows:
        found[place - 1].append(Difference(*row))
    return found


def forget(cursor: Cursor[Any], cell: str, account_id: UUID, audit_id: UUID) -> None:
    """Nothing is kept of that audit."""
    cursor.execute(sql(FORGET, cell), [account_id, audit_id])
