"""How a snapshot begins: a transaction that sees one state, and which read models are live in it, together."""

from contextlib import suppress
from functools import cache
from typing import Any, LiteralString, cast

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from projections import generations
from projections.generations import Generation
from projections.read_model import GROUP

BEGIN: LiteralString = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
SELECT_LIVE = generations.SELECT_LIVE.replace("%s", f"'{GROUP}'")  # several statements at once take no parameters


class NotReadyError(Exception):
    """Raised when the read models have never been set up: start the projections."""


async def begun(connection: AsyncConnection[Any], cell: str) -> Generation:
    """Begin a transaction that sees one state, and say which: in one round trip. Raises NotReadyError."""
    if not connection.autocommit:
        await connection.set_autocommit(True)
    cursor = connection.cursor(row_factory=tuple_row)
    try:
        await cursor.execute(beginning(cell), prepare=False)
        cursor.nextset()
        return _generation(await cursor.fetchone())
    except BaseException:
        with suppress(psycopg.OperationalError):
            await connection.rollback()
        raise


@cache
def beginning(cell: str) -> LiteralString:
    """The statements that open a snapshot, and give its state."""
    return cast("LiteralString", f"{BEGIN}; {generations.sql(SELECT_LIVE, cell).as_string(None)}")


def _generation(row: tuple[Any, ...] | None) -> Generation:
    if row is None:
        raise NotReadyError("there are no read models yet: start `tallygraph project`, or `tallygraph serve`, which runs it")
    return Generation(*row)
