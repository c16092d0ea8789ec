"""Three believable months of a made-up account, told as events through the same door as everybody's."""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from heapq import merge
from operator import itemgetter
from typing import Any

import msgspec

from domain.access import Scope
from domain.events import microseconds
from ingest import cloudevents
from ingest.dialects import in_cloudevents
from ingest.outcomes import Sender
from ingest.reception import Reception
from ledger import accounts
from ledger.application import Ledger
from service.demo_corrections import amended
from service.demo_deployments import deployments
from service.demo_prices import prices
from service.demo_requests import DAYS, router_requests

ACCOUNT = "acme"
NAME = "sample data"
BATCH = 5_000


PLATFORM = Sender(None, NAME, frozenset({Scope.OPERATE}))
CUSTOMER = Sender(ACCOUNT, NAME, frozenset({Scope.INGEST, Scope.BILLING}))


def begin(ledger: Ledger) -> None:
    """Make the sample's prices the first events of a log that is empty, recorded on the day that the sample begins with.

    A price of GPU time is in force from its recording, and the account has paid for three months. Of a log that has begun, the past is
    as it was: there they are recorded by `load`, and in force from now. To be called before anybody reads the log.
    """
    since = _known_since(ledger)
    told = [cloudevents.parse(msgspec.json.encode(event), PLATFORM, microseconds(since)) for event in prices(first_day(since))]
    ledger.begin(told, first_day(since))


async def load(ledger: Ledger, reception: Reception) -> str | None:
    """Tell the months that ended when the account was first heard of, and say the position that covers them. Told again, it counts once."""
    since = await asyncio.to_thread(_known_since, ledger)
    await _tell(reception, prices(first_day(since)), PLATFORM)
    return await _tell(reception, usage(since), CUSTOMER)


def first_day(now: datetime) -> datetime:
    """Where the time begins whose last day is that of `now`."""
    return datetime(now.year, now.month, now.day, tzinfo=UTC) - timedelta(days=DAYS - 1)


def usage(now: datetime) -> Iterator[dict[str, Any]]:
    """What happened up to `now`, in the order of its time. The same day gives the same events."""
    first = first_day(now)
    for time, event in merge(amended(router_requests(first)), deployments(first), key=itemgetter(0)):
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
