"""A believable month of a made-up account, told as events through the same door as everybody's."""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from heapq import merge
from operator import itemgetter
from typing import Any

import msgspec

from domain.access import Scope
from ingest.dialects import in_cloudevents
from ingest.outcomes import Sender
from ingest.reception import Reception
from ledger import accounts
from ledger.application import Ledger
from service.demo_deployments import deployments
from service.demo_prices import prices
from service.demo_requests import DAYS, router_requests

ACCOUNT = "acme"
NAME = "sample data"
BATCH = 5_000


async def load(ledger: Ledger, reception: Reception) -> str | None:
    """Tell the month that ended when the account was first heard of, and say the position that covers it. Told again, it counts once."""
    since = await asyncio.to_thread(_known_since, ledger)
    await _tell(reception, prices(first_day(since)), Sender(None, NAME, frozenset({Scope.OPERATE})))
    return await _tell(reception, usage(since), Sender(ACCOUNT, NAME))


def first_day(now: datetime) -> datetime:
    """Where the month begins whose last day is that of `now`."""
    return datetime(now.year, now.month, now.day, tzinfo=UTC) - timedelta(days=DAYS - 1)


def usage(now: datetime) -> Iterator[dict[str, Any]]:
    """What happened up to `now`, in the order of its time. The same day gives the same events."""
    first = first_day(now)
    for time, event in merge(router_requests(first), deployments(first), key=itemgetter(0)):
        if time < now:
            yield event


def _known_since(ledger: Ledger) -> datetime:
    with ledger.connection() as connection:
        accounts.ensure(connection, [ACCOUNT], ledger.cell)
        row = connection.execute("SELECT created_at FROM tallygraph.accounts WHERE key = %s", [ACCOUNT]).fetchone()
    assert row is not None
    return row["created_at"].astimezone(UTC)


async def _tell(reception: Reception, events: Iterable[dict[str, Any]], sender: Sender) -> str | None:
    told = [msgspec.json.encode(event) for event in events]
    position = None
    for start in range(0, len(told), BATCH):
        position = (await reception.receive(told[start : start + BATCH], sender, in_cloudevents("sample"))).position
    return position
