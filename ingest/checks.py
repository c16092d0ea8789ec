"""The rules that compiled code cannot say, one value at a time. Each raises UnacceptableError with the field and the reason."""

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Context, Decimal, Inexact
from typing import Any

import msgspec
from msgspec.structs import astuple

from domain import limits
from domain.deployment_events import MICRO
from domain.events import Quantity, microseconds
from domain.notation import RFC3339, amount
from domain.price_events import unfit
from ingest.outcomes import UnacceptableError
from ingest.reports import ReportedQuantity

DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([Ee][+-]?\d{1,3})?", re.ASCII)
EARLIEST = microseconds(limits.EARLIEST_TIME)
LATEST = microseconds(limits.LATEST_TIME)
MAX_SECONDS_KNOWN = 100_000
EXACT = Context(traps=[Inexact])

_seconds: dict[str, int] = {}  # microseconds, by an instant's text as far as the second: many events share one


def instant(text: str, latest: int, field: str = "time") -> int:
    """Microseconds since 1970; finer digits are cut."""
    second, rest = _seconds.get(text[:19]), text[19:]
    if second is None or rest[-1:] != "Z":
        found = _instant(text, field)
    elif rest == "Z":
        found = second
    elif rest[0] == "." and (digits := rest[1:-1]).isdecimal() and digits.isascii():
        found = second + int(digits if len(digits) == 6 else digits[:6].ljust(6, "0"))
    else:
        found = _instant(text, field)
    if found < EARLIEST:
        raise UnacceptableError(field, f"{text[:64]} is before {limits.EARLIEST_TIME:%Y-%m-%d}")
    if found > latest:
        ahead = (
            f"more than {limits.MAX_CLOCK_LEAD.days} day ahead of our clock" if latest < LATEST else f"after {limits.LATEST_TIME:%Y-%m-%d}"
        )
        raise UnacceptableError(field, f"{text[:64]} is {ahead}")
    return found


def _instant(text: str, field: str) -> int:
    if not RFC3339.fullmatch(text):
        raise UnacceptableError(field, f"{text[:64]!r} is not an RFC 3339 instant with an offset, such as 2026-04-21T14:03:07.120Z")
    try:
        found = microseconds(datetime.fromisoformat(text.upper()))
    except (ValueError, OverflowError) as error:
        raise UnacceptableError(field, f"{text[:64]!r} is not an instant: {error}") from None
    if text[-1] == "Z" and text[10] == "T":
        if len(_seconds) >= MAX_SECONDS_KNOWN:
            _seconds.clear()
        _seconds[text[:19]] = found - found % 1_000_000
    return found


def quantities(reported: Sequence[ReportedQuantity] | None, side: str) -> tuple[Quantity, ...] | None:
    """One side of a request: ordered, each category and unit once."""
    if reported is None:
        return None
    if len(reported) == 1:
        return (astuple(reported[0]),)
    found: list[Quantity] = sorted(map(astuple, reported))
    _check_disjoint(found, side)
    return tuple(found)


def _check_disjoint(found: Sequence[Quantity], side: str) -> None:
    before, before_unit = None, None
    for category, unit, _ in found:
        if category == before and unit == before_unit:
            raise UnacceptableError(side, f"has {category!r} in {unit!r} twice: categories are disjoint, add them up")
        before, before_unit = category, unit


def nanoseconds(milliseconds: float | None) -> int | None:
    """Exact for what a float of milliseconds can tell."""
    return None if milliseconds is None else round(milliseconds * limits.NANOSECONDS_PER_MILLISECOND)


def decimal(text: str, field: str, example: str = "0.00125") -> str:
    """Canonical: no exponent, no needless zeros, no negative zero, so that equal amounts are equal texts."""
    value = Decimal(text) if DECIMAL.fullmatch(text) else Decimal("NaN")
    canonical = amount(value)
    if value.is_nan() or len(canonical) > limits.MAX_COST_CHARACTERS:
        bound = f"of up to {limits.MAX_COST_CHARACTERS} characters (MAX_COST_CHARACTERS)"
        raise UnacceptableError(field, f"{text[:64]!r} is not a decimal number such as {example}, {bound}")
    return canonical


