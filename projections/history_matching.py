"""Which requests of history: those of an account and a range that a filter lets through, by every column."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.events import Outcome
from domain.limits import NANOSECONDS_PER_MILLISECOND
from projections.history import FAILURE
from projections.router_facts import Range

FAILED = 400  # the least status code of a failure


@dataclass(frozen=True, slots=True)
class Bounds:
    """From `min` to `max`, both included; null is open. Unknown values lie in no bounds."""

    min: int | float | Decimal | None = None
    max: int | float | Decimal | None = None


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which requests. An absent list does not filter; a null in a list selects what has none."""

    request_id: str | None = None
    request_types: Sequence[str | None] | None = None
    models: Sequence[str] | None = None
    model_versions: Sequence[str | None] | None = None
    providers: Sequence[str | None] | None = None
    technologies: Sequence[str | None] | None = None
    api_keys: Sequence[str | None] | None = None
    deployments: Sequence[str | None] | None = None
    channel: str | None = None
    status_codes: Sequence[int | None] | None = None
    outcomes: Sequence[Outcome] | None = None
    error_contains: str | None = None  # in any case
    tokens: Bounds | None = None
    input_tokens: Bounds | None = None
    output_tokens: Bounds | None = None
    fee: Bounds | None = None
    latency_ms: Bounds | None = None
    ttft_ms: Bounds | None = None
    gateway_latency_ms: Bounds | None = None
    include_voided: bool = False
    include_unpriced: bool = True
    line: tuple[str, str, str] | None = None  # only those with that direction, category and unit

    @property
    def selects_nothing(self) -> bool:
        """Whether a list is empty: nothing is asked of the database then."""
        return any(getattr(self, name) == [] for name in LISTS)

    @property
    def is_of_failures(self) -> bool:
        """Whether all that match have failed, or have at least an error message."""
        failed = self.outcomes is not None and Outcome.SUCCESS not in self.outcomes
        statuses = self.status_codes is not None and all(code is not None and code >= FAILED for code in self.status_codes)
        return failed or statuses or self.error_contains is not None


@dataclass(frozen=True, slots=True)
class HistoryOf:
    """Whose requests, when, and which."""

    account_id: UUID
    range: Range
    filter: HistoryFilter


def matching(of: HistoryOf) -> tuple[str, dict[str, Any]]:
    """The condition of those requests, and its parameters."""
    wanted = of.filter
    parameters: dict[str, Any] = {"account": of.account_id, "from": of.range.start, "to": of.range.end}
    conditions = ["request.account_id = %(account)s AND request.occurred_at >= %(from)s AND request.occurred_at < %(to)s"]
    conditions += [condition for name, condition in SWITCHES.items() if not getattr(wanted, name)]
    if wanted.line is not None:
        direction, parameters["category"], parameters["unit"] = wanted.line
        conditions.append(WITH_LINE[direction])
    for name, condition in SINGLE.items():
        if (value := getattr(wanted, name)) is not None:
            parameters[name] = value
            conditions.append(condition)
    for name, (column, type, unknown) in LISTS.items():
        if (values := getattr(wanted, name)) is not None:
            among = [unknown if each is None else _plain(each) for each in values if each != unknown]
            parameters[name] = among[0] if len(among) == 1 else among
            conditions.append(f"{column} = %({name})s" if len(among) == 1 else f"{column} = ANY(%({name})s::{type}[])")
    if wanted.is_of_failures:
        conditions.append(FAILURE)
    conditions += _within_bounds(wanted, parameters)
    return " AND ".join(conditions), parameters


def _within_bounds(wanted: HistoryFilter, parameters: dict[str, Any]) -> Iterator[str]:
    for name, (column, unit) in BOUNDED.items():
        bounds = getattr(wanted, name) or Bounds()
        for operator, end in ((">=", "min"), ("<=", "max")):
            if (bound := getattr(bounds, end)) is not None:
                parameters[f"{name}_{end}"] = Decimal(str(bound)) * unit
                yield f"{column} {operator} %({name}_{end})s"


SWITCHES = {"include_voided": "NOT voided", "include_unpriced": "fee IS NOT NULL"}
SINGLE = {
    "request_id": "request_id = %(request_id)s",
    "channel": "channel = %(channel)s",
    "error_contains": 'position(lower(%(error_contains)s COLLATE "default") IN lower(error_message)) > 0',
}
WITH_LINE = {
    side: f"EXISTS (SELECT FROM jsonb_array_elements({side}::jsonb) AS item WHERE item ->> 0 = %(category)s AND item ->> 1 = %(unit)s)"
    for side in ("input", "output")
}
# What is unknown is compared as a text that nothing has, so that one comparison does, and an index on it. One value is no array: only
# then is what an index finds in order.
LISTS = {
    "request_types": ("coalesce(request_type, '')", "text", ""),
    "models": ("model", "text", ""),
    "model_versions": ("coalesce(model_version, '')", "text", ""),
    "providers": ("coalesce(provider, '')", "text", ""),
    "technologies": ("coalesce(technology, '')", "text", ""),
    "api_keys": ("coalesce(request.api_key, '')", "text", ""),
    "deployments": ("coalesce(deployment, '')", "text", ""),
    "status_codes": ("coalesce(status_code, 0)", "int4", 0),
    "outcomes": ("outcome", "text", ""),
}
BOUNDED = {
    "tokens": ("total_tokens", 1),
    "input_tokens": ("input_tokens", 1),
    "output_tokens": ("output_tokens", 1),
    "fee": ("fee", 1),
    "latency_ms": ("latency_ns", NANOSECONDS_PER_MILLISECOND),
    "ttft_ms": ("ttft_ns", NANOSECONDS_PER_MILLISECOND),
    "gateway_latency_ms": ("gateway_latency_ns", NANOSECONDS_PER_MILLISECOND),
}


def _plain(value: object) -> object:
    return value.value if isinstance(value, Outcome) else value
