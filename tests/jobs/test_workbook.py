"""What is in the file, read back with two readers: openpyxl for its look, calamine for its figures."""

import re
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from jobs.cells import clean
from jobs.request import ExportRequest, UsageFilter
from jobs.usage import Quantity, UsageRow
from jobs.workbook import write_workbook
from tests.jobs.figures import EVIL, FROM, GENERATED, REQUEST, ROW, TO, TOTALS, report_of, rows_with


def written(path: Path, rows: list[UsageRow], request: ExportRequest = REQUEST, totals: UsageRow = TOTALS, **options: Any) -> Path:
    write_workbook(path, report_of(rows, request=request, totals=totals), lambda _: None, **options)
    return path


def usage_of(path: Path, sheet: str = "Usage") -> list[dict[str, Any]]:
    header, *rows = CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python()
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def test_a_row_has_the_figures_of_the_api(tmp_path: Path):
    assert usage_of(written(tmp_path / "a.xlsx", [ROW])) == [
        {
            "Time (Europe/Berlin)": datetime(2026, 10, 24, 2),  # noqa: DTZ001
            "Time (UTC)": date(2026, 10, 24),
            "Model": "gpt",
            "API key": "Production",
            "API key ID": "key-1",
            "Requests": 12,
            "Input tokens": 300,
            "Output tokens": 45,
            "Total tokens": 345,
            "Unknown token requests": 2,
            "Estimated requests": 4,
            "Input: Prompt tokens": 300,
            "Input: Images": 2,
            "Output: Completion tokens": 45,
            "Average latency (s)": 1.25,
            "Success rate (%)": 75,
            "Errors": 3,
            "Fee (USD)": 1e-18,
            "Unpriced requests": 1,
            "Throughput (requests/s)": 0.5,
            "Partial": True,
        }
    ]


def test_unknown_is_not_zero_but_an_empty_cell(tmp_path: Path):
    unknown = UsageRow(time=FROM, requests=1, input_tokens=None, output_tokens=None, total_tokens=None, unknown_token_requests=1)
    [row] = usage_of(written(tmp_path / "a.xlsx", [unknown], totals=replace(unknown, input=TOTALS.input)))
    tokens = ["Input tokens", "Output tokens", "Total tokens", "Input: Prompt tokens", "Input: Images"]
    nothing = ["Model", "API key", "API key ID", "Average latency (s)", "Success rate (%)", "Fee (USD)"]
    assert {row[name] for name in tokens + nothing} == {""}
    assert (row["Requests"], row["Unknown token requests"], row["Estimated requests"], row["Errors"]) == (1, 1, 0, 0)
    summary = load_workbook(tmp_path / "a.xlsx")["Summary"]
    told = {row[0]: row[1] for row in summary.iter_rows(max_col=2, values_only=True)}
    assert [told[name] for name in tokens[:3]] == [None] * 3
    assert told["Unknown token requests"] == 1


def test_only_what_was_grouped_by_is_a_column(tmp_path: Path):
    request = replace(REQUEST, interval=None, group_by=("PROVIDER",))
    [row] = usage_of(written(tmp_path / "a.xlsx", [replace(ROW, time=None, provider="groq")], request))
    assert list(row)[:2] == ["Provider", "Requests"]
    assert row["Provider"] == "groq"


def test_in_utc_one_column_of_time_is_enough(tmp_path: Path):
    [row] = usage_of(written(tmp_path / "a.xlsx", [ROW], replace(REQUEST, time_zone="UTC")))
    assert list(row)[:2] == ["Time (UTC)", "Model"]


def test_the_two_hours_of_a_fall_back_are_told_apart(tmp_path: Path):
    hours = [datetime(2026, 10, 25, hour, tzinfo=UTC) for hour in (0, 1)]  # both are 02:00 in Berlin
    rows = usage_of(written(tmp_path / "a.xlsx", [replace(ROW, time=hour) for hour in hours]))
    assert [row["Time (Europe/Berlin)"] for row in rows] == [datetime(2026, 10, 25, 2)] * 2  # noqa: DTZ001
    assert [row["Time (UTC)"] for row in rows] == [date(2026, 10, 25), datetime(2026, 10, 25, 1)]  # noqa: DTZ001


