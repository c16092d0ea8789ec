"""What is in the file, read back by DuckDB, which shares no code with the library that writes it."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import JobRefusedError
from jobs.parquet_file import FEE_SCALE, ROWS_OF_GROUP, write_parquet
from jobs.request import ExportRequest
from jobs.usage import UsageRow
from tests.jobs.figures import EVIL_STORED, FROM, GENERATED, REQUEST, ROW, TOTALS, report_of, rows_with


def written(path: Path, rows: list[UsageRow], request: ExportRequest = REQUEST, totals: UsageRow = TOTALS) -> Path:
    write_parquet(path, report_of(rows, request=request, totals=totals), lambda _: None)
    return path


def ask(path: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(query, [str(path)]).fetchall()


def records(path: Path) -> list[dict[str, Any]]:
    """The rows; instants as microseconds since 1970."""
    instants = """REPLACE (epoch_us("Time (UTC)") AS "Time (UTC)")"""
    with duckdb.connect() as connection:
        cursor = connection.execute(f"SELECT * {instants} FROM read_parquet(?)", [str(path)])
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def microseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def test_a_row_has_the_figures_of_the_api_and_their_types(tmp_path: Path):
    path = written(tmp_path / "a.parquet", [ROW])
    expected = {
        "Time (Europe/Berlin)": (datetime(2026, 10, 24, 2), "TIMESTAMP"),  # noqa: DTZ001
        "Time (UTC)": (microseconds(FROM), "TIMESTAMP WITH TIME ZONE"),
        "Model": ("gpt", "VARCHAR"),
        "API key": ("Production", "VARCHAR"),
        "API key ID": ("key-1", "VARCHAR"),
        "Requests": (12, "BIGINT"),
        "Input tokens": (300, "BIGINT"),
        "Output tokens": (45, "BIGINT"),
        "Total tokens": (345, "BIGINT"),
        "Unknown token requests": (2, "BIGINT"),
        "Estimated requests": (4, "BIGINT"),
        "Input: Prompt tokens": (300, "BIGINT"),
        "Input: Images": (2, "BIGINT"),
        "Output: Completion tokens": (45, "BIGINT"),
        "Average latency (s)": (1.25, "DOUBLE"),
        "Success rate (%)": (75.0, "DOUBLE"),
        "Errors": (3, "BIGINT"),
        "Fee (USD)": (Decimal("1E-18"), "DECIMAL(38,24)"),
        "Unpriced requests": (1, "BIGINT"),
        "Throughput (requests/s)": (0.5, "DOUBLE"),
        "Partial": (True, "BOOLEAN"),
    }
    assert records(path) == [{name: value for name, (value, _) in expected.items()}]
    described = ask(path, "DESCRIBE SELECT * FROM read_parquet(?)")
    assert {name: type for name, type, *_ in described} == {name: type for name, (_, type) in expected.items()}


def test_unknown_is_null(tmp_path: Path):
    unknown = UsageRow(requests=1, input_tokens=None, output_tokens=None, total_tokens=None)
    [row] = records(written(tmp_path / "a.parquet", [replace(unknown, time=FROM)]))
    counted = {"Time (Europe/Berlin)", "Time (UTC)", "Requests", "Unknown token requests", "Estimated requests"}
    assert {name for name, value in row.items() if value is not None} == counted | {"Errors", "Unpriced requests", "Partial"}


def test_an_export_without_usage_has_columns_and_no_rows(tmp_path: Path):
    empty = UsageRow(requests=0, input_tokens=0, output_tokens=0, total_tokens=0)
    path = written(tmp_path / "a.parquet", [], totals=empty)
    assert records(path) == []
    assert "Fee (USD)" in {name for name, *_ in ask(path, "DESCRIBE SELECT * FROM read_parquet(?)")}


def test_what_the_workbook_tells_on_other_sheets_is_metadata(tmp_path: Path):
    path = written(tmp_path / "a.parquet", [ROW])
    told = {key.decode(): value for key, value in ask(path, "SELECT key, value FROM parquet_kv_metadata(?)")}
    summary, columns = json.loads(told["tallygraph.summary"]), json.loads(told["tallygraph.columns"])
    assert list(summary) == ["What was asked for", "State of the data", "Totals"]
    assert summary["What was asked for"]["Period from, inclusive (local)"] == "2026-10-24T02:00:00+02:00"
    assert summary["State of the data"]["Log position"] == "p-4711"
    assert datetime.fromisoformat(summary["State of the data"]["Generated at (UTC)"]) == GENERATED
    totals = summary["Totals"]
    assert [totals[name] for name in ("Requests", "Input: Images", "Fee (USD)", "Fee (USD), exact")] == [
        12,
        2,
        *["0.000000000000000001"] * 2,
    ]
    assert [column["column"] for column in columns] == list(records(path)[0])
    assert {"column": "Requests", "unit": "requests", "meaning": "Requests of this row, failed ones too."} in columns


FINEST = Decimal(1).scaleb(-FEE_SCALE)


@pytest.mark.parametrize("fee", [FINEST, Decimal("99999999999999.999999999999999999999999"), Decimal("1E+3"), Decimal(0)])
def test_a_fee_is_exact(fee: Decimal, tmp_path: Path):
    [row] = records(written(tmp_path / "a.parquet", [replace(ROW, fee=fee)]))
    assert row["Fee (USD)"] == fee


@pytest.mark.parametrize("figure", [{"fee": FINEST / 10}, {"fee": Decimal(10) ** 14}, {"requests": 2**63}])
def test_a_figure_that_its_column_cannot_hold_is_refused_and_not_rounded(figure: dict[str, Any], tmp_path: Path):
    told = r"^(Fee \(USD\)|Requests) has a figure that its column, (decimal128\(38, 24\)|int64), cannot hold: export as CSV"
    with pytest.raises(JobRefusedError, match=told):
        written(tmp_path / "a.parquet", [replace(ROW, **figure)])


def test_bounded_rows_of_a_group(tmp_path: Path):
    count = 2 * ROWS_OF_GROUP + 1
    path = written(tmp_path / "a.parquet", [ROW] * count)
    groups = ask(path, "SELECT DISTINCT row_group_id, row_group_num_rows FROM parquet_metadata(?) ORDER BY 1")
    assert groups == [(0, ROWS_OF_GROUP), (1, ROWS_OF_GROUP), (2, 1)]
    assert ask(path, 'SELECT count(*), sum("Requests") FROM read_parquet(?)') == [(count, 12 * count)]


@given(rows=st.lists(rows_with(EVIL_STORED), max_size=6))
@settings(max_examples=40)
def test_the_rows_come_back_as_they_were(tmp_path: Path, rows: list[UsageRow]):
    found = records(written(tmp_path / "a.parquet", rows, replace(REQUEST, time_zone="UTC")))
    assert [tuple(row.values()) for row in found] == [
        (
            microseconds(row.time or datetime.min.replace(tzinfo=UTC)),
            row.model,
            row.api_key_name,
            row.api_key_id,
            row.requests,
            row.input_tokens,
            row.output_tokens,
            row.total_tokens,
            row.unknown_token_requests,
            row.estimated_requests,
            row.input[0].count if row.input else None,
            None,
            None,
            row.average_latency_seconds,
            row.success_rate,
            row.error_count,
            row.fee,
            row.unpriced_requests,
            row.throughput,
            row.partial,
        )
        for row in rows
    ]


def test_nobody_waits_for_its_library_who_does_not_write_such_a_file():
    script = "import sys, service.cli, service.serve, service.work, jobs.rendering; sys.exit('pyarrow' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)
