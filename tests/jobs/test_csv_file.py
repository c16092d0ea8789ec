"""What is in the file, read back by Python's reader and by DuckDB's; and what spreadsheets with other separators would make of it."""

import csv
import re
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.csv_file import as_text, write_csv
from jobs.request import ExportRequest
from jobs.usage import Quantity, UsageRow
from tests.jobs.figures import EVIL_STORED, REQUEST, ROW, TOTALS, report_of, rows_with


def written(path: Path, rows: list[UsageRow], request: ExportRequest = REQUEST, totals: UsageRow = TOTALS) -> Path:
    write_csv(path, report_of(rows, request=request, totals=totals), lambda _: None)
    return path


def read(path: Path, delimiter: str = ",") -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter, strict=delimiter == ","))


def records(path: Path) -> list[dict[str, str]]:
    header, *rows = read(path)
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_a_row_has_the_figures_of_the_api(tmp_path: Path):
    assert records(written(tmp_path / "a.csv", [ROW])) == [
        {
            "Time (Europe/Berlin)": "2026-10-24T02:00:00+02:00",
            "Time (UTC)": "2026-10-24T00:00:00Z",
            "Model": "gpt",
            "API key": "Production",
            "API key ID": "key-1",
            "Requests": "12",
            "Input tokens": "300",
            "Output tokens": "45",
            "Total tokens": "345",
            "Unknown token requests": "2",
            "Estimated requests": "4",
            "Input: Prompt tokens": "300",
            "Input: Images": "2",
            "Output: Completion tokens": "45",
            "Average latency (s)": "1.25",
            "Success rate (%)": "75.0",
            "Errors": "3",
            "Fee (USD)": "0.000000000000000001",
            "Unpriced requests": "1",
            "Throughput (requests/s)": "0.5",
            "Partial": "true",
        }
    ]


def test_unknown_is_an_empty_field(tmp_path: Path):
    unknown = UsageRow(time=ROW.time, requests=1, input_tokens=None, output_tokens=None, total_tokens=None)
    [row] = records(written(tmp_path / "a.csv", [unknown]))
    told = {name: field for name, field in row.items() if field}
    assert set(told) == {"Time (Europe/Berlin)", "Time (UTC)", "Requests", "Unknown token requests", "Estimated requests"} | {
        "Errors",
        "Unpriced requests",
        "Partial",
    }
    assert [row[name] for name in ("Requests", "Total tokens", "Fee (USD)", "Partial")] == ["1", "", "", "false"]


def test_it_is_utf_8_with_a_mark_and_each_line_ends_as_rfc_4180_says(tmp_path: Path):
    content = written(tmp_path / "a.csv", [replace(ROW, model='Größe, "7b"')]).read_bytes()
    assert content.startswith(b"\xef\xbb\xbfTime (Europe/Berlin),Time (UTC),Model,")
    assert content.endswith(b",true\r\n")
    assert content.count(b"\n") == content.count(b"\r\n") == 2
    assert ',"Größe, ""7b""",'.encode() in content


def test_an_export_without_usage_has_a_header_and_no_rows(tmp_path: Path):
    empty = UsageRow(requests=0, input_tokens=0, output_tokens=0, total_tokens=0)
    [header] = read(written(tmp_path / "a.csv", [], totals=empty))
    assert header[:3] == ["Time (Europe/Berlin)", "Time (UTC)", "Model"]


def test_the_hour_that_clocks_repeat_is_told_apart_by_its_offset(tmp_path: Path):
    hours = [replace(ROW, time=datetime.fromisoformat(f"2026-10-25T0{hour}:00:00Z")) for hour in (0, 1)]
    assert [row["Time (Europe/Berlin)"] for row in records(written(tmp_path / "a.csv", hours))] == [
        "2026-10-25T02:00:00+02:00",
        "2026-10-25T02:00:00+01:00",
    ]


@pytest.mark.parametrize("fee", ["123456789.012345678901234567890123456789", "0.00000000000000000000000000000000000001", "1E+3", "0E-20"])
def test_a_fee_keeps_all_its_digits_and_has_no_exponent(fee: str, tmp_path: Path):
    [row] = records(written(tmp_path / "a.csv", [replace(ROW, fee=Decimal(fee))]))
    assert Decimal(row["Fee (USD)"]) == Decimal(fee)
    assert re.fullmatch(r"\d+(\.\d+)?", row["Fee (USD)"])


