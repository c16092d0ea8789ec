"""The rows of an export as every format writes them: as many as were announced, and a batch at a time."""

from collections.abc import Iterator
from itertools import islice

from jobs.errors import JobRefusedError
from jobs.usage import UsageRow, UsageSnapshot

MAX_ROWS = 5_000_000  # of one export

BATCH = 500  # rows that are written between two tellings of progress


def rows_of(snapshot: UsageSnapshot) -> Iterator[UsageRow]:
    """Raises JobRefusedError for more than MAX_ROWS rows, before anything is written."""
    if snapshot.row_count > MAX_ROWS:
        raise JobRefusedError(f"The export would have {snapshot.row_count:,} rows; {MAX_ROWS:,} are allowed. Export in parts.")
    return _checked(snapshot)


def batches(rows: Iterator[UsageRow]) -> Iterator[list[UsageRow]]:
    """Up to BATCH rows at a time."""
    while batch := list(islice(rows, BATCH)):
        yield batch


def _checked(snapshot: UsageSnapshot) -> Iterator[UsageRow]:
    """The rows, as long as they are what was announced: as many, and of no category that has no column."""
    columns = {(q.category, q.unit) for q in snapshot.totals.input}, {(q.category, q.unit) for q in snapshot.totals.output}
    count = 0
    for row in snapshot.rows:
        count += 1
        for known, quantities in zip(columns, (row.input, row.output), strict=True):
            for quantity in quantities:
                if (quantity.category, quantity.unit) not in known:
                    raise ValueError(f"category {quantity.category!r} ({quantity.unit}) is not among the totals")
        if count > snapshot.row_count:
            break
        yield row
    if count != snapshot.row_count:
        raise ValueError(f"{count} rows or more came where {snapshot.row_count} were announced")
