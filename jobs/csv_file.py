"""Writes an export as CSV: RFC 4180 in UTF-8, a header and the rows of the workbook's usage, with all digits of every figure.

It begins with a byte order mark. Without one, Excel takes the file for text of the machine's old code page; programs that read
tables pass over it.
"""

import csv
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from domain.notation import amount, zoned
from jobs.cells import MAX_REMEMBERED, Kind
from jobs.columns import columns_of
from jobs.rows import batches, rows_of
from jobs.summary import Report

ENCODING = "utf-8-sig"


def write_csv(path: Path, report: Report, on_progress: Callable[[int], None]) -> None:
    """Tells `on_progress` every few hundred rows how many are written. Raises JobRefusedError."""
    rows = rows_of(report.snapshot)
    columns = columns_of(report.request, report.snapshot)
    fields = [(column.value, _WRITERS[column.kind]) for column in columns]
    written = 0
    with path.open("w", encoding=ENCODING, newline="") as file:
        lines = csv.writer(file)
        lines.writerow([as_text(column.header) for column in columns])
        for batch in batches(rows):
            lines.writerows([["" if (value := value_of(row)) is None else field(value) for value_of, field in fields] for row in batch])
            written += len(batch)
            on_progress(written)


_BEGINNINGS = r"=+\-@\uff1d\uff0b\uff0d\uff20"  # of formulas; the full-width ones are for some the same
# Behind white space and quotes, too. And a spreadsheet with another separator, as in Germany, divides a text there: a cell begins.
_FORMULA = re.compile(rf"^(?=['\s\0{_BEGINNINGS}])|(?<=[,;|\t\r\n])(?=['\x22\s\0]*[{_BEGINNINGS}])")


@lru_cache(MAX_REMEMBERED)
def as_text(text: str) -> str:
    """The text with an apostrophe wherever a spreadsheet could begin to read a formula. Different texts stay different."""
    return _FORMULA.sub("'", text)


def _flag(flag: bool) -> str:
    return "true" if flag else "false"


_WRITERS: dict[Kind, Callable[[Any], str]] = {
    Kind.TEXT: as_text,
    Kind.TIME: zoned,
    Kind.COUNT: str,
    Kind.SECONDS: repr,
    Kind.PERCENT: repr,
    Kind.RATE: repr,
    Kind.MONEY: amount,
    Kind.FLAG: _flag,
}