def test_duckdb_takes_the_columns_for_what_they_are(tmp_path: Path):
    rows = [replace(ROW, requests=number, time=ROW.time and ROW.time + timedelta(hours=number)) for number in range(3)]
    path = written(tmp_path / "a.csv", rows)
    with duckdb.connect() as connection:
        described = connection.execute("DESCRIBE SELECT * FROM read_csv(?)", [str(path)]).fetchall()
        types = {name: type for name, type, *_ in described}
        assert {types[name] for name in ("Requests", "Input tokens", "Input: Images")} == {"BIGINT"}
        assert (types["Time (UTC)"], types["Partial"], types["Model"]) == ("TIMESTAMP WITH TIME ZONE", "BOOLEAN", "VARCHAR")
        told = connection.execute('SELECT epoch_us("Time (UTC)"), "Requests" FROM read_csv(?)', [str(path)]).fetchall()
    assert told == [(int(row.time.timestamp() * 1_000_000), row.requests) for row in rows if row.time]


# ---------------------------------------------------------------- formulas
FORMULA = re.compile(r"[\x22\s\0]*[=+\-@\uff1d\uff0b\uff0d\uff20]")
NUMBERS = re.compile(r"(-?\d+(\.\d+)?(e[+-]?\d+)?|\d{4}-\d\d-\d\dT[\d:]+(Z|[+-]\d\d:\d\d)|true|false|)")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("gpt-4o", "gpt-4o"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\uff1d1", "'\uff1d1"),
        ("\t=1", "'\t'=1"),
        (" =1", "' =1"),
        ("'=1", "''=1"),
        ("'quoted'", "''quoted'"),
        ("a;=1+1;b", "a;'=1+1;b"),
        ('a;"=1+1;b', """a;'"=1+1;b"""),
        ("a; 'b", "a; 'b"),
        ("a; '=b", "a;' '=b"),
        ("a\r\n@b", "a\r'\n'@b"),
        ("one-two, three", "one-two, three"),
    ],
)
def test_text_that_could_begin_a_formula_has_an_apostrophe_before_it(text: str, kept: str):
    assert as_text(text) == kept


@given(rows=st.lists(rows_with(EVIL_STORED), max_size=6), label=EVIL_STORED)
@settings(max_examples=150)
def test_no_field_is_a_formula_whatever_the_separator_and_the_texts_come_back(tmp_path: Path, rows: list[UsageRow], label: str):
    totals = replace(TOTALS, input=(Quantity("prompt", "token", label, 1),), output=())
    rows = [replace(row, input=tuple(replace(line, label=label) for line in row.input)) for row in rows]
    path = written(tmp_path / "a.csv", rows, replace(REQUEST, time_zone="UTC"), totals)
    for separator in ",;\t|":
        for field in (field for line in read(path, separator) for field in line):
            assert not FORMULA.match(field) or NUMBERS.fullmatch(field), (separator, field)
    found = records(path)
    assert len(found) == len(rows)
    for row, got in zip(rows, found, strict=True):
        assert [as_read(got[name]) for name in ("Model", "API key ID", "API key")] == [
            text or "" for text in (row.model, row.api_key_id, row.api_key_name)
        ]
        figures: dict[str, Any] = {
            "Requests": row.requests,
            "Input tokens": row.input_tokens,
            "Total tokens": row.total_tokens,
            "Average latency (s)": row.average_latency_seconds,
            "Success rate (%)": row.success_rate,
            "Throughput (requests/s)": row.throughput,
        }
        assert {name: got[name] and float(got[name]) for name in figures} == {
            name: "" if figure is None else figure for name, figure in figures.items()
        }
        assert (Decimal(got["Fee (USD)"]) if got["Fee (USD)"] else None) == row.fee
        assert row.time == datetime.fromisoformat(got["Time (UTC)"])


def as_read(field: str) -> str:
    """The text as it was, by the rule of docs/exports.md."""
    return re.sub(r"^'|(?<=[,;|\t\r\n])'(?=['\x22\s\0]*[=+\-@\uff1d\uff0b\uff0d\uff20])", "", field)