def test_the_usage_sheet_is_a_table_with_a_frozen_header(tmp_path: Path):
    sheet = load_workbook(written(tmp_path / "a.xlsx", [ROW, ROW]))["Usage"]
    assert sheet.freeze_panes == "A2"
    assert sheet.print_title_rows == "$1:$1"
    table = sheet.tables["Usage"]
    assert table.ref == "A1:U3"
    assert table.column_names == [cell.value for cell in sheet[1]]
    formats = {str(head.value): cell.number_format for head, cell in zip(sheet[1], sheet[2], strict=True)}
    assert formats["Time (UTC)"] == "yyyy-mm-dd hh:mm"
    assert formats["Model"] == "@"
    assert formats["Requests"] == "#,##0"
    assert formats["Average latency (s)"] == "0.000"
    assert formats["Success rate (%)"] == "0.00"
    assert formats["Fee (USD)"] == "#,##0.00##########"
    widths = {str(head.value): sheet.column_dimensions[head.coordinate.rstrip("1")].width for head in sheet[1]}
    assert (widths["Model"], widths["API key ID"], widths["Requests"], widths["Input: Prompt tokens"]) == (32, 38, 14, 24)


def test_the_summary_says_what_the_figures_are(tmp_path: Path):
    request = replace(REQUEST, filter=UsageFilter(models=("gpt", "=1+1"), providers=("groq", None)))
    sheet = load_workbook(written(tmp_path / "a.xlsx", [ROW], request))["Summary"]
    assert {label: value for label, value in sheet.iter_rows(max_col=2, values_only=True) if value is not None} == {
        "Account": "acme",
        "Account ID": "00000000-0000-0000-0000-000000000001",
        "Time zone": "Europe/Berlin",
        "Period from, inclusive (local)": datetime(2026, 10, 24, 2),  # noqa: DTZ001
        "Period to, exclusive (local)": datetime(2026, 10, 26, 1),  # noqa: DTZ001
        "Period from, inclusive (UTC)": FROM.replace(tzinfo=None),
        "Period to, exclusive (UTC)": TO.replace(tzinfo=None),
        "Interval": "HOUR",
        "Grouped by": "MODEL, API_KEY",
        "Models": "gpt, =1+1",
        "Providers": "groq, (none)",
        "API keys": "all",
        "Generated at (UTC)": GENERATED.replace(tzinfo=None),
        "Log position": "p-4711",
        "Complete through (UTC)": TO.replace(tzinfo=None),
        "Export ID": "00000000-0000-0000-0000-000000000002",
        "Rows": 1,
        "Requests": 12,
        "Input tokens": 300,
        "Output tokens": 45,
        "Total tokens": 345,
        "Unknown token requests": 2,
        "Estimated requests": 4,
        "Input: Prompt tokens": 300,
        "Input: Images": 2,
        "Output: Completion tokens": 45,
        "Average latency (s)": 1.25,
        "Success rate (%)": 75,
        "Errors": 3,
        "Throughput (requests/s)": 0.5,
        "Fee (USD)": 1e-18,
        "Fee (USD), exact": "0.000000000000000001",
        "Unpriced requests": 1,
    }


def test_every_column_is_in_the_data_dictionary(tmp_path: Path):
    workbook = load_workbook(written(tmp_path / "a.xlsx", [ROW]))
    header, *entries = workbook["Data dictionary"].iter_rows(values_only=True)
    assert header == ("Column", "Unit", "Meaning")
    assert [entry[0] for entry in entries] == [cell.value for cell in workbook["Usage"][1]]
    assert all(entry[2] for entry in entries)


def test_more_rows_than_fit_go_on_in_further_sheets(tmp_path: Path):
    rows = [replace(ROW, time=FROM + timedelta(hours=hour), requests=hour) for hour in range(5)]
    path = written(tmp_path / "a.xlsx", rows, max_rows_of_sheet=2)
    workbook = load_workbook(path)
    assert workbook.sheetnames == ["Summary", "Usage", "Usage (2)", "Usage (3)", "Data dictionary"]
    tables = {name: dict(workbook[name].tables.items()) for name in workbook.sheetnames[1:4]}
    assert tables == {"Usage": {"Usage": "A1:U3"}, "Usage (2)": {"Usage_2": "A1:U3"}, "Usage (3)": {"Usage_3": "A1:U2"}}
    assert [row["Requests"] for name in workbook.sheetnames[1:4] for row in usage_of(path, name)] == [0, 1, 2, 3, 4]
    assert workbook["Usage (3)"].freeze_panes == "A2"


def test_an_export_that_exactly_fills_its_sheets_has_no_empty_one(tmp_path: Path):
    path = written(tmp_path / "a.xlsx", [ROW] * 4, max_rows_of_sheet=2)
    assert CalamineWorkbook.from_path(path).sheet_names == ["Summary", "Usage", "Usage (2)", "Data dictionary"]


