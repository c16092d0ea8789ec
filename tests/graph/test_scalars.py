"""What the scalars take and answer, exactly."""

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import strawberry
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig

from domain.limits import MAX_BIG_INT, MIN_BIG_INT
from graph.scalars import JSON, SCALARS, BigInt, Position, time_zone_names

GREENWICH = ZoneInfo("UTC")


@strawberry.type
class Query:
    @strawberry.field
    def big(self, value: BigInt) -> BigInt:
        return value

    @strawberry.field
    def decimal(self, value: Decimal) -> Decimal:
        return value

    @strawberry.field
    def time(self, value: datetime) -> datetime:
        return value

    @strawberry.field
    def zone(self, value: ZoneInfo = GREENWICH) -> ZoneInfo:
        return value

    @strawberry.field
    def position(self, value: Position) -> Position:
        return value

    @strawberry.field
    def json(self, value: JSON) -> JSON:
        return value


class QuietSchema(strawberry.Schema):
    def process_errors(self, errors, execution_context=None):
        pass


SCHEMA = QuietSchema(Query, config=StrawberryConfig(scalar_map=SCALARS))
TYPES = {"big": "BigInt", "decimal": "Decimal", "time": "DateTime", "zone": "TimeZone", "position": "Position", "json": "JSON"}


def answer(field: str, value: object) -> object:
    """What the field answers to `value`, given in a variable."""
    result = SCHEMA.execute_sync(f"query ($value: {TYPES[field]}!) {{ {field}(value: $value) }}", {"value": value})
    assert result.errors is None
    assert result.data is not None
    return result.data[field]


def answer_to_literal(field: str, literal: str) -> object:
    result = SCHEMA.execute_sync(f"{{ {field}(value: {literal}) }}")
    assert result.errors is None
    assert result.data is not None
    return result.data[field]


def refusal(field: str, value: object) -> str:
    result = SCHEMA.execute_sync(f"query ($value: {TYPES[field]}!) {{ {field}(value: $value) }}", {"value": value})
    [error] = result.errors or []
    assert error.extensions == {"code": "BAD_INPUT"}
    return error.message.removeprefix("Variable '$value' has invalid value: ")


# ---------------------------------------------------------------- BigInt
@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5),
        ("5", 5),
        ("-5", -5),
        ("007", 7),
        (0, 0),
        ("-0", 0),
        (5.0, 5),
        (2.0**53, 2**53),
        (MAX_BIG_INT, MAX_BIG_INT),
        (str(MAX_BIG_INT), MAX_BIG_INT),
        (MIN_BIG_INT, MIN_BIG_INT),
        (str(MIN_BIG_INT), MIN_BIG_INT),
    ],
)
def test_a_big_int_is_a_number_or_a_string_of_digits(value, number):
    assert answer("big", value) == number
    assert type(answer("big", value)) is int


@pytest.mark.parametrize("literal", ["5", '"5"'])
def test_a_big_int_is_a_literal_of_either_kind(literal):
    assert answer_to_literal("big", literal) == 5


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (5.5, "5.5"),
        (2.0**53 + 2, "9007199254740994.0"),
        (True, "true"),
        ("", '""'),
        ("5.0", '"5.0"'),
        ("+5", '"+5"'),
        (" 5", '" 5"'),
        ("5\n", '"5\\n"'),
        ("0x5", '"0x5"'),
        ("\N{ARABIC-INDIC DIGIT FIVE}", '"\N{ARABIC-INDIC DIGIT FIVE}"'),
        ("five", '"five"'),
        (MAX_BIG_INT + 1, "9223372036854775808"),
        (MIN_BIG_INT - 1, "-9223372036854775809"),
        (str(MAX_BIG_INT + 1), '"9223372036854775808"'),
        ([5], "[5]"),
        ({"a": 5}, '{"a":5}'),
    ],
)
def test_what_is_no_big_int_is_refused(value, shown):
    advice = "give a whole number from -2^63 to 2^63-1, as a number or a string of digits"
    assert refusal("big", value) == f"BigInt cannot be {shown}: {advice}."


