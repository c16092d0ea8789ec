"""What if: what requests of a range would cost at other prices. Nothing is written; every figure is made as it always is."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.events import Quantity, RequestCompleted, microseconds
from domain.prices import Price, PriceBook
from domain.rating import rate
from projections.history import priced_json, quantities_of
from projections.history_past import requests_as_of
from projections.reckoning import reckoned
from projections.router_facts import Range, Repriced, RouterFilter, filtered
from projections.snapshot import Snapshot

MAX_WHAT_IF_REQUESTS = 100_000


class TooManyRequestsError(ValueError):
    """Raised when a range has more requests than MAX_WHAT_IF_REQUESTS."""


async def repriced(snapshot: Snapshot, account_id: UUID, range: Range, filter: RouterFilter, prices: Sequence[Price]) -> Repriced:
    """The router's requests of the range as if `prices` had come before those that are known. Those keep their place otherwise.

    Raises TooManyRequestsError.
    """
    condition, values = filtered(filter, "request")
    within = {"account": account_id, "start": range.start, "end": range.end, "as_of": snapshot.as_of}
    query = f"{REQUESTS.replace('{history}', requests_as_of(snapshot.as_of))} {condition} LIMIT %(limit)s"
    rows = await snapshot.rows(query, {**within, "limit": MAX_WHAT_IF_REQUESTS + 1, **values})
    if len(rows) > MAX_WHAT_IF_REQUESTS:
        raise TooManyRequestsError(
            f"the range has more than {MAX_WHAT_IF_REQUESTS:,} requests to rate at other prices (MAX_WHAT_IF_REQUESTS):"
            " ask for a shorter range, or with a filter"
        )
    known = await snapshot.rows(KNOWN, {"models": [*{row[2] for row in rows}]})
    hypothetical = [price._replace(position=place) for place, price in enumerate(prices, -len(prices))]
    book = PriceBook((*hypothetical, *(Price(*row) for row in known)))
    return await reckoned(len(rows), lambda: _repriced(rows, book, repr(hypothetical)))


def _repriced(rows: Sequence[tuple[Any, ...]], book: PriceBook, prices: str) -> Repriced:
    found = [_one(row, book) for row in rows]
    ids, inputs, outputs, fees = zip(*found, strict=True) if found else ((), (), (), ())
    return Repriced(ids, inputs, outputs, fees, prices)


def _one(row: tuple[Any, ...], book: PriceBook) -> tuple[UUID, str | None, str | None, Decimal | None]:
    id, occurred_at, model, provider, tier, input, output, rated_at = row
    inputs, outputs = _quantities(input), _quantities(output)
    request = RequestCompleted(
        "", "", "", microseconds(occurred_at), model, provider=provider, service_tier=tier, input=inputs, output=outputs
    )
    rated = rate(book, request, rated_at)
    return id, priced_json(inputs, rated.input), priced_json(outputs, rated.output), rated.fee


def _quantities(lines: str | None) -> tuple[Quantity, ...] | None:
    return None if lines is None else quantities_of(lines)[0]


REQUESTS = """
    SELECT id, occurred_at, model, provider, service_tier, input, output, rated_at FROM {history} AS request
    WHERE account_id = %(account)s AND occurred_at >= %(start)s AND occurred_at < %(end)s AND channel = 'router' AND NOT voided"""
KNOWN = "SELECT * FROM {prices} WHERE model = ANY(%(models)s::text[]) ORDER BY position"
