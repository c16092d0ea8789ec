"""Renders an export, in a process of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import UUID

from jobs.apart import Progress
from jobs.csv_file import write_csv
from jobs.request import ExportRequest
from jobs.summary import Report
from jobs.usage import UsageSource
from jobs.workbook import MAX_ROWS_OF_SHEET, write_workbook


@dataclass(frozen=True, slots=True)
class Rendered:
    """The file is written; `position` and `complete_through` say which state of the log it shows."""

    row_count: int
    position: int
    complete_through: datetime


@dataclass(frozen=True, slots=True)
class Rendering:
    """What to render, from where, and to which file: work for `run_apart`. Progress is of rows."""

    export_id: UUID
    request: ExportRequest
    source: UsageSource
    path: Path
    generated_at: datetime
    max_rows_of_sheet: int = MAX_ROWS_OF_SHEET

    @property
    def name(self) -> str:
        return f"export {self.export_id}"

    @property
    def doing(self) -> str:
        return "renders"

    def run(self, tell: Callable[[Progress], None]) -> Rendered:
        """Write the file. Raises JobRefusedError."""
        with self.source.open(self.request) as usage:
            report = Report(self.export_id, self.request, usage, self.generated_at)
            tell(Progress(0, usage.row_count))
            self._writer()(self.path, report, lambda rows_done: tell(Progress(rows_done, usage.row_count)))
            return Rendered(usage.row_count, usage.position, usage.complete_through)

    def _writer(self) -> Callable[[Path, Report, Callable[[int], None]], None]:
        match self.request.format:
            case "XLSX":
                return partial(write_workbook, max_rows_of_sheet=self.max_rows_of_sheet)
            case "CSV":
                return write_csv
            case "PARQUET":
                from jobs.parquet_file import write_parquet  # noqa: PLC0415 - 40 MB that no other file takes

                return write_parquet
