"""Everything of a workbook except the rows of usage, built by openpyxl.

openpyxl writes a cell in 0.2 ms, so a month of hours would take minutes. It therefore builds a workbook whose usage
sheets have only their header, and the rows are streamed into the sheet's XML between `head` and `tail`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.filters import AutoFilter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.table import Table, TableColumn, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.xml.functions import fromstring, tostring

from jobs.cells import as_excel_writes, clean, renderer, set_value
from jobs.columns import Column
from jobs.summary import TITLE, Line, Report, summary_of

_FONT = "Calibri"  # named, or LibreOffice takes one with serifs
_HEADER_FONT = Font(name=_FONT, bold=True, color="FFFFFFFF")
_HEADER_FILL = PatternFill("solid", fgColor="FF1F3A5F")
_HEADING_FONT = Font(name=_FONT, bold=True, color="FF1F3A5F")
_TITLE_FONT = Font(name=_FONT, bold=True, size=16, color="FF1F3A5F")


@dataclass(frozen=True, slots=True)
class Shell:
    """Parts of the file by name; the XML around the rows of a usage sheet; and a writer of cells per column."""

    parts: dict[str, bytes]
    head: bytes
    tail: bytes
    renderers: tuple[Callable[[Any], str], ...]


def part_of_usage_sheet(number: int) -> str:
    """Name of the part of the n-th usage sheet; the Summary is the first sheet."""
    return f"xl/worksheets/sheet{number + 1}.xml"


def build_shell(report: Report, columns: Sequence[Column], rows_of_sheets: Sequence[int]) -> Shell:
    """A workbook with one usage sheet per number of rows, each without its rows."""
    workbook = Workbook()
    workbook.properties.creator = "Tallygraph"
    workbook.properties.title = clean(f"{TITLE} of {report.request.account_key}")
    workbook.properties.created = report.generated_at.astimezone(UTC).replace(tzinfo=None)
    summary = workbook.worksheets[0]
    renderers = tuple(renderer(summary, column.kind) for column in columns)
    _fill_summary(summary, summary_of(report))
    for number, rows in enumerate(rows_of_sheets, start=1):
        sheet = workbook.create_sheet("Usage" if number == 1 else f"Usage ({number})")
        _fill_usage(sheet, columns, rows, "Usage" if number == 1 else f"Usage_{number}")
    _fill_dictionary(workbook.create_sheet("Data dictionary"), columns)
    parts = _saved(workbook)
    head, tail = parts[part_of_usage_sheet(1)].split(b"</sheetData>")
    # The dimension would tell readers that there is but a header.
    return Shell(parts, re.sub(rb"<dimension [^>]*/>", b"", head), b"</sheetData>" + tail, renderers)


def _fill_summary(sheet: Worksheet, lines: Iterable[Line]) -> None:
    sheet.title = "Summary"
    _fit_to_width(sheet)
    sheet.column_dimensions["A"].width = 34
    sheet.column_dimensions["B"].width = 44
    sheet["A1"] = TITLE
    sheet["A1"].font = _TITLE_FONT
    row = 2
    for line in lines:
        row += 2 if line.is_heading else 1
        label, value = _cell(sheet, row, 1), _cell(sheet, row, 2)
        set_value(label, line.label)
        if line.is_heading:
            label.font = _HEADING_FONT
            continue
        value.number_format = line.kind
        set_value(value, line.value)
        value.alignment = Alignment(horizontal="left", vertical="top", wrap_text=isinstance(line.value, str))


def _fill_usage(sheet: Worksheet, columns: Sequence[Column], rows: int, table_name: str) -> None:
    _fill_header(sheet, [(column.header, column.width) for column in columns])
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    _fit_to_width(sheet)
    # A table has at least one row below its header, if an empty one.
    ref = f"A1:{get_column_letter(len(columns))}{max(rows, 1) + 1}"
    names = [TableColumn(id=i, name=as_excel_writes(column.header)) for i, column in enumerate(columns, start=1)]
    style = TableStyleInfo(name="TableStyleLight1", showRowStripes=True)
    table = Table(displayName=table_name, ref=ref, autoFilter=AutoFilter(ref=ref), tableColumns=names, tableStyleInfo=style)
    sheet.add_table(table)


def _fill_dictionary(sheet: Worksheet, columns: Sequence[Column]) -> None:
    _fit_to_width(sheet)
    _fill_header(sheet, [("Column", 34), ("Unit", 22), ("Meaning", 110)])
    sheet.freeze_panes = "A2"
    for row, column in enumerate(columns, start=2):
        for index, text in enumerate((column.header, column.unit, column.meaning), start=1):
            set_value(_cell(sheet, row, index), text)


def _fit_to_width(sheet: Worksheet) -> None:
    """On paper it is one page wide, and as many long as it takes."""
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _fill_header(sheet: Worksheet, headers: Iterable[tuple[str, int]]) -> None:
    for index, (text, width) in enumerate(headers, start=1):
        cell = _cell(sheet, 1, index)
        set_value(cell, text)
        cell.font = _HEADER_FONT
        cell.fill = _HEADER_FILL
        cell.alignment = Alignment(vertical="center", wrap_text=True)
        sheet.column_dimensions[get_column_letter(index)].width = width


def _cell(sheet: Worksheet, row: int, column: int) -> Cell:
    cell = sheet.cell(row, column)
    assert isinstance(cell, Cell)  # Nothing is merged here.
    return cell


def _saved(workbook: Workbook) -> dict[str, bytes]:
    file = BytesIO()
    workbook.save(file)
    with ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/styles.xml"] = _with_ordered_fonts(parts["xl/styles.xml"])
    return parts


_FONT_ORDER = ("b", "i", "strike", "condense", "extend", "outline", "shadow", "u", "vertAlign")
_FONT_ORDER += ("sz", "color", "name", "family", "charset", "scheme")


def _with_ordered_fonts(styles: bytes) -> bytes:
    """The standard orders what a font consists of, openpyxl does not, and strict readers mind."""
    tree = fromstring(styles)
    for font in tree.iter("{*}font"):
        font[:] = sorted(font, key=lambda child: _FONT_ORDER.index(child.tag.rpartition("}")[2]))
    content: Any = tostring(tree)  # Bytes, whatever is inferred of lxml.
    return content
