"""Figures over requests of the router: sums, what follows from them, and the lines of a breakdown."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from domain.quantities import label, rank

NANOSECONDS = 1_000_000_000


class Line(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One line of a breakdown. Categories are disjoint: those in tokens add up to the tokens."""

    direction: str
    category: str
    unit: str
    count: int
    fee: Decimal | None = None  # USD; null where nothing of it has a price

    @property
    def label(self) -> str:
        """What people call it."""
        return label(self.direction, self.category, self.unit)


class Figures:
    """What follows from sums, of a range or of a bucket."""

    requests: int
    errors: int
    latency_ns: int
    latencies: int
    tokens: int
    estimated: int
    unknown_tokens: int
    known_fee: Decimal
    unpriced: int
    known_cost: Decimal
    reported_costs: int
    ahead: int

    @property
    def fee(self) -> Decimal | None:
        """USD; null where there are requests and none is priced."""
        return None if self.requests and self.unpriced == self.requests else self.known_fee

    @property
    def reported_cost(self) -> Decimal | None:
        """USD, what the reporters think it cost; null where none says."""
        return self.known_cost if self.reported_costs else None

    @property
    def average_latency_seconds(self) -> float | None:
        """Mean over the requests that have one; null where none has."""
        return self.latency_ns / (self.latencies * NANOSECONDS) if self.latencies else None

    @property
    def success_rate(self) -> float | None:
        """Percent; null without requests."""
        return 100 * (self.requests - self.errors) / self.requests if self.requests else None


@dataclass(frozen=True, slots=True)
class Totals(Figures):
    """Sums over requests. `latencies` is how many requests have a latency; `models` how many models there are."""

    requests: int = 0
    errors: int = 0
    latency_ns: int = 0
    latencies: int = 0
    tokens: int = 0
    estimated: int = 0
    unknown_tokens: int = 0
    known_fee: Decimal = Decimal(0)  # USD, sum of those that are known
    unpriced: int = 0  # requests without a fee
    known_cost: Decimal = Decimal(0)  # USD, sum of what the reporters think, where they say
    reported_costs: int = 0  # how many say
    ahead: int = 0  # requests dated after now
    models: int = 0


def ranked(lines: Iterable[Line]) -> list[Line]:
    """In the order that people see."""
    return sorted(lines, key=_place)


def _place(line: Line) -> tuple[str, tuple[int, str, str]]:
    return line.direction, rank(line.direction, line.category, line.unit)


def lines_of(text: str | None) -> list[Line]:
    """Ranked, from JSON whose numbers may be texts, which is how Postgres tells sums; null is none."""
    return [] if text is None else ranked(_decode(text))


_decode = msgspec.json.Decoder(list[Line], strict=False).decode
