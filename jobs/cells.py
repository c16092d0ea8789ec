"""Values as cells of a workbook: text that stays text, numbers with all their digits, times without a zone."""

import math
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from xml.sax.saxutils import escape

from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

MAX_TEXT = 32_767  # UTF-16 units that Excel keeps of a text; an emoji is two

MAX_REMEMBERED = 10_000  # distinct values of one column whose cells are kept, so that memory does not grow with the file

Value = str | int | float | bool | Decimal | datetime | None


class Kind(StrEnum):
    """What a column holds; the value is its number format."""

    TEXT = "@"
    TIME = "yyyy-mm-dd hh:mm"
    COUNT = "#,##0"
    SECONDS = "0.000"
    PERCENT = "0.00"
    RATE = "0.0000"
    MONEY = "#,##0.00##########"
    FLAG = "General"


def renderer(sheet: Worksheet, kind: Kind) -> Callable[[Any], str]:
    """A function that writes a value as what follows the reference in a cell element.

    openpyxl is asked for the styles, so that the workbook it saves has them.
    """
    style = _style(sheet, kind)
    match kind:
        case Kind.TEXT:
            quoted = _style(sheet, kind, quote=True)
            return _remembering(lambda text: _text_cell(quoted if may_become_formula(text) else style, text))
        case Kind.TIME:
            return _remembering(lambda moment: f"{style}><v>{_serial(moment)!r}</v></c>")
        case Kind.FLAG:
            return lambda flag: f'{style} t="b"><v>{flag:d}</v></c>'
        case Kind.COUNT:
            return lambda count: f"{style}><v>{count:d}</v></c>"
        case Kind.MONEY:
            return lambda money: f"{style}><v>{money:f}</v></c>"
        case Kind.SECONDS | Kind.PERCENT | Kind.RATE:
            return lambda number: f"{style}><v>{number!r}</v></c>" if math.isfinite(number) else f"{style}/>"


def set_value(cell: Cell, value: Value) -> None:
    """Puts a value into a cell of openpyxl, which by itself would make formulas and errors of some texts."""
    match value:
        case str():
            cell.value = as_excel_writes(clean(value))
            cell.data_type = "s"
            cell.quotePrefix = may_become_formula(value)
        case datetime():
            cell.value = value.replace(tzinfo=None)
            cell.number_format = Kind.TIME
        case _:
            cell.value = value


def may_become_formula(text: str) -> bool:
    """Whether a spreadsheet, or someone who presses Enter in the cell, could turn the text into a formula.

    Such cells bear Excel's quote prefix: the apostrophe that people type to say "this is text".
    """
    return text.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """What of a text a cell can hold: no control characters, no half surrogates, no more than Excel keeps."""
    text = _NOT_XML.sub("\ufffd", text)
    if len(text) * 2 <= MAX_TEXT:  # No character takes more than two units.
        return text
    return text.encode("utf-16-le")[: MAX_TEXT * 2].decode("utf-16-le", "ignore")


_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def as_excel_writes(text: str) -> str:
    """Excel reads _x000D_ as a carriage return; a text that only looks so has its first underscore escaped."""
    return _LOOKS_ESCAPED.sub("_x005F_", text).replace("\r", "_x000D_")


def _text_cell(style: str, text: str) -> str:
    text = as_excel_writes(clean(text))
    space = ' xml:space="preserve"' if text != text.strip() else ""
    return f'{style} t="inlineStr"><is><t{space}>{escape(text)}</t></is></c>'


_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - Excel's serial numbers have no zone


def _serial(moment: datetime) -> float:
    """Days since Excel's epoch, of the date and time that a clock on the wall shows."""
    return (moment.replace(tzinfo=None) - _EPOCH).total_seconds() / 86_400


def _style(sheet: Worksheet, kind: Kind, *, quote: bool = False) -> str:
    cell = Cell(sheet, row=1, column=1)  # Only a bearer of the style: the sheet does not get it.
    cell.number_format = kind
    cell.quotePrefix = quote
    return f' s="{cell.style_id}"'


def _remembering(make: Callable[[Any], str]) -> Callable[[Any], str]:
    cells: dict[Any, str] = {}

    def cell(value: Any) -> str:
        found = cells.get(value)
        if found is None:
            found = make(value)
            if len(cells) < MAX_REMEMBERED:
                cells[value] = found
        return found

    return cell
