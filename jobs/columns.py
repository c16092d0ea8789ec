"""The columns of the usage sheets: which there are, what they mean, and where their values come from."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from jobs.cells import Kind, Value, clean
from jobs.request import Dimension, ExportRequest
from jobs.usage import Quantity, UsageRow, UsageSnapshot


@dataclass(frozen=True, slots=True)
class Column:
    """`width` in characters; `unit` and `meaning` are for the data dictionary. `zone` is set where a time is by its clocks, not in UTC."""

    header: str
    kind: Kind
    unit: str
    meaning: str
    value: Callable[[UsageRow], Value]
    width: int = 14
    zone: ZoneInfo | None = None


def columns_of(request: ExportRequest, snapshot: UsageSnapshot) -> tuple[Column, ...]:
    """Only what was grouped by and what occurred; every header is unique, as a table of Excel requires."""
    columns = (
        *(_time_columns(request.zone) if request.interval else ()),
        *(column for dimension in _DIMENSIONS if dimension in request.group_by for column in _DIMENSIONS[dimension]),
        *_COUNTS,
        *_categories("Input", snapshot.totals.input, lambda row: row.input),
        *_categories("Output", snapshot.totals.output, lambda row: row.output),
        *_measures(snapshot.currency),
    )
    return tuple(_uniquely_named(columns))


def _time_columns(zone: ZoneInfo) -> Iterator[Column]:
    meaning = "Start of the bucket, which ends where the next one starts."
    if zone.key != "UTC":
        local = f"{meaning} By the clocks of {zone.key}: the hour that clocks repeat in autumn appears twice."
        yield Column(f"Time ({zone.key})", Kind.TIME, "date and time", local, lambda row: row.time and row.time.astimezone(zone), 19, zone)
    yield Column("Time (UTC)", Kind.TIME, "date and time", meaning, lambda row: row.time, 17)


_KEY_NAME = "Name of the API key that made the requests; empty where they had none."
_KEY_ID = "Identifier of that API key: names can change, this does not."

_DIMENSIONS: dict[Dimension, tuple[Column, ...]] = {
    "MODEL": (Column("Model", Kind.TEXT, "", "Model that served the requests.", lambda row: row.model, 32),),
    "PROVIDER": (Column("Provider", Kind.TEXT, "", "Who served them; empty where not reported.", lambda row: row.provider, 18),),
    "API_KEY": (
        Column("API key", Kind.TEXT, "", _KEY_NAME, lambda row: row.api_key_name, 24),
        Column("API key ID", Kind.TEXT, "", _KEY_ID, lambda row: row.api_key_id, 38),
    ),
}

_INPUT = "All tokens that came in; empty where no request of the row reports any input."
_OUTPUT = "All tokens that went out; empty where no request of the row reports any output."
_TOTAL = "Input and output together, as far as they are known; empty where no request of the row reports either."

_COUNTS = (
    Column("Requests", Kind.COUNT, "requests", "Requests of this row, failed ones too.", lambda row: row.requests),
    Column("Input tokens", Kind.COUNT, "tokens", _INPUT, lambda row: row.input_tokens, 16),
    Column("Output tokens", Kind.COUNT, "tokens", _OUTPUT, lambda row: row.output_tokens, 16),
    Column("Total tokens", Kind.COUNT, "tokens", _TOTAL, lambda row: row.total_tokens, 16),
    Column(
        "Unknown token requests",
        Kind.COUNT,
        "requests",
        "Requests counted here that report neither input nor output: their tokens are missing, not zero.",
        lambda row: row.unknown_token_requests,
        23,
    ),
    Column(
        "Estimated requests",
        Kind.COUNT,
        "requests",
        "Requests counted here whose usage the reporter estimated; it is in the figures.",
        lambda row: row.estimated_requests,
        19,
    ),
)


def _measures(currency: str) -> tuple[Column, ...]:
    return (
        Column(
            "Average latency (s)",
            Kind.SECONDS,
            "seconds",
            "Mean time of a whole response, over the requests that report one; empty where none does.",
            lambda row: row.average_latency_seconds,
            19,
        ),
        Column(
            "Success rate (%)",
            Kind.PERCENT,
            "percent",
            "Share of the requests that did not fail.",
            lambda row: row.success_rate,
            16,
        ),
        Column("Errors", Kind.COUNT, "requests", "Requests that failed.", lambda row: row.error_count, 10),
        Column(
            f"Fee ({currency})",
            Kind.MONEY,
            currency,
            "Sum of the known fees, with all its digits, of which Excel shows 15; empty where no price is known.",
            lambda row: row.fee,
            16,
        ),
        Column(
            "Unpriced requests",
            Kind.COUNT,
            "requests",
            "Requests counted here whose price is not known: their fee is missing, not zero.",
            lambda row: row.unpriced_requests,
            18,
        ),
        Column(
            "Throughput (requests/s)",
            Kind.RATE,
            "requests per second",
            "Requests per second of that part of the bucket which the data cover.",
            lambda row: row.throughput,
            24,
        ),
        Column(
            "Partial",
            Kind.FLAG,
            "",
            "TRUE where the bucket had not ended, or the period cuts it: the figures are of a part of it.",
            lambda row: row.partial,
            9,
        ),
    )


def _categories(side: str, present: Iterable[Quantity], of: Callable[[UsageRow], Iterable[Quantity]]) -> Iterator[Column]:
    for line in present:

        def count(row: UsageRow, category: str = line.category, unit: str = line.unit) -> int | None:
            return next((q.count for q in of(row) if q.category == category and q.unit == unit), None)

        header = f"{side}: {line.label}"
        meaning = f"{side} of the category {line.category}, counted in the unit {line.unit}; empty where none was reported."
        yield Column(header, Kind.COUNT, line.unit, meaning, count, max(14, min(len(header) + 4, 40)))


_MAX_HEADER = 240  # a table of Excel allows 255 characters; this leaves room to tell equal headers apart


def _uniquely_named(columns: Iterable[Column]) -> Iterator[Column]:
    taken: set[str] = set()
    for column in columns:
        header = plain = " ".join(clean(column.header).split())[:_MAX_HEADER]
        number = 1
        while header.casefold() in taken:
            number += 1
            header = f"{plain} ({number})"
        taken.add(header.casefold())
        yield replace(column, header=header)