def test_an_export_without_rows_has_its_header(tmp_path: Path):
    sheet = load_workbook(written(tmp_path / "a.xlsx", []))["Usage"]
    assert sheet.tables["Usage"].ref == "A1:U2"  # a table has at least one row
    assert sheet["A1"].value == "Time (Europe/Berlin)"
    assert usage_of(tmp_path / "a.xlsx") == []


def test_labels_that_are_equal_make_columns_that_are_not(tmp_path: Path):
    lines = tuple(Quantity(name, "token", label, 1) for name, label in (("a", "Audio"), ("b", "audio "), ("c", "Audio\n(2)")))
    totals = replace(TOTALS, input=lines, output=())
    [row] = usage_of(written(tmp_path / "a.xlsx", [replace(ROW, input=lines, output=())], totals=totals))
    assert [name for name in row if name.startswith("Input: ")] == ["Input: Audio", "Input: audio (2)", "Input: Audio (2) (2)"]


def test_progress_goes_on_from_sheet_to_sheet(tmp_path: Path):
    told: list[int] = []
    write_workbook(tmp_path / "a.xlsx", report_of([ROW] * 1_200), told.append, max_rows_of_sheet=700)
    assert told == [500, 700, 1_200]


@given(rows=st.lists(rows_with(EVIL), max_size=6), account=EVIL)
@settings(max_examples=60)
def test_no_text_becomes_a_formula_and_the_figures_read_back_are_the_same(tmp_path: Path, rows: list[UsageRow], account: str):
    path = written(tmp_path / "a.xlsx", rows, replace(REQUEST, account_key=account, time_zone="UTC"))
    for sheet in load_workbook(path):
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            assert cell.data_type != "f"
            assert cell.data_type != "e"
            if isinstance(cell.value, str) and cell.value.startswith(("=", "+", "-", "@", "\t", "\n", "_x000D_")):
                assert cell.quotePrefix
    read = usage_of(path)
    assert len(read) == len(rows)
    for row, got in zip(rows, read, strict=True):
        assert row.time is not None
        moment = got["Time (UTC)"]
        assert (moment if isinstance(moment, datetime) else datetime.combine(moment, time())).replace(tzinfo=UTC) == row.time
        assert [got[name] for name in ("Model", "API key ID", "API key")] == [
            clean(text or "") for text in (row.model, row.api_key_id, row.api_key_name)
        ]
        figures = {
            "Requests": row.requests,
            "Input tokens": row.input_tokens,
            "Output tokens": row.output_tokens,
            "Total tokens": row.total_tokens,
            "Unknown token requests": row.unknown_token_requests,
            "Estimated requests": row.estimated_requests,
            "Input: Prompt tokens": row.input[0].count if row.input else None,
            "Average latency (s)": row.average_latency_seconds,
            "Success rate (%)": row.success_rate,
            "Fee (USD)": None if row.fee is None else float(row.fee),
            "Throughput (requests/s)": row.throughput,
            "Partial": row.partial,
        }
        assert {name: got[name] for name in figures} == {name: "" if value is None else value for name, value in figures.items()}


def test_a_fee_keeps_all_its_digits_in_the_file(tmp_path: Path):
    path = written(tmp_path / "a.xlsx", [replace(ROW, fee=Decimal("123456789.012345678901234567"))])
    with zipfile.ZipFile(path) as archive:
        assert b"<v>123456789.012345678901234567</v>" in archive.read("xl/worksheets/sheet2.xml")


def test_fonts_are_described_in_the_order_of_the_standard(tmp_path: Path):
    with zipfile.ZipFile(written(tmp_path / "a.xlsx", [ROW])) as archive:
        fonts = re.findall(rb"<font>.*?</font>", archive.read("xl/styles.xml"))
    assert {tuple(re.findall(rb"<(\w+) ", font)) for font in fonts} == {
        (b"sz", b"color", b"name", b"family", b"scheme"),
        (b"b", b"color", b"name"),
        (b"b", b"sz", b"color", b"name"),
    }


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\x00b\x1f", "a\ufffdb\ufffd"),
        ("\ud83d \udc7e", "\ufffd \ufffd"),
        ("\ufffe\uffff", "\ufffd\ufffd"),
        ("tab\tline\nreturn\r", "tab\tline\nreturn\r"),
        ("x" * 40_000, "x" * 32_767),
        ("👾" * 20_000, "👾" * 16_383),  # two units each: the half that is left over goes too
        ("👾" * 16_383, "👾" * 16_383),
    ],
)
def test_a_cell_keeps_what_excel_can_keep(text: str, kept: str):
    assert clean(text) == kept