def test_a_long_value_is_not_repeated_in_full():
    assert refusal("big", "9" * 5000) == (
        f'BigInt cannot be "{"9" * 78}…: give a whole number from -2^63 to 2^63-1, as a number or a string of digits.'
    )


def test_a_literal_that_is_refused_is_shown_where_it_stands():
    [error] = SCHEMA.execute_sync("{\n  big(value: 5.5)\n}").errors or []
    assert [tuple(location) for location in error.locations or ()] == [(2, 14)]
    assert error.extensions == {"code": "BAD_INPUT"}


@pytest.mark.parametrize("value", [Decimal(5), 5.0, True, "5", MAX_BIG_INT + 1])
def test_a_big_int_answers_nothing_but_an_int(value):
    with pytest.raises(GraphQLError, match="BigInt cannot stand for"):
        serialized(BigInt, value)


# ---------------------------------------------------------------- Decimal
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0.00000015", "0.00000015"),
        ("1.50", "1.5"),
        ("100", "100"),
        ("-0.0", "0"),
        ("007.5", "7.5"),
        ("0.000000000000", "0"),
        (5, "5"),
        ("123456789012345678901234567890.123456789012345678901234567890", "123456789012345678901234567890.12345678901234567890123456789"),
    ],
)
def test_a_decimal_is_exact_and_as_short_as_can_be(value, text):
    assert answer("decimal", value) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=None))
def test_an_answered_decimal_is_the_same_number_without_exponent(value):
    text = serialized(Decimal, value)
    assert Decimal(text) == value
    assert re.fullmatch(r"-?\d+(\.\d*[1-9])?", text)


@pytest.mark.parametrize(
    ("value", "shown", "advice"),
    [
        (0.1, "0.1", 'give a string, such as "0.00000015": a number may lose digits on its way'),
        ("1e-7", '"1e-7"', 'give a string of digits without exponent, such as "0.00000015"'),
        ("NaN", '"NaN"', 'give a string of digits without exponent, such as "0.00000015"'),
        ("Infinity", '"Infinity"', 'give a string of digits without exponent, such as "0.00000015"'),
        (".5", '".5"', 'give a string of digits without exponent, such as "0.00000015"'),
        ("1_000", '"1_000"', 'give a string of digits without exponent, such as "0.00000015"'),
        ("1,5", '"1,5"', 'give a string of digits without exponent, such as "0.00000015"'),
        ("", '""', 'give a string of digits without exponent, such as "0.00000015"'),
        (False, "false", 'give a string of digits without exponent, such as "0.00000015"'),
        ("1" * 65, f'"{"1" * 65}"', 'give a string of digits without exponent, such as "0.00000015"'),
    ],
)
def test_what_is_no_decimal_is_refused(value, shown, advice):
    assert refusal("decimal", value) == f"Decimal cannot be {shown}: {advice}."


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("-Infinity"), 1.5, "1.5", 1])
def test_a_decimal_answers_nothing_but_a_finite_decimal(value):
    with pytest.raises(GraphQLError, match="Decimal cannot stand for"):
        serialized(Decimal, value)


# ---------------------------------------------------------------- DateTime
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2026-04-21T14:03:07Z", "2026-04-21T14:03:07Z"),
        ("2026-04-21T14:03:07.120Z", "2026-04-21T14:03:07.120000Z"),
        ("2026-04-21T14:03:07.000000Z", "2026-04-21T14:03:07Z"),
        ("2026-04-21T14:03:07.1234569Z", "2026-04-21T14:03:07.123456Z"),
        ("2026-04-21T14:03:07+05:45", "2026-04-21T08:18:07Z"),
        ("2026-04-21T14:03:07-00:00", "2026-04-21T14:03:07Z"),
        ("2026-04-21t14:03:07z", "2026-04-21T14:03:07Z"),
        ("2026-04-21 14:03:07Z", "2026-04-21T14:03:07Z"),
        ("0999-01-01T00:00:00Z", "0999-01-01T00:00:00Z"),
    ],
)
def test_a_date_time_takes_any_offset_and_answers_in_utc(value, text):
    assert answer("time", value) == text


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.timezones()))  # noqa: DTZ001 - timezones
def test_an_answered_date_time_is_the_same_instant(value):
    text = serialized(datetime, value)
    assert text.endswith("Z")
    assert "+" not in text
    assert datetime.fromisoformat(text) == value.astimezone(UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-04-21T14:03:07",
        "2026-04-21",
        "2026-04-21T14:03Z",
        "2026-04-21T14:03:07+0545",
        "20260421T140307Z",
        "now",
        "",
        1776780187,
        True,
    ],
)
def test_a_date_time_without_offset_or_in_another_notation_is_refused(value):
    assert refusal("time", value).endswith(": give an RFC 3339 instant with its offset, such as 2026-04-21T14:03:07Z.")


