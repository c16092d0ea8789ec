"""The scalars of the schema: what each takes, what it answers, and what it says about anything else.

Annotations name them as Python does: `BigInt`, `Position` and `JSON` from here, `Decimal`, `datetime` and `ZoneInfo` from where
they are at home. `SCALARS` is the `scalar_map` of the schema's configuration. What `serialize` gives is always one of JSON's own
types: the encoder knows how to write a Decimal or a datetime, too, but not in our words.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NewType
from zoneinfo import ZoneInfo

import msgspec
import strawberry
from graphql import GraphQLError, ValueNode, value_from_ast_untyped
from strawberry.types.scalar import ScalarDefinition

from domain.limits import MAX_BIG_INT, MIN_BIG_INT
from domain.notation import RFC3339, amount
from graph.errors import BadInputError, LimitError

if TYPE_CHECKING:  # To the type checker a BigInt is the int that it is at run time, and so on.
    BigInt = int
    Position = str
    JSON = Any
else:
    BigInt = NewType("BigInt", int)
    Position = NewType("Position", str)
    JSON = NewType("JSON", object)

MAX_EXACT_FLOAT = 2**53  # JSON writers may say 5 as 5.0 or 5e0; beyond this, such a number may stand for several integers
MAX_DECIMAL_CHARACTERS = 64
MAX_POSITION_CHARACTERS = 256

DIGITS = re.compile(r"-?\d{1,19}", re.ASCII)
PLAIN_DECIMAL = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def parse_big_int(value: object) -> int:
    number = None
    if isinstance(value, str) and DIGITS.fullmatch(value):
        number = int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, float) and value.is_integer() and abs(value) <= MAX_EXACT_FLOAT:
        number = int(value)
    if number is None or not MIN_BIG_INT <= number <= MAX_BIG_INT:
        raise _unusable("BigInt", value, "give a whole number from -2^63 to 2^63-1, as a number or a string of digits")
    return number


def serialize_big_int(value: object) -> int:
    if type(value) is int and MIN_BIG_INT <= value <= MAX_BIG_INT:
        return value
    if type(value) is int:
        raise LimitError("BIG_INT", f"BigInt cannot stand for {value:,}, which does not fit 64 bits: ask for a shorter range.")
    raise GraphQLError(f"BigInt cannot stand for {value!r}")


def parse_decimal(value: object) -> Decimal:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_BIG_INT:
        return Decimal(value)
    if isinstance(value, str) and len(value) <= MAX_DECIMAL_CHARACTERS and PLAIN_DECIMAL.fullmatch(value):
        return Decimal(value)
    if isinstance(value, float):
        raise _unusable("Decimal", value, 'give a string, such as "0.00000015": a number may lose digits on its way')
    raise _unusable("Decimal", value, 'give a string of digits without exponent, such as "0.00000015"')


def serialize_decimal(value: object) -> str:
    """The shortest text: equal amounts are equal texts."""
    if not isinstance(value, Decimal) or not value.is_finite():
        raise GraphQLError(f"Decimal cannot stand for {value!r}")
    return amount(value)


def parse_date_time(value: object) -> datetime:
    """The instant, in UTC; digits finer than microseconds are cut."""
    if isinstance(value, str) and RFC3339.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise _unusable("DateTime", value, f"there is no such instant: {error}") from None
    raise _unusable("DateTime", value, "give an RFC 3339 instant with its offset, such as 2026-04-21T14:03:07Z")


def serialize_date_time(value: object) -> str:
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise GraphQLError(f"DateTime cannot stand for {value!r}")
    text = value.isoformat()
    if text.endswith("+00:00"):  # as it comes from the database
        return text[:-6] + "Z"
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def parse_time_zone(value: object) -> ZoneInfo:
    if isinstance(value, str) and value in time_zone_names():
        return ZoneInfo(value)
    raise _unusable("TimeZone", value, "give the name of an IANA time zone, such as Asia/Kathmandu")


def serialize_time_zone(value: object) -> str:
    if isinstance(value, ZoneInfo) and value.key:
        return value.key
    raise GraphQLError(f"TimeZone cannot stand for {value!r}")


def parse_position(value: object) -> str:
    if isinstance(value, str) and 0 < len(value) <= MAX_POSITION_CHARACTERS:
        return value
    raise _unusable("Position", value, "give a position as this service gave it")


def serialize_position(value: object) -> str:
    if isinstance(value, str):
        return value
    raise GraphQLError(f"Position cannot stand for {value!r}")


def unchanged(value: object) -> object:
    return value


@cache
def time_zone_names() -> frozenset[str]:
    """Of the tzdata package, so that no machine knows more names, or fewer."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="ascii").split())


def _unusable(scalar: str, value: object, advice: str) -> GraphQLError:
    shown = msgspec.json.encode(value).decode()
    return BadInputError(f"{scalar} cannot be {shown if len(shown) <= 80 else shown[:79] + '…'}: {advice}.")


def _scalar(
    name: str,
    description: str,
    parse_value: Callable[[Any], object],
    serialize: Callable[[Any], object],
    specified_by_url: str | None = None,
) -> ScalarDefinition:
    def parse_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> object:
        try:
            return parse_value(value_from_ast_untyped(node, variables))
        except GraphQLError as error:  # now with the place in the document
            raise GraphQLError(error.message, node, extensions=error.extensions) from None

    return strawberry.scalar(
        name=name,
        description=description,
        parse_value=parse_value,
        parse_literal=parse_literal,
        serialize=serialize,
        specified_by_url=specified_by_url,
    )


SCALARS: dict[object, ScalarDefinition] = {
    BigInt: _scalar(
        "BigInt",
        "A whole number from -2^63 to 2^63-1. A JSON number in answers; a JSON number or string of digits in variables.",
        parse_big_int,
        serialize_big_int,
    ),
    Decimal: _scalar(
        "Decimal",
        'An exact decimal number, a JSON string without exponent, such as "0.00000015". Money is never a float.',
        parse_decimal,
        serialize_decimal,
    ),
    datetime: _scalar(
        "DateTime",
        "An instant: RFC 3339. Any offset is accepted; answers are UTC and end in Z.",
        parse_date_time,
        serialize_date_time,
        "https://www.rfc-editor.org/rfc/rfc3339",
    ),
    ZoneInfo: _scalar(
        "TimeZone",
        'An IANA time zone name, such as "Asia/Kathmandu".',
        parse_time_zone,
        serialize_time_zone,
        "https://www.iana.org/time-zones",
    ),
    Position: _scalar(
        "Position",
        "A place in the log: opaque, made by the service, compared only by it.",
        parse_position,
        serialize_position,
    ),
    JSON: _scalar("JSON", "Any JSON value, as it is.", unchanged, unchanged, "https://www.rfc-editor.org/rfc/rfc8259"),
}
