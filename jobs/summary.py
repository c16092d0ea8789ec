"""The Summary sheet: what was asked for, which state of the log the figures show, and what they add up to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from domain.notation import amount
from jobs.cells import Kind, Value
from jobs.request import ExportRequest
from jobs.usage import Quantity, UsageSnapshot

TITLE = "Router usage"


class Line(NamedTuple):
    """A label and its value; a line without a value is a heading. `kind` is how a number is shown."""

    label: str
    value: Value = None
    kind: Kind = Kind.FLAG
    is_heading: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a workbook shows except the rows' cells."""

    export_id: UUID
    request: ExportRequest
    snapshot: UsageSnapshot
    generated_at: datetime


def summary_of(report: Report) -> Iterator[Line]:
    yield from _what_was_asked(report)
    yield from _state_of_the_data(report)
    yield from _totals(report.snapshot)


def _what_was_asked(report: Report) -> Iterator[Line]:
    request = report.request
    yield Line("What was asked for", is_heading=True)
    yield Line("Account", request.account_key)
    yield Line("Account ID", str(request.account_id))
    yield Line("Time zone", request.time_zone)
    yield Line("Period from, inclusive (local)", request.period_from.astimezone(request.zone))
    yield Line("Period to, exclusive (local)", request.period_to.astimezone(request.zone))
    yield Line("Period from, inclusive (UTC)", request.period_from.astimezone(UTC))
    yield Line("Period to, exclusive (UTC)", request.period_to.astimezone(UTC))
    yield Line("Interval", request.interval or "the whole period")
    yield Line("Grouped by", ", ".join(request.group_by) or "nothing")
    yield Line("Models", _listed(request.filter.models))
    yield Line("Providers", _listed(request.filter.providers))
    yield Line("API keys", _listed(request.filter.api_keys))


def _state_of_the_data(report: Report) -> Iterator[Line]:
    yield Line("State of the data", is_heading=True)
    yield Line("Generated at (UTC)", report.generated_at.astimezone(UTC))
    yield Line("Log position", report.snapshot.position_label)
    yield Line("Complete through (UTC)", report.snapshot.complete_through.astimezone(UTC))
    yield Line("Export ID", str(report.export_id))
    yield Line("Rows", report.snapshot.row_count, Kind.COUNT)


def _totals(snapshot: UsageSnapshot) -> Iterator[Line]:
    totals = snapshot.totals
    yield Line("Totals", is_heading=True)
    yield Line("Requests", totals.requests, Kind.COUNT)
    yield Line("Input tokens", totals.input_tokens, Kind.COUNT)
    yield Line("Output tokens", totals.output_tokens, Kind.COUNT)
    yield Line("Total tokens", totals.total_tokens, Kind.COUNT)
    yield Line("Unknown token requests", totals.unknown_token_requests, Kind.COUNT)
    yield Line("Estimated requests", totals.estimated_requests, Kind.COUNT)
    yield from _breakdown("Input", totals.input)
    yield from _breakdown("Output", totals.output)
    yield Line("Average latency (s)", totals.average_latency_seconds, Kind.SECONDS)
    yield Line("Success rate (%)", totals.success_rate, Kind.PERCENT)
    yield Line("Errors", totals.error_count, Kind.COUNT)
    yield Line("Throughput (requests/s)", totals.throughput, Kind.RATE)
    yield Line(f"Fee ({snapshot.currency})", totals.fee, Kind.MONEY)
    # Excel calculates with 15 digits; the exact amount is kept as text beside the number.
    yield Line(f"Fee ({snapshot.currency}), exact", None if totals.fee is None else amount(totals.fee))
    yield Line("Unpriced requests", totals.unpriced_requests, Kind.COUNT)


def _breakdown(side: str, quantities: Iterable[Quantity]) -> Iterator[Line]:
    for quantity in quantities:
        yield Line(f"{side}: {quantity.label}", quantity.count, Kind.COUNT)


def _listed(values: Iterable[str | None] | None) -> str:
    return "all" if values is None else ", ".join("(none)" if value is None else value for value in values)