@pytest.mark.parametrize(
    "value",
    ["2026-02-29T00:00:00Z", "2026-04-21T14:03:60Z", "0000-01-01T00:00:00Z", "2026-04-21T14:03:07+25:00", "0001-01-01T00:00:00+14:00"],
)
def test_an_instant_that_does_not_exist_is_refused(value):
    assert refusal("time", value).startswith(f'DateTime cannot be "{value}": there is no such instant: ')


@pytest.mark.parametrize("value", [datetime(2026, 1, 1), "2026-01-01T00:00:00Z", 0])  # noqa: DTZ001 - the point
def test_a_date_time_answers_nothing_but_an_aware_one(value):
    with pytest.raises(GraphQLError, match="DateTime cannot stand for"):
        serialized(datetime, value)


def test_a_date_time_of_any_zone_is_answered_in_utc():
    assert serialized(datetime, datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=45)))) == "2025-12-31T18:15:00Z"


# ---------------------------------------------------------------- TimeZone, Position, JSON
@pytest.mark.parametrize("name", ["UTC", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])
def test_a_time_zone_is_an_iana_name(name):
    assert answer("zone", name) == name


@pytest.mark.parametrize("value", ["", "Mars/Olympus", "asia/kathmandu", "../etc/passwd", "/etc/localtime", "localtime", "+05:45", 5])
def test_what_is_no_iana_name_is_refused(value):
    assert refusal("zone", value).endswith(": give the name of an IANA time zone, such as Asia/Kathmandu.")


def test_every_known_time_zone_can_be_loaded():
    assert len(time_zone_names()) > 590
    assert {ZoneInfo(name).key for name in time_zone_names()} == time_zone_names()


def test_a_time_zone_can_be_a_default():
    assert 'zone(value: TimeZone! = "UTC"): TimeZone!' in str(SCHEMA)
    assert SCHEMA.execute_sync("{ zone }").data == {"zone": "UTC"}


def test_a_position_is_handed_back_as_it_was():
    assert answer("position", "x" * 256) == "x" * 256


@pytest.mark.parametrize("value", ["", "x" * 257, 5])
def test_what_cannot_be_a_position_is_refused(value):
    assert refusal("position", value).endswith(": give a position as this service gave it.")


@pytest.mark.parametrize("value", [{"a": [1, 2.5, None, True, "x"]}, [], "text", 0])
def test_json_is_handed_back_as_it_was(value):
    assert answer("json", value) == value


# ---------------------------------------------------------------- all of them
def test_descriptions_are_those_of_the_schema_that_clients_know():
    assert {each.name: each.description for each in SCALARS.values()} == {
        "BigInt": "A whole number from -2^63 to 2^63-1. A JSON number in answers; a JSON number or string of digits in variables.",
        "Decimal": 'An exact decimal number, a JSON string without exponent, such as "0.00000015". Money is never a float.',
        "DateTime": "An instant: RFC 3339. Any offset is accepted; answers are UTC and end in Z.",
        "TimeZone": 'An IANA time zone name, such as "Asia/Kathmandu".',
        "Position": "A place in the log: opaque, made by the service, compared only by it.",
        "JSON": "Any JSON value, as it is.",
    }


def serialized(type: object, value: object):
    serialize = SCALARS[type].serialize
    assert serialize is not None
    return serialize(value)
