"""The group of read models: one position, so that they agree in every answer. What a batch changes is worked out here, and made."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

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
    history_past,
    prices,
    reratings,
    router_buckets,
)
from projections.corrections import Corrected
from projections.event_names import BY_KEY, Taken
from projections.history import Row
from projections.read_model import Recorded, Tables
from projections.router_sums import Sums

READ_MODELS = {
    "history": history,
    "history_past": history_past,
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

    start: int  # position of the first event
    position: int  # of the last
    names: event_names.Change
    parts: "Parts"
    corrections: Sequence[Recorded]
    prices: Sequence[Price]
    gpu_prices: gpu_prices.Change
    renewed: Sequence[Recorded]
    batch: Sequence[Recorded] | None  # of events of accounts; null where it was not kept

    @property
    def comes_first(self) -> bool:
        """Whether what follows is begun when it is made: that may be rated by its prices, or would wait for long."""
        return bool(self.prices or self.renewed)

    @property
    def finds_requests(self) -> bool:
        """Whether requests that are in history are looked up there."""
        return bool(self.corrections or self.renewed)

    @property
    def accounts(self) -> Collection[UUID] | None:
        """Whose router usage it may change; null for anybody's."""
        if self.renewed:
            return None
        return {row[0] for row in self.parts.buckets.series} | {UUID(bytes=each.account_id) for each in self.corrections}


class WholeNeededError(Exception):
    """Raised when an event of a change does not count, and the change has to be made anew from its events."""


class Parts(NamedTuple):
    """What events of accounts change."""

    history: bytes
    buckets: router_buckets.Change
    keys: api_keys.Latest
    deployments: deployments.Change
    deployment_buckets: deployment_buckets.Change


class Gathering:
    """Works out what a batch changes, some events at a time, in log order: they are looked at while they are fresh, and need not be kept.

    Pure, so it can be done ahead. The batch is kept where `whole` says so; it is needed only where a name was taken before.
    """

    def __init__(self, *, whole: bool) -> None:
        self._names = event_names.Names()
        self._parts = _Parts()
        self._others: list[Recorded] = []
        self._batch: list[Recorded] | None = [] if whole else None
        self._start = self._position = 0

    def add(self, events: Sequence[Recorded]) -> None:
        """Take some more, one at least."""
        requests = [each for each in events if type(each.event) is RequestCompleted]  # nearly all: others are looked at apart
        of_accounts = events
        if len(requests) < len(events):
            self._others += (each for each in events if type(each.event) is not RequestCompleted)
            of_accounts = [each for each in events if not isinstance(each.event, PlatformEvent)]
        self._names.add(of_accounts)
        self._parts.add(requests)
        if self._batch is not None:
            self._batch += of_accounts
        self._start = self._start or events[0].position
        self._position = events[-1].position

    def change(self) -> Change:
        """What all of them change."""
        others = self._others
        return Change(
            start=self._start,
            position=self._position,
            names=self._names.change(),
            parts=self._parts.done(others),
            corrections=[each for each in others if isinstance(each.event, RequestChange)],
            prices=prices.prepare(others),
            gpu_prices=gpu_prices.prepare(others),
            renewed=[each for each in others if isinstance(each.event, RatingRenewed)],
            batch=self._batch,
        )


class _Parts:
    def __init__(self) -> None:
        self._rows: list[bytes] = []
        self._sums = Sums()
        self._keys: api_keys.Latest = {}
        self._served: dict[deployment_buckets.Key, deployment_buckets.Delta] = {}

    def add(self, requests: Sequence[Recorded]) -> None:
        self._rows.append(history.rows(requests))
        self._sums.add(requests)
        api_keys.keep_latest(self._keys, requests)
        deployment_buckets.fold(self._served, requests)

    def done(self, others: Sequence[Recorded]) -> Parts:
        return Parts(
            history=history.copy_of(self._rows),
            buckets=router_buckets.change(self._sums),
            keys=self._keys,
            deployments=deployments.prepare(others),
            deployment_buckets=deployment_buckets.change(self._served),
        )


def stands_alone(recorded: Recorded) -> bool:
    """Whether the event has a batch of its own: what it changes depends on all before it, and on nothing after."""
    return isinstance(recorded.event, RatingRenewed)


def write_ahead(cursor: Cursor[Any], tables: Tables, change: Change) -> None:
    """Write what depends on no other batch: the rows of requests. It is taken back where one turns out not to count."""
    history.apply(cursor, tables, change.parts.history)


def apply(
    cursor: Cursor[Any],
    tables: Tables,
    change: Change,
    book: Callable[[], PriceBook],
    taken: Taken = BY_KEY,
    *,
    history_written: bool = False,
) -> None:
    """Change every read model of the group. `book` gives the prices up to the change; few changes need them. `taken` knows the names.

    Events whose name is taken by another do not count: the change is worked out without them. Raises WholeNeededError, also where such
    an event is written already.
    """
    prices.apply(cursor, tables, change.prices)
    gpu_prices.apply(cursor, tables, change.gpu_prices)
    parts = change.parts
    if not (change.names.distinct and taken.all_free(cursor, tables, change.names)):
        if change.batch is None or history_written:
            raise WholeNeededError
        counted = event_names.counted(cursor, tables, change.batch, taken)
        again = _Parts()
        again.add([each for each in counted if isinstance(each.event, RequestCompleted)])
        parts = again.done(counted)
    if not history_written:
        history.apply(cursor, tables, parts.history)
    router_buckets.apply(cursor, tables, parts.buckets)
    api_keys.apply(cursor, tables, parts.keys)
    deployments.apply(cursor, tables, parts.deployments)
    deployment_buckets.apply(cursor, tables, parts.deployment_buckets)
    _correct(cursor, tables, corrections.apply(cursor, tables, change.corrections, change.names.streams, book))
    for each in change.renewed:
        reratings.apply(cursor, tables, each, book())


def _correct(cursor: Cursor[Any], tables: Tables, corrected: Sequence[Corrected]) -> None:
    """Take what the requests were from the sums, and add what they are."""
    if not corrected:
        return
    latest = {after.originator_id: after for _, after in corrected}
    history.replace(cursor, tables, [*latest.values()])
    history_past.apply(cursor, tables, [(before, after.since) for before, after in corrected])
    taken = [_as_counted(before, after.since) for before, after in corrected if not before.voided]
    added = [_as_counted(after, after.since) for _, after in corrected if not after.voided]
    router_buckets.apply(cursor, tables, router_buckets.prepare(added, taken), shrinks=True)
    deployment_buckets.apply(cursor, tables, deployment_buckets.prepare(added, taken), shrinks=True)
    api_keys.apply(cursor, tables, api_keys.prepare([_as_counted(after, after.position) for _, after in corrected if not after.voided]))


def _as_counted(row: Row, position: int) -> Recorded:
    return Recorded(position, row.originator_id, row.account_id, row.request, row.rated)
