"""Prices, each where in the log it was set: what a price book is made of when projections start."""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection, Cursor

from domain.price_events import PriceSet
from domain.prices import Price, PriceBook
from projections.read_model import Recorded, Tables, columns

CREATE = (
    """
    CREATE TABLE {prices} (
        position bigint PRIMARY KEY,
        model text COLLATE "C" NOT NULL,
        provider text COLLATE "C", -- null: any
        direction text COLLATE "C" NOT NULL,
        category text COLLATE "C" NOT NULL,
        unit text COLLATE "C" NOT NULL,
        unit_price numeric NOT NULL, -- USD
        effective_from bigint NOT NULL, -- microseconds since 1970, as rating takes it
        above_prompt_tokens bigint,
        service_tier text COLLATE "C",
        sheet text COLLATE "C"
    )""",
    "CREATE INDEX ON {prices} (model)",
)


def prepare(batch: Sequence[Recorded]) -> list[Price]:
    """The prices among the events."""
    return [Price.of(each.position, each.event) for each in batch if isinstance(each.event, PriceSet)]


def apply(cursor: Cursor[Any], tables: Tables, prices: Sequence[Price]) -> None:
    """Keep them."""
    if prices:
        cursor.execute(tables.sql(KEEP), columns(prices))


def book(connection: Connection[Any], tables: Tables, up_to: int) -> PriceBook:
    """Every price that was set up to a position."""
    rows = connection.execute(tables.sql(LOAD), [up_to]).fetchall()
    return PriceBook(Price(*row) for row in rows)


class KnownPrices:
    """The prices up to the change that is being made: read where one first needs them, and from then on kept up with the changes."""

    def __init__(self) -> None:
        self._book: PriceBook | None = None
        self._at = (0, 0)

    def follow(self, generation: int, before: int, position: int, prices: Sequence[Price]) -> None:
        """From position `before` to `position` of a generation. Who comes from elsewhere, after a change that failed, knows nothing yet."""
        if self._at != (generation, before):
            self._book = None
        if self._book is not None:
            for price in prices:
                self._book.add(price)
        self._at = (generation, position)

    def book(self, connection: Connection[Any], tables: Tables) -> PriceBook:
        """As of there, where `connection` has them by now."""
        if self._book is None:
            self._book = book(connection, tables, self._at[1])
        return self._book


KEEP = """
    INSERT INTO {prices}
    SELECT * FROM unnest(%b::int8[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::numeric[],
                         %b::int8[], %b::int8[], %b::text[], %b::text[])"""
LOAD = "SELECT * FROM {prices} WHERE position <= %s ORDER BY position"
