"""Usage of which exports are made in tests, and all kinds of it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import strategies as st

from jobs.request import ExportRequest
from jobs.summary import Report
from jobs.usage import Quantity, UsageRow, UsageSnapshot

FROM, TO = datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 10, 26, tzinfo=UTC)
GENERATED = datetime(2026, 10, 27, 9, 30, tzinfo=UTC)
REQUEST = ExportRequest(UUID(int=1), "acme", FROM, TO, "Europe/Berlin", group_by=("MODEL", "API_KEY"))
TOTALS = UsageRow(
    requests=12,
    input_tokens=300,
    output_tokens=45,
    total_tokens=345,
    unknown_token_requests=2,
    estimated_requests=4,
    input=(Quantity("prompt", "token", "Prompt tokens", 300), Quantity("image", "image", "Images", 2)),
    output=(Quantity("completion", "token", "Completion tokens", 45),),
    average_latency_seconds=1.25,
    success_rate=75.0,
    error_count=3,
    fee=Decimal("0.000000000000000001"),
    unpriced_requests=1,
    throughput=0.5,
)
ROW = replace(TOTALS, time=FROM, model="gpt", api_key_id="key-1", api_key_name="Production", partial=True)


def report_of(
    rows: Iterable[UsageRow], row_count: int | None = None, *, request: ExportRequest = REQUEST, totals: UsageRow = TOTALS
) -> Report:
    """Of these rows, which may be announced as another number of them."""
    found = list(rows)
    snapshot = UsageSnapshot(
        position=4_711,
        position_label="p-4711",
        complete_through=TO,
        currency="USD",
        row_count=len(found) if row_count is None else row_count,
        totals=totals,
        rows=iter(found),
    )
    return Report(UUID(int=2), request, snapshot, GENERATED)


BEGINNINGS = [
    "=",
    "+",
    "-",
    "@",
    "\uff1d",
    "\t",
    "\r",
    "\n",
    " =",
    "'",
    "'=",
    "#N/A",
    "_x0041_",
    "a;=",
    "a;b",
    "a,+",
    "a\t@",
    'a"=',
    "a\n =",
]
STORED = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)  # what Postgres can hold
EVIL_STORED = STORED | st.builds(str.__add__, st.sampled_from(BEGINNINGS), STORED)
EVIL = EVIL_STORED | st.text(st.characters(), max_size=40) | st.builds(str.__add__, st.sampled_from(["\x00", "\ud800"]), STORED)
COUNTS = st.integers(0, 2**53)


def rows_with(text: st.SearchStrategy[str]) -> st.SearchStrategy[UsageRow]:
    """Rows of whatever figures, grouped by whatever texts."""
    return st.builds(
        UsageRow,
        time=st.integers(0, 10_000).map(lambda quarters: FROM + timedelta(minutes=15 * quarters)),
        model=st.none() | text,
        api_key_id=st.none() | text,
        api_key_name=st.none() | text,
        requests=COUNTS,
        input_tokens=st.none() | COUNTS,
        output_tokens=st.none() | COUNTS,
        total_tokens=st.none() | COUNTS,
        unknown_token_requests=COUNTS,
        estimated_requests=COUNTS,
        input=st.just(()) | COUNTS.map(lambda count: (Quantity("prompt", "token", "Prompt tokens", count),)),
        average_latency_seconds=st.none() | st.floats(0, 1e6),
        success_rate=st.none() | st.floats(0, 100),
        fee=st.none() | st.decimals(0, 10**9, places=18),
        throughput=st.none() | st.floats(0, 1e9),
        partial=st.booleans(),
    )
