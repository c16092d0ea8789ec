"""Writes an export as Parquet: the columns of the workbook's usage, with types, and its other sheets as the file's metadata.

pyarrow takes time and memory to import, so nothing imports this module but the process that writes such a file.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
from pyarrow.parquet import ParquetWriter

from domain.notation import amount, zoned
from jobs.cells import Kind
from jobs.columns import Column, columns_of
from jobs.errors import JobRefusedError
from jobs.rows import BATCH, batches, rows_of
from jobs.summary import Report, summary_of
from jobs.usage import UsageRow

ROWS_OF_GROUP = 64_000  # that are in memory at a time, packed
FEE_PRECISION, FEE_SCALE = 38, 24  # digits of a fee, and those of them behind the point: all that fit what most readers know


def write_parquet(path: Path, report: Report, on_progress: Callable[[int], None]) -> None:
    """Tells `on_progress` every few hundred rows how many are written.

    Raises JobRefusedError, also where a figure is too large or too fine for its column: none is rounded.
    """
    rows = rows_of(report.snapshot)
    columns = columns_of(report.request, report.snapshot)
    schema = pa.schema([pa.field(column.header, _type(column)) for column in columns], metadata=_metadata(report, columns))
    written = 0
    group: list[pa.RecordBatch] = []
    with ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches(rows):
            group.append(_packed(batch, columns, schema))
            written += len(batch)
            if len(group) * BATCH >= ROWS_OF_GROUP or written == report.snapshot.row_count:
                writer.write_table(pa.Table.from_batches(group, schema))
                group.clear()
            on_progress(written)


def _packed(batch: Sequence[UsageRow], columns: Sequence[Column], schema: pa.Schema) -> pa.RecordBatch:
    return pa.record_batch([_array(column, [column.value(row) for row in batch]) for column in columns], schema=schema)


def _array(column: Column, values: list[Any]) -> pa.Array:
    if column.zone is not None:
        values = [None if value is None else value.replace(tzinfo=None) for value in values]
    try:
        return pa.array(values, type=_type(column))
    except (pa.ArrowInvalid, OverflowError):
        message = f"{column.header} has a figure that its column, {_type(column)}, cannot hold: export as CSV, which has all digits."
        raise JobRefusedError(message) from None


def _type(column: Column) -> pa.DataType:
    """Of a time, an instant in UTC; or, without a zone, what the clocks of one show."""
    return pa.timestamp("us") if column.zone is not None else _TYPES[column.kind]


_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.TIME: pa.timestamp("us", tz="UTC"),
    Kind.COUNT: pa.int64(),
    Kind.SECONDS: pa.float64(),
    Kind.PERCENT: pa.float64(),
    Kind.RATE: pa.float64(),
    Kind.MONEY: pa.decimal128(FEE_PRECISION, FEE_SCALE),
    Kind.FLAG: pa.bool_(),
}


def _metadata(report: Report, columns: Sequence[Column]) -> dict[str, bytes]:
    """What the workbook has on its sheets Summary and Data dictionary, as JSON."""
    summary: dict[str, dict[str, Any]] = {}
    section: dict[str, Any] = {}
    for line in summary_of(report):
        if line.is_heading:
            section = summary[line.label] = {}
        else:
            section[line.label] = _plain(line.value)
    dictionary = [{"column": column.header, "unit": column.unit, "meaning": column.meaning} for column in columns]
    return {"tallygraph.summary": msgspec.json.encode(summary), "tallygraph.columns": msgspec.json.encode(dictionary)}


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return amount(value)
        case datetime():
            return zoned(value)
        case _:
            return value
