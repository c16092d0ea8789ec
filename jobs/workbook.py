"""Writes an export as an Excel workbook, in one pass and in memory that does not grow with its rows."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl.utils import get_column_letter

from jobs.cells import Value
from jobs.columns import Column, columns_of
from jobs.rows import BATCH, rows_of
from jobs.summary import Report
from jobs.usage import UsageRow
from jobs.workbook_shell import Shell, build_shell, part_of_usage_sheet

MAX_ROWS_OF_SHEET = 1_048_575  # below the header; more go on in "Usage (2)"
MAX_BYTES_OF_SHEET = 1_500_000_000  # of its XML: beyond 2 GiB a zip needs an extension that Excel takes for damage

_LEVEL = 6  # of deflate; 3 needs a fifth less time and makes files a fifth larger


def write_workbook(
    path: Path,
    report: Report,
    on_progress: Callable[[int], None],
    *,
    max_rows_of_sheet: int = MAX_ROWS_OF_SHEET,
) -> None:
    """Tells `on_progress` every few hundred rows how many are written. Raises JobRefusedError."""
    rows = rows_of(report.snapshot)
    total = report.snapshot.row_count
    columns = columns_of(report.request, report.snapshot)
    blank = build_shell(report, columns, [0])
    sheets: list[int] = []
    with ZipFile(path, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        while not sheets or sum(sheets) < total:
            with archive.open(part_of_usage_sheet(len(sheets) + 1), "w") as part:
                rows_of_sheet = islice(rows, max_rows_of_sheet)
                sheets.append(_write_sheet(part, blank, columns, rows_of_sheet, done=sum(sheets), on_progress=on_progress))
        next(rows, None)  # there is none, or it is an error
        streamed = {part_of_usage_sheet(number) for number in range(1, len(sheets) + 1)}
        for name, content in build_shell(report, columns, sheets).parts.items():
            if name not in streamed:
                archive.writestr(name, content)


# The letter of a column, where its value comes from, and how that is written.
_Cell = tuple[str, Callable[[UsageRow], Value], Callable[[Any], str]]


def _write_sheet(
    part: IO[bytes],
    shell: Shell,
    columns: Sequence[Column],
    rows: Iterator[UsageRow],
    *,
    done: int,
    on_progress: Callable[[int], None],
) -> int:
    """Writes rows until there are none, or the sheet is full; returns how many."""
    letters = [get_column_letter(index) for index in range(1, len(columns) + 1)]
    cells = [(letter, column.value, cell) for letter, column, cell in zip(letters, columns, shell.renderers, strict=True)]
    written, size = 0, part.write(shell.head)
    while size < MAX_BYTES_OF_SHEET and (batch := list(islice(rows, BATCH))):
        xml = "".join([_row_xml(number, row, cells) for number, row in enumerate(batch, start=written + 2)])  # row 1 is the header
        size += part.write(xml.encode())
        written += len(batch)
        on_progress(done + written)
    part.write(shell.tail)
    return written


def _row_xml(number: int, row: UsageRow, cells: Sequence[_Cell]) -> str:
    found = [f'<c r="{letter}{number}"{cell(value)}' for letter, value_of, cell in cells if (value := value_of(row)) is not None]
    return f'<row r="{number}">{"".join(found)}</row>'
