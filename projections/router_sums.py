"""What a batch of requests adds to router buckets, or takes from them: sums in memory, exact, without a database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact, localcontext

from domain.calendar import QUARTER
from domain.events import MICROSECOND, Outcome, Quantity, RequestCompleted
from domain.fallbacks import INPUT, OUTPUT
from domain.names import series_id
from domain.quantities import TOKEN
from domain.rating import ZERO, Rated
from projections.read_model import Recorded

Key = tuple[bytes, int, bytes]  # account, start in microseconds since 1970, series
ModelKey = tuple[bytes, int, str]  # the same of a model, whatever the provider and the API key
LineKey = tuple[str, str, str]  # direction, category, unit
Dimensions = tuple[bytes, str, str | None, str | None]  # account, model, provider, API key
WIDTH = QUARTER // MICROSECOND
EXACT_SUMS = Context(prec=1_000, traps=[Inexact])  # digits: whatever the log holds, a sum of it is shorter


@dataclass(slots=True)
class LineDelta:
    """What a batch adds to one line of a breakdown."""

    requests: int = 0
    quantity: int = 0
    priced: int = 0
    priced_requests: int = 0
    fee: Decimal = ZERO

    def add(self, other: "LineDelta") -> None:
        """Add what another bucket of the same series has."""
        self.requests += other.requests
        self.quantity += other.quantity
        self.priced += other.priced
        self.priced_requests += other.priced_requests
        self.fee += other.fee


@dataclass(slots=True)
class Delta:
    """What a batch adds to one bucket."""

    requests: int = 0
    errors: int = 0
    latency_ns: int = 0
    latencies: int = 0
    tokens: int = 0
    estimated: int = 0
    unknown_tokens: int = 0
    fee: Decimal = ZERO
    unpriced: int = 0
    reported_cost: Decimal = ZERO
    reported_costs: int = 0
    position: int = 0
    lines: dict[LineKey, LineDelta] = field(default_factory=dict)

    def add(self, other: "Delta") -> None:
        """Add what another bucket of the same series has."""
        self.requests += other.requests
        self.errors += other.errors
        self.latency_ns += other.latency_ns
        self.latencies += other.latencies
        self.tokens += other.tokens
        self.estimated += other.estimated
        self.unknown_tokens += other.unknown_tokens
        self.fee += other.fee
        self.unpriced += other.unpriced
        self.reported_cost += other.reported_cost
        self.reported_costs += other.reported_costs
        self.position = max(self.position, other.position)
        for key, line in other.lines.items():
            own = self.lines.get(key)
            if own is None:
                own = self.lines[key] = LineDelta()
            own.add(line)


class Sums:
    """Sums of requests by quarter-hour and series, and the series that occur."""

    def __init__(self) -> None:
        self.quarters: dict[Key, Delta] = {}
        self._found: dict[tuple[bytes, int, str, str | None, str | None], Delta] = {}  # the same, by what is at hand
        self.series: dict[Dimensions, bytes] = {}

    def add(self, requests: Iterable[Recorded]) -> None:
        """Add those of the router."""
        with localcontext(EXACT_SUMS):
            self._fold(requests, 1)

    def take(self, requests: Iterable[Recorded]) -> None:
        """Take them away."""
        with localcontext(EXACT_SUMS):
            self._fold(requests, -1)

    def quarters_by_model(self) -> dict[ModelKey, Delta]:
        """The same sums by model alone. Within EXACT_SUMS."""
        models = {(account, id): model for (account, model, _, _), id in self.series.items()}
        found: dict[ModelKey, Delta] = {}
        for (account, start, series), delta in self.quarters.items():
            key = (account, start, models[account, series])
            sums = found.get(key)
            if sums is None:
                sums = found[key] = Delta()
            sums.add(delta)
        return found

    def _fold(self, requests: Iterable[Recorded], sign: int) -> None:
        found, width = self._found, WIDTH
        for position, _, account, event, rated in requests:
            assert isinstance(event, RequestCompleted)
            if event.channel != "router":
                continue
            key = (account, event.occurred_at - event.occurred_at % width, event.model, event.provider, event.api_key)
            delta = found.get(key)
            if delta is None:
                delta = found[key] = self._delta(*key)
            _count(delta, event, rated, sign)
            delta.position = max(delta.position, position)

    def _delta(self, account: bytes, start: int, *series: *tuple[str, str | None, str | None]) -> Delta:
        dimensions = (account, *series)
        id = self.series.get(dimensions)
        if id is None:
            id = self.series[dimensions] = series_id(*series)
        return self.quarters.setdefault((account, start, id), Delta())


def _count(delta: Delta, event: RequestCompleted, rated: Rated, sign: int) -> None:
    delta.requests += sign
    if (event.status_code is not None or event.error_message is not None) and event.outcome is not Outcome.SUCCESS:
        delta.errors += sign
    if event.latency_ns is not None:
        delta.latency_ns += sign * event.latency_ns
        delta.latencies += sign
    if event.usage_source == "estimated":
        delta.estimated += sign
    if event.reported_cost is not None:
        delta.reported_cost += sign * Decimal(event.reported_cost)
        delta.reported_costs += sign
    fee, input_fees, output_fees = rated
    if fee is None:
        delta.unpriced += sign
    else:
        delta.fee += fee if sign > 0 else -fee
    input, output = event.input, event.output
    if input is None and output is None:
        delta.unknown_tokens += sign
        return
    if input is not None:
        _count_side(delta, INPUT, input, input_fees, sign)
    if output is not None:
        _count_side(delta, OUTPUT, output, output_fees, sign)


def _count_side(delta: Delta, direction: str, quantities: Sequence[Quantity], fees: Sequence[Decimal] | None, sign: int) -> None:
    lines = delta.lines
    for i, (category, unit, quantity) in enumerate(quantities):
        try:
            line = lines[direction, category, unit]
        except KeyError:
            line = lines[direction, category, unit] = LineDelta()
        signed = sign * quantity
        line.requests += sign
        line.quantity += signed
        if unit == TOKEN:
            delta.tokens += signed
        if fees is not None:
            line.priced += signed
            line.priced_requests += sign
            line.fee += fees[i] if sign > 0 else -fees[i]
