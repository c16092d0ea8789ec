"""Rating again: requests of a range take the prices known when that was recorded, in place of those known when they were."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Cursor

from domain.events import EPOCH, MICROSECOND, Quantity, RequestCompleted, microseconds
from domain.names import account_id
from domain.price_events import RatingRenewed
from domain.prices import PriceBook
from domain.rating import UNRATED, Rated, rate
from projections import router_buckets
from projections.history import priced_json, quantities_of
from projections.read_model import Recorded, Tables, columns
from projections.router_sums import EXACT_SUMS
from projections.snapshot import Snapshot

CHUNK = 5_000  # requests in memory at a time; all of them are one transaction, so that nobody sees half of it

CREATE = (
    """
    CREATE TABLE {reratings} (
        position bigint PRIMARY KEY,
        requests bigint NOT NULL, -- rated again
        changed bigint NOT NULL, -- of them, with another fee than before
        fee_before numeric NOT NULL, -- USD, sum of the known fees
        fee_after numeric NOT NULL
    )""",
)


@dataclass(frozen=True, slots=True)
class Rerating:
    """What rating again has changed."""

    position: int
    requests: int
    changed: int
    fee_before: Decimal
    fee_after: Decimal


class _Rerated(NamedTuple):
    request: Recorded  # as it was rated
    now: Rated


def apply(cursor: Cursor[Any], tables: Tables, renewed: Recorded, book: PriceBook) -> None:
    """Rate again what `renewed` names and was recorded before it."""
    assert isinstance(renewed.event, RatingRenewed)
    requests = changed = 0
    before = after = Decimal(0)
    with localcontext(EXACT_SUMS):
        for chunk in _chunks(cursor, tables, renewed, book):
            other = [each for each in chunk if each.now != each.request.rated]
            _move(cursor, tables, renewed.position, chunk)
            _resum(cursor, tables, renewed.position, other)
            requests += len(chunk)
            changed += len(other)
            before += sum((each.request.rated.fee or Decimal(0) for each in chunk), Decimal(0))
            after += sum((each.now.fee or Decimal(0) for each in chunk), Decimal(0))
    cursor.execute(tables.sql(TELL), [renewed.position, requests, changed, before, after])


async def result(snapshot: Snapshot, position: int) -> Rerating | None:
    """What the rating again that was recorded at `position` has changed; null where it is not projected yet, or there is none."""
    rows = await snapshot.rows(RERATING, {"position": position})
    return Rerating(*rows[0]) if rows else None


def _chunks(cursor: Cursor[Any], tables: Tables, renewed: Recorded, book: PriceBook) -> Iterator[list[_Rerated]]:
    event = renewed.event
    assert isinstance(event, RatingRenewed)
    condition = "" if event.models is None else " AND request.model = ANY(%(models)s)"
    parameters = {
        "account": None if event.of_account is None else account_id(event.of_account),
        "start": EPOCH + event.start * MICROSECOND,
        "end": EPOCH + event.end * MICROSECOND,
        "models": None if event.models is None else [*event.models],
        "position": renewed.position,
    }
    with cursor.connection.cursor("rerating", binary=True) as rows:
        rows.execute(tables.sql(SELECT + condition), parameters)
        while chunk := rows.fetchmany(CHUNK):
            yield [_rated_again(row, renewed.position, book) for row in chunk]


def _rated_again(row: tuple[Any, ...], position: int, book: PriceBook) -> _Rerated:
    account, id, occurred_at, model, provider, tier, api_key, input, output, fee = row
    (inputs, input_fees), (outputs, output_fees) = _side(input), _side(output)
    request = RequestCompleted(
        "", "", "", microseconds(occurred_at), model, provider=provider, service_tier=tier, api_key=api_key, input=inputs, output=outputs
    )
    was = UNRATED if fee is None else Rated(fee, input_fees, output_fees)
    return _Rerated(Recorded(position, id.bytes, account.bytes, request, was), rate(book, request, position))


def _side(lines: str | None) -> tuple[tuple[Quantity, ...] | None, tuple[Decimal, ...] | None]:
    return (None, None) if lines is None else quantities_of(lines)


def _move(cursor: Cursor[Any], tables: Tables, position: int, chunk: Sequence[_Rerated]) -> None:
    rows = [
        (
            UUID(bytes=each.request.account_id),
            each.request.event.time,
            UUID(bytes=each.request.originator_id),
            priced_json(each.request.event.input, each.now.input),
            priced_json(each.request.event.output, each.now.output),
            each.now.fee,
        )
        for each in chunk
        if isinstance(each.request.event, RequestCompleted)
    ]
    cursor.execute(tables.sql(MOVE), [*columns(rows), position, position, position])


def _resum(cursor: Cursor[Any], tables: Tables, position: int, changed: Sequence[_Rerated]) -> None:
    """Only fees differ: what is taken and added back leaves the other sums as they are."""
    if changed:
        change = router_buckets.prepare(
            [each.request._replace(rated=each.now, position=position) for each in changed], [each.request for each in changed]
        )
        router_buckets.apply(cursor, tables, change)


SELECT = """
    SELECT request.account_id, request.id, request.occurred_at, request.model, request.provider, request.service_tier, request.api_key,
        request.input, request.output, request.fee
    FROM (SELECT DISTINCT account_id FROM {router_series}) AS account
    JOIN {history} AS request ON request.account_id = account.account_id
        AND request.occurred_at >= %(start)s AND request.occurred_at < %(end)s
    WHERE (%(account)s::uuid IS NULL OR account.account_id = %(account)s) AND request.channel = 'router' AND NOT request.voided
        AND request.rated_at < %(position)s"""
# Both parts see the rows as they were: what they were is kept, and they are changed.
MOVE = """
    WITH now AS (
        SELECT * FROM unnest(%b::uuid[], %b::timestamptz[], %b::uuid[], %b::text[], %b::text[], %b::numeric[])
            AS now (account_id, occurred_at, id, input, output, fee)
    ), kept AS (
        INSERT INTO {history_past} SELECT request.*, %b::int8 FROM now JOIN {history} AS request
            ON request.account_id = now.account_id AND request.occurred_at = now.occurred_at AND request.id = now.id
    )
    UPDATE {history} AS request SET rated_at = %b, since = %b, input = now.input, output = now.output, fee = now.fee
    FROM now WHERE request.account_id = now.account_id AND request.occurred_at = now.occurred_at AND request.id = now.id"""
RERATING = "SELECT position, requests, changed, fee_before, fee_after FROM {reratings} WHERE position = %(position)s"
TELL = "INSERT INTO {reratings} VALUES (%s, %s, %s, %s, %s)"