def unit_price(text: str) -> str:
    """A canonical decimal, 0 or more, whose products with quantities stay exact."""
    canonical = decimal(text, "data.unit_price", "0.00000015")
    if reason := unfit(canonical):
        raise UnacceptableError("data.unit_price", f"{text[:64]!r} {reason}")
    return canonical


def cost(text: str) -> str:
    """A canonical decimal of so many digits that sums of it stay short."""
    canonical = decimal(text, "data.reported_cost")
    whole, _, fraction = canonical.removeprefix("-").partition(".")
    if len(whole) > limits.MAX_COST_INTEGER_DIGITS or len(fraction) > limits.MAX_COST_FRACTION_DIGITS:
        raise UnacceptableError(
            "data.reported_cost",
            f"{text[:64]!r} has more than {limits.MAX_COST_INTEGER_DIGITS} digits before the point or {limits.MAX_COST_FRACTION_DIGITS}"
            " behind it (MAX_COST_INTEGER_DIGITS, MAX_COST_FRACTION_DIGITS)",
        )
    return canonical


def micro_gpus(number: Decimal, *, least: int) -> int:
    """Whole micro-GPUs, `least` or more."""
    if not number.is_finite() or number > limits.MAX_GPUS:
        raise UnacceptableError("data.gpus", f"is not a number up to {limits.MAX_GPUS:,} (MAX_GPUS)")
    try:
        micro = EXACT.multiply(number, Decimal(MICRO))
        whole = EXACT.to_integral_exact(micro)
    except Inexact:
        raise UnacceptableError("data.gpus", f"{str(number)[:64]} has more than six digits behind the point") from None
    if whole < least:
        raise UnacceptableError("data.gpus", f"{number} is too few: give a number {'0 or more' if least == 0 else 'above 0'}")
    return int(whole)


def message(text: str | None) -> str | None:
    """An error message within its limit; a longer one is cut, with a mark. An empty one says nothing."""
    if not text:
        return None
    encoded = text.encode()
    if len(encoded) <= limits.MAX_ERROR_MESSAGE_BYTES:
        return text
    return encoded[: limits.MAX_ERROR_MESSAGE_BYTES - len(limits.CUT_MARK.encode())].decode(errors="ignore") + limits.CUT_MARK


def check_strings(report: msgspec.Struct) -> None:
    """Refuse NUL, which Postgres cannot hold, and texts past their limit."""
    _check(msgspec.to_builtins(report), "")


def check_text(text: str, field: str, *, may_be_long: bool = False) -> None:
    """Refuse one text that holds NUL, or is past its limit where it has one."""
    if "\0" in text:
        raise UnacceptableError(field, NUL)
    if not may_be_long and len(text.encode()) > limits.MAX_STRING_BYTES:
        raise UnacceptableError(field, f"is longer than {limits.MAX_STRING_BYTES} bytes (MAX_STRING_BYTES)")


def check_nul(value: Any, path: str = "") -> None:
    """Refuse NUL anywhere in a report, in fields that we do not know, too."""
    if isinstance(value, dict):
        for name, item in value.items():
            check_nul(name, path)
            check_nul(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for i, item in enumerate(value):
            check_nul(item, f"{path}[{i}]")
    elif isinstance(value, str) and "\0" in value:
        raise UnacceptableError(path or None, NUL)


NUL = "holds a NUL character: leave it out"


def _check(value: Any, path: str) -> None:
    if isinstance(value, dict):
        for name, item in value.items():
            _check(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for i, item in enumerate(value):
            _check(item, f"{path}[{i}]")
    elif isinstance(value, str):
        check_text(value, path, may_be_long=path == "data.error_message")
