"""What the read models hold of a log, worked out again: one event after the other, in plain Python, without a database."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any, NamedTuple
from uuid import UUID

from domain.corrections import RequestChange, RequestCorrected
from domain.deployment_events import DeploymentEvent
from domain.events import EPOCH, Quantity, RequestCompleted, UsageEvent
from domain.names import account_id, event_name, series_id
from domain.price_events import GpuPriceSet, PriceSet, RatingRenewed
from domain.prices import Price, PriceBook
from domain.rating import Rated, rate
from tests.projections.fold_deployments import Deployments

GRAINS = (900, 3600, 86_400)
Rows = dict[str, list[tuple[Any, ...]]]
ZERO = Decimal(0)


class Logged(NamedTuple):
    position: int
    event: UsageEvent
    recorded_at: datetime


@dataclass
class Standing:
    """A request as it stands."""

    request: RequestCompleted
    position: int
    rated_at: int
    since: int
    version: int = 1
    voided: bool = False


class Model:
    """Requests by their streams, and what waits for them."""

    def __init__(self) -> None:
        self.book = PriceBook()
        self.names: dict[tuple[UUID, UUID], tuple[UUID, int]] = {}
        self.tables: dict[str, dict[Any, tuple[Any, ...]]] = defaultdict(dict)
        self.requests: dict[UUID, Standing] = {}
        self.waiting: dict[tuple[UUID, UUID, int], tuple[int, RequestChange, bool]] = {}
        self.deployments = Deployments()
        self.touched: dict[tuple[Any, ...], int] = defaultdict(int)  # buckets, with the position of the last event that changed them

    def take(self, position: int, event: UsageEvent, recorded_at: datetime) -> None:
        """The next event of the log."""
        match event:
            case PriceSet():
                self.book.add(Price.of(position, event))
                self.tables["prices"][position] = tuple(Price.of(position, event))
            case RatingRenewed():
                self._renew(position, event)
            case GpuPriceSet():
                self.tables["gpu_prices"][position] = (position, recorded_at, event.gpu_type, event.price, event.effective_from)
            case _:
                self._of_account(position, event)

    def _of_account(self, position: int, event: UsageEvent) -> None:
        account, id = account_id(event.account), UUID(bytes=event.originator_id)
        name = UUID(bytes=event_name(event.source, event.id))
        bearer = (id, event.originator_version)
        standing = self.names.setdefault((account, name), bearer)
        counts = standing == bearer
        if not counts:
            self.tables["name_conflicts"][account, position] = (account, position, *standing, *bearer)
        if isinstance(event, RequestChange):
            self.waiting[account, id, event.originator_version] = (position, event, counts)
        elif isinstance(event, RequestCompleted) and counts:
            self.requests[id] = Standing(event, position, position, position)
            self._touch(position, event)
            self._told(position, event)
        elif isinstance(event, DeploymentEvent) and counts:
            self.deployments.take(position, event)
        self._change(account, id)

    def _change(self, account: UUID, id: UUID) -> None:
        standing = self.requests.get(id)
        while standing and (found := self.waiting.pop((account, id, standing.version + 1), None)):
            position, change, counts = found
            self._supersede(id, standing, max(standing.since, position))
            standing.version += 1
            standing.position = position
            if not standing.voided:
                self._touch(standing.since, standing.request)
            if counts and isinstance(change, RequestCorrected):
                standing.request = change.applied(standing.request)
            elif counts:
                standing.voided = True
            if not standing.voided:
                self._touch(standing.since, standing.request)
                self._told(position, standing.request)

    def _supersede(self, id: UUID, standing: Standing, position: int) -> None:
        """Keep what the request was up to `position`, if it was that at any position."""
        if standing.since < position:
            row = _history_row(id, standing, self.rated(standing))
            self.tables["history_past"][*row[:3], standing.since] = (*row, position)
            standing.since = position

    def _touch(self, position: int, request: RequestCompleted) -> None:
        self.deployments.touch(position, request)
        if request.channel == "router":
            key = (account_id(request.account), request.model, request.provider, request.api_key)
            self.tables["router_series"][key] = (key[0], UUID(bytes=series_id(*key[1:])), *key[1:])
            for bucket in buckets_of(request):
                self.touched[bucket] = max(self.touched[bucket], position)

    def _told(self, position: int, request: RequestCompleted) -> None:
        if request.api_key is None or request.api_key_name is None:
            return
        key = (account_id(request.account), request.api_key)
        told = (request.time, request.originator_id, position)
        if key not in self.tables["api_keys"] or told > self.tables["api_keys"][key][3:]:
            self.tables["api_keys"][key] = (*key, request.api_key_name, *told)

    def _renew(self, position: int, event: RatingRenewed) -> None:
        before, after, changed, count = ZERO, ZERO, 0, 0
        for id, standing in self.requests.items():
            request = standing.request
            if (
                request.channel == "router"
                and not standing.voided
                and event.start <= request.occurred_at < event.end
                and event.of_account in (None, request.account)
                and (event.models is None or request.model in event.models)
            ):
                was, now = self.rated(standing), rate(self.book, request, position)
                self._supersede(id, standing, position)
                standing.rated_at = position
                count += 1
                changed += was != now
                before += was.fee or 0
                after += now.fee or 0
                if was != now:
                    self._touch(position, request)
        self.tables["reratings"][position] = (position, count, changed, before, after)

    def rated(self, standing: Standing) -> Rated:
        return rate(self.book, standing.request, standing.rated_at)

    def rows(self) -> Rows:
        """The rows of every table, in the order of their keys."""
        tables = self.tables
        sums: dict[Any, list[Any]] = defaultdict(lambda: [0, 0, 0, 0, 0, 0, 0, ZERO, 0, ZERO, 0])
        lines: dict[Any, list[Any]] = defaultdict(lambda: [0, 0, 0, 0, ZERO])
        for id, standing in self.requests.items():
            request, rated = standing.request, self.rated(standing)
            tables["history"][account_id(request.account), request.time, id] = _history_row(id, standing, rated)
            if standing.voided or request.channel == "deployment":
                continue
            for bucket in buckets_of(request):
                _count(sums[bucket], request, rated)
                for side, quantities, fees in sides_of(request, rated):
                    for i, (category, unit, quantity) in enumerate(quantities):
                        line = lines[(*bucket, side, category, unit)]
                        added = (1, quantity, *((0, 0, 0) if fees is None else (quantity, 1, fees[i])))
                        line[:] = [a + b for a, b in zip(line, added, strict=True)]
        tables["event_names"] = {key: (*key, *bearer) for key, bearer in self.names.items()}
        for level, group in (("router", UUID), ("router_model", str)):  # a series or a model
            tables[f"{level}_buckets"] = {key: (*key, *each, self.touched[key]) for key, each in sums.items() if type(key[3]) is group}
            tables[f"{level}_lines"] = {key: (*key, *each) for key, each in lines.items() if type(key[3]) is group}
        tables["waiting_changes"] = {key: (*key, position) for key, (position, _, _) in self.waiting.items()}
        found = {table: [*rows.values()] for table, rows in tables.items()}
        found |= self.deployments.rows(each.request for each in self.requests.values() if not each.voided)
        return {table: sorted(found.get(table, ()), key=lambda row, width=KEYS[table]: row[:width]) for table in KEYS}


KEYS = {  # tables of this model, and how many columns their keys have
    "history": 3,
    "history_past": 6,
    "router_buckets": 4,
    "router_lines": 7,
    "router_model_buckets": 4,
    "router_model_lines": 7,
    "router_series": 2,
    "event_names": 2,
    "name_conflicts": 2,
    "waiting_changes": 3,
    "api_keys": 2,
    "prices": 1,
    "reratings": 1,
    "gpu_prices": 1,
    "deployments": 2,
    "deployment_events": 3,
    "deployment_phases": 3,
    "deployment_buckets": 4,
}


def fold(log: Iterable[Logged]) -> Rows:
    """The rows of every table, in the order of their keys."""
    model = Model()
    with localcontext(prec=2_000):
        for logged in log:
            model.take(*logged)
        return model.rows()


def sides_of(request: RequestCompleted, rated: Rated) -> Iterator[tuple[str, Sequence[Quantity], Sequence[Decimal] | None]]:
    """Each known side: its quantities, and what they cost."""
    for name, quantities, fees in (("input", request.input, rated.input), ("output", request.output, rated.output)):
        if quantities is not None:
            yield name, quantities, fees


def buckets_of(request: RequestCompleted) -> Iterator[tuple[Any, ...]]:
    series = UUID(bytes=series_id(request.model, request.provider, request.api_key))
    for grain in GRAINS:
        start = EPOCH + (request.time - EPOCH) // timedelta(seconds=grain) * timedelta(seconds=grain)
        yield account_id(request.account), grain, start, series
        yield account_id(request.account), grain, start, request.model


def counted(log: Sequence[Logged]) -> list[RequestCompleted]:
    """The requests that count: the first of each name."""
    first: dict[tuple[str, str, str], RequestCompleted] = {}
    for _, event, _ in log:
        if isinstance(event, RequestCompleted):
            first.setdefault((event.account, event.source, event.id), event)
    return list(first.values())


def tokens_of(event: RequestCompleted) -> tuple[int | None, int | None, int | None]:
    """Of the input, the output and both: what is counted in tokens, null where nothing is known."""
    input, output = (
        None if side is None else sum(quantity for _, unit, quantity in side if unit == "token") for side in (event.input, event.output)
    )
    return input, output, None if input is None and output is None else (input or 0) + (output or 0)


def _count(sums: list[Any], event: RequestCompleted, rated: Rated) -> None:
    tokens = tokens_of(event)[2]
    added = (
        1, event.outcome.value != "success", event.latency_ns or 0, event.latency_ns is not None, tokens or 0,
        event.usage_source == "estimated", tokens is None, rated.fee or 0, rated.fee is None,
        Decimal(event.reported_cost or 0), event.reported_cost is not None,
    )  # fmt: skip
    sums[:] = [a + b for a, b in zip(sums, added, strict=True)]


def _history_row(id: UUID, standing: Standing, rated: Rated) -> tuple[Any, ...]:
    event = standing.request
    input, output = (
        None if side is None else [[*quantity, *([] if fees is None else [fees[i]])] for i, quantity in enumerate(side)]
        for side, fees in ((event.input, rated.input), (event.output, rated.output))
    )
    return (
        account_id(event.account), event.time, id, standing.position, standing.rated_at, standing.since, standing.version,
        standing.voided, event.channel, event.source, event.id, event.request_id or event.id, event.request_type, event.model,
        event.model_version, event.provider, event.technology, event.service_tier, event.deployment, event.api_key, input, output,
        *tokens_of(event), event.ttft_ns, event.latency_ns, event.gateway_latency_ns, event.status_code, event.error_message,
        event.outcome.value, event.usage_source, rated.fee, None if event.reported_cost is None else Decimal(event.reported_cost),
    )  # fmt: skip
