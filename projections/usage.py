"""The group of read models: one position, so that they agree in every answer. What a batch changes is worked out here, and made."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from psycopg import Cursor

from domain.corrections import RequestChange
from domain.events import RequestCompleted
from domain.price_events import PlatformEvent, RatingRenewed
from domain.prices import Price, PriceBook
from projections import (
    api_keys,
    corrections,
    deployment_buckets,
    deployments,
    event_names,
    gpu_prices,
    history,
    prices,
    reratings,
    router_buckets,
)
from projections.corrections import Corrected
from projections.history import Row
from projections.read_model import Recorded, Tables

READ_MODELS = {
    "history": history,
    "router_buckets": router_buckets,
    "event_names": event_names,
    "corrections": corrections,
    "api_keys": api_keys,
    "prices": prices,
    "reratings": reratings,
    "gpu_prices": gpu_prices,
    "deployments": deployments,
    "deployment_buckets": deployment_buckets,
}
CREATE = tuple(statement for each in READ_MODELS.values() for statement in each.CREATE)


class Change(NamedTuple):
    """What a batch changes, if every one of its events counts."""

    batch: Sequence[Recorded]
    names: event_names.Naming
    of_accounts: Sequence[Recorded]
    parts: "Parts"
    prices: Sequence[Price]
    gpu_prices: gpu_prices.Change
    renewed: Sequence[Recorded]
    book: PriceBook

    @property
    def position(self) -> int:
        """Of the last event."""
        return self.batch[-1].position


class Parts(NamedTuple):
    """What events of accounts change."""

    requests: Sequence[Recorded]
    history: bytes
    buckets: router_buckets.Change
    keys: dict[tuple[bytes, str], api_keys.Told]
    deployments: deployments.Change
    deployment_buckets: deployment_buckets.Change


def prepare(batch: Sequence[Recorded], book: PriceBook) -> Change:
    """Work out what `batch`, in log order, changes. Pure, so it can be done ahead. `book` has the prices up to the end of the batch."""
    of_accounts = [each for each in batch if not isinstance(each.event, PlatformEvent)]
    renewed = [each for each in batch if isinstance(each.event, RatingRenewed)]
    names, parts = event_names.prepare(of_accounts), _parts(of_accounts)
    return Change(batch, names, of_accounts, parts, prices.prepare(batch), gpu_prices.prepare(batch), renewed, book)


def stands_alone(recorded: Recorded) -> bool:
    """Whether the event has a batch of its own: what it changes depends on all before it, and on nothing after."""
    return isinstance(recorded.event, RatingRenewed)


def apply(cursor: Cursor[Any], tables: Tables, change: Change) -> None:
    """Change every read model of the group. Events whose name is taken by another do not count: the change is worked out without them."""
    prices.apply(cursor, tables, change.prices)
    gpu_prices.apply(cursor, tables, change.gpu_prices)
    counted = event_names.apply(cursor, tables, change.of_accounts, change.names)
    parts = change.parts if counted is change.of_accounts else _parts(counted)
    history.apply(cursor, tables, parts.history)
    router_buckets.apply(cursor, tables, parts.buckets)
    api_keys.apply(cursor, tables, parts.keys)
    deployments.apply(cursor, tables, parts.deployments)
    deployment_buckets.apply(cursor, tables, parts.deployment_buckets)
    changes = [each for each in change.of_accounts if isinstance(each.event, RequestChange)]
    _correct(cursor, tables, corrections.apply(cursor, tables, changes, parts.requests, change.book))
    for each in change.renewed:
        reratings.apply(cursor, tables, each, change.book)


def _parts(events: Sequence[Recorded]) -> Parts:
    requests = [each for each in events if isinstance(each.event, RequestCompleted)]
    return Parts(
        requests=requests,
        history=history.prepare(requests),
        buckets=router_buckets.prepare(requests),
        keys=api_keys.prepare(requests),
        deployments=deployments.prepare(events),
        deployment_buckets=deployment_buckets.prepare(requests),
    )


def _correct(cursor: Cursor[Any], tables: Tables, corrected: Sequence[Corrected]) -> None:
    """Take what the requests were from the sums, and add what they are."""
    if not corrected:
        return
    latest = {after.originator_id: after for _, after in corrected}
    history.replace(cursor, tables, [*latest.values()])
    taken = [_as_counted(before, after.position) for before, after in corrected if not before.voided]
    added = [_as_counted(after, after.position) for _, after in corrected if not after.voided]
    router_buckets.apply(cursor, tables, router_buckets.prepare(added, taken), shrinks=True)
    deployment_buckets.apply(cursor, tables, deployment_buckets.prepare(added, taken), shrinks=True)
    api_keys.apply(cursor, tables, api_keys.prepare(added))


def _as_counted(row: Row, position: int) -> Recorded:
    return Recorded(position, row.originator_id, row.account_id, row.request, row.rated)
