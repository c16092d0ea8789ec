"""What a GPU hour costs: every price, with where and when it was recorded. It is in force from its recording at the earliest."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from psycopg import Cursor

from domain.events import microseconds
from domain.gpu_prices import GpuPrices
from domain.price_events import PLATFORM, GpuPriceSet
from projections.read_model import Recorded, Tables, columns
from projections.snapshot import Snapshot

CREATE = (
    """
    CREATE TABLE {gpu_prices} (
        position bigint PRIMARY KEY,
        recorded_at timestamptz NOT NULL,
        gpu_type text COLLATE "C" NOT NULL,
        unit_price numeric NOT NULL, -- USD per GPU hour
        effective_from bigint NOT NULL -- microseconds since 1970
    )""",
)

Change = list[tuple[int, str, Decimal, int]]


def prepare(batch: Sequence[Recorded]) -> Change:
    """The prices of GPU hours among the events."""
    return [
        (position, event.gpu_type, event.price, event.effective_from)
        for position, _, _, event, *_ in batch
        if isinstance(event, GpuPriceSet)
    ]


def apply(cursor: Cursor[Any], tables: Tables, prices: Change) -> None:
    """Keep them."""
    if prices:
        cursor.execute(tables.sql(KEEP), columns(prices))


async def load(snapshot: Snapshot) -> GpuPrices:
    """Every price that the snapshot includes."""
    then = "" if snapshot.as_of is None else " WHERE position <= %(as_of)s"
    rows = await snapshot.rows(LOAD + then, {"as_of": snapshot.as_of})
    return GpuPrices((position, microseconds(recorded_at), _event(*told)) for position, recorded_at, *told in rows)


def _event(gpu_type: str, unit_price: Decimal, effective_from: int) -> GpuPriceSet:
    """As much of the event as a price is made of."""
    return GpuPriceSet(PLATFORM, "", "", effective_from, gpu_type, f"{unit_price:f}", effective_from)


LOAD = "SELECT position, recorded_at, gpu_type, unit_price, effective_from FROM {gpu_prices}"
KEEP = """
    INSERT INTO {gpu_prices} (position, recorded_at, gpu_type, unit_price, effective_from)
    SELECT p, (SELECT recorded_at FROM {appends} WHERE position >= p ORDER BY position LIMIT 1), t, u, e
    FROM unnest(%b::int8[], %b::text[], %b::numeric[], %b::int8[]) AS told (p, t, u, e)
    ON CONFLICT DO NOTHING"""
