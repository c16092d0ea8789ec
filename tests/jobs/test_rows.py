"""What holds for the rows of a file in whatever format."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from jobs.csv_file import write_csv
from jobs.errors import JobRefusedError
from jobs.parquet_file import write_parquet
from jobs.rows import MAX_ROWS
from jobs.summary import Report
from jobs.usage import Quantity
from jobs.workbook import write_workbook
from tests.jobs.figures import ROW, report_of

Write = Callable[[Path, Report, Callable[[int], None]], None]


@pytest.fixture(params=[write_workbook, write_csv, write_parquet])
def write(request: pytest.FixtureRequest) -> Write:
    return request.param


def test_rows_that_are_not_what_was_announced_are_an_error(write: Write, tmp_path: Path):
    surprise = replace(ROW, output=(Quantity("smell", "token", "Smell", 1),))
    with pytest.raises(ValueError, match=r"^category 'smell' \(token\) is not among the totals$"):
        write(tmp_path / "a", report_of([surprise]), lambda _: None)
    for announced in (1, 3):
        with pytest.raises(ValueError, match=rf"^2 rows or more came where {announced} were announced$"):
            write(tmp_path / "a", report_of([ROW, ROW], announced), lambda _: None)


def test_too_many_rows_are_refused_before_anything_is_written(write: Write, tmp_path: Path):
    with pytest.raises(JobRefusedError, match=r"^The export would have 5,000,001 rows; 5,000,000 are allowed\. Export in parts\.$"):
        write(tmp_path / "a", report_of([], MAX_ROWS + 1), lambda _: None)
    assert not (tmp_path / "a").exists()


def test_progress_is_told_in_rows(write: Write, tmp_path: Path):
    told: list[int] = []
    write(tmp_path / "a", report_of([ROW] * 1_200), told.append)
    assert told == [500, 1_000, 1_200]
    assert all(before < after for before, after in pairwise(told))
