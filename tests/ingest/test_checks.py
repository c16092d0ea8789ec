"""Nothing lost: every check of docs/events.md, with the field and the reason that a sender is told."""

from typing import Any

import msgspec
import pytest

from domain import limits
from domain.event_types import EVENT_TYPES
from domain.events import microseconds
from ingest import cloudevents
from ingest.outcomes import Sender, UnacceptableError
from tests.events import ABSENT, FOR_EVER, at, line, parsed, report

KIB = "x" * 1024
TYPES = ", ".join(EVENT_TYPES)
LONG_COST = "has more than 18 digits before the point or 40 behind it (MAX_COST_INTEGER_DIGITS, MAX_COST_FRACTION_DIGITS)"
FULL_WIDTH_2 = "\uff12"
NO_TIME = "is not an RFC 3339 instant with an offset, such as 2026-04-21T14:03:07.120Z"


def refusal(reported: bytes, sender: Sender | None = None, latest: int = FOR_EVER) -> tuple[str | None, str]:
    with pytest.raises(UnacceptableError) as refused:
        cloudevents.parse(reported, sender or Sender("acme"), latest)
    return refused.value.field, str(refused.value)


def prompt(**fields: Any) -> dict[str, Any]:
    return {"category": "prompt", "quantity": 1} | fields


def sides(number: int) -> list[dict[str, Any]]:
    return [prompt(category=f"kind {i}") for i in range(number)]


def test_every_field_of_a_report_is_kept():
    event = parsed(
        b"""{"specversion": "1.0", "type": "request.completed", "source": "router/eu-1", "id": "req_8f2", "subject": "acme",
         "time": "2026-04-21T14:03:07.120Z",
         "data": {"request_type": "chat", "model": "gpt-4o", "model_version": "2024-08-06", "provider": "openai", "technology": "LLM",
                  "channel": "router", "api_key": {"id": "key-7", "name": "team-a-prod"}, "service_tier": "flex",
                  "input": [{"category": "prompt", "quantity": 310}, {"category": "cached", "quantity": 1024}],
                  "output": [{"category": "completion", "quantity": 95}, {"category": "image", "quantity": 2, "unit": "image"}],
                  "ttft_ms": 212.5, "latency_ms": 1840, "gateway_latency_ms": 4.1, "status_code": 200, "request_id": "r-1",
                  "error_message": "none", "usage_source": "estimated", "reported_cost": "0.00125", "deployment": "gpu-1"}}"""
    )
    assert msgspec.structs.asdict(event) == {
        "account": "acme", "source": "router/eu-1", "id": "req_8f2", "occurred_at": microseconds(at("14:03:07.12")),
        "model": "gpt-4o", "request_id": "r-1", "request_type": "chat", "model_version": "2024-08-06", "provider": "openai",
        "technology": "LLM", "service_tier": "flex", "channel": "router", "deployment": "gpu-1",
        "api_key": "key-7", "api_key_name": "team-a-prod",
        "input": (("cached", "token", 1024), ("prompt", "token", 310)),
        "output": (("completion", "token", 95), ("image", "image", 2)),
        "ttft_ns": 212_500_000, "latency_ns": 1_840_000_000, "gateway_latency_ns": 4_100_000, "status_code": 200,
        "error_message": "none", "usage_source": "estimated", "reported_cost": "0.00125", "original": None,
    }  # fmt: skip


def test_what_is_not_said_is_unknown_or_its_default():
    event = parsed(report(data={"input": ABSENT}))
    named = {"account", "source", "id", "occurred_at", "model"}
    said = {name: value for name, value in msgspec.structs.asdict(event).items() if name not in named and value is not None}
    assert said == {"channel": "router", "usage_source": "reported"}


@pytest.mark.parametrize(
    "fields",
    [
        {"id": KIB},
        {"id": "é" * 512},
        {"data": {"model": "é" * 512}},
        {"data": {"input": sides(64)}},
        {"data": {"input": [prompt(quantity=2**53)]}},
        {"data": {"input": [prompt(quantity=0)]}},
        {"data": {"input": [prompt(), prompt(unit="image"), prompt(category="unheard of", unit="of")]}},
        {"data": {"status_code": 200}},
        {"data": {"status_code": 599}},
        {"data": {"latency_ms": 0}},
        {"data": {"latency_ms": limits.MAX_DURATION_MS}},
        {"data": {"channel": "deployment", "deployment": "gpu-1"}},
        {"data": {"reported_cost": "-12.5"}},
        {"time": "2000-01-01T00:00:00Z"},
        {"time": "2000-01-01T05:45:00+05:45"},
        {"time": "2026-04-21t14:03:07z"},
        {"time": "2026-04-21 14:03:07-00:00"},
        {"datacontenttype": "application/json", "dataschema": "https://example.org/schema"},
    ],
)
def test_a_report_within_its_limits_is_taken(fields):
    assert parsed(report(**fields)).account == "acme"


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"specversion": ABSENT}, "specversion", "is required"),
        ({"specversion": "0.3"}, "specversion", "invalid enum value '0.3'"),
        ({"source": ABSENT}, "source", "is required"),
        ({"source": ""}, "source", "expected str of length >= 1"),
        ({"id": ABSENT}, "id", "is required"),
        ({"id": ""}, "id", "expected str of length >= 1"),
        ({"id": 7}, "id", "expected str, got int"),
        ({"id": KIB + "x"}, "id", "is longer than 1024 bytes (MAX_STRING_BYTES)"),
        ({"id": "é" * 513}, "id", "is longer than 1024 bytes (MAX_STRING_BYTES)"),
        ({"id": "a\0b"}, "id", "holds a NUL character: leave it out"),
        ({"type": ABSENT}, "type", "is required"),
        ({"type": 7}, "type", "expected str"),
        ({"type": "request.started"}, "type", "'request.started' is not a known type: use " + TYPES),
        ({"type": "a\0b"}, "type", "'a\\0b' is not a known type: use " + TYPES),
        ({"type": "x - at `$.id`"}, "type", "'x - at `$.id`' is not a known type: use " + TYPES),
        ({"time": ABSENT}, "time", "is required"),
        ({"time": 1776780187}, "time", "expected str, got int"),
        ({"time": "yesterday"}, "time", f"'yesterday' {NO_TIME}"),
        ({"time": "2026-04-21T14:03:07"}, "time", f"'2026-04-21T14:03:07' {NO_TIME}"),
        ({"time": "2026-04-21"}, "time", f"'2026-04-21' {NO_TIME}"),
        ({"time": f"{FULL_WIDTH_2}026-04-21T14:03:07Z"}, "time", f"'{FULL_WIDTH_2}026-04-21T14:03:07Z' {NO_TIME}"),
        ({"time": "2026-02-29T14:03:07Z"}, "time", "'2026-02-29T14:03:07Z' is not an instant: day is out of range for month"),
        ({"time": "2026-12-31T23:59:60Z"}, "time", "'2026-12-31T23:59:60Z' is not an instant: second must be in 0..59"),
        ({"time": "0000-01-01T00:00:00Z"}, "time", "'0000-01-01T00:00:00Z' is not an instant: year 0 is out of range"),
        ({"time": "1999-12-31T23:59:59.999999Z"}, "time", "1999-12-31T23:59:59.999999Z is before 2000-01-01"),
        ({"time": "2000-01-01T00:00:00+00:01"}, "time", "2000-01-01T00:00:00+00:01 is before 2000-01-01"),
        ({"subject": "other"}, "subject", "must be 'acme', the account of the token, or absent"),
        ({"subject": 7}, "subject", "expected str | null, got int"),
        ({"data": {"model": ABSENT}}, "data.model", "is required"),
        ({"data": {"model": ""}}, "data.model", "expected str of length >= 1"),
        ({"data": {"model": "\0"}}, "data.model", "holds a NUL character: leave it out"),
        ({"data": {"provider": KIB + "x"}}, "data.provider", "is longer than 1024 bytes (MAX_STRING_BYTES)"),
        ({"data": {"channel": "proxy"}}, "data.channel", "invalid enum value 'proxy'"),
        ({"data": {"channel": "deployment"}}, "data.deployment", "is required where channel is deployment: give the deployment's key"),
        (
            {"data": {"channel": "deployment", "deployment": ""}},
            "data.deployment",
            "is required where channel is deployment: give the deployment's key",
        ),
        ({"data": {"api_key": "key-7"}}, "data.api_key", "expected object | null, got str"),
        ({"data": {"api_key": {"name": "team-a"}}}, "data.api_key.id", "is required"),
        ({"data": {"api_key": {"id": ""}}}, "data.api_key.id", "expected str of length >= 1"),
        ({"data": {"api_key": {"id": "k", "name": "\0"}}}, "data.api_key.name", "holds a NUL character: leave it out"),
        ({"data": {"input": {"prompt": 3}}}, "data.input", "expected array | null, got object"),
        ({"data": {"input": [3]}}, "data.input[0]", "expected object, got int"),
        ({"data": {"input": sides(65)}}, "data.input", "expected array of length <= 64"),
        ({"data": {"output": [prompt(), prompt(quantity=-1)]}}, "data.output[1].quantity", "expected int >= 0"),
        ({"data": {"input": [prompt(quantity=1.5)]}}, "data.input[0].quantity", "expected int, got float"),
        ({"data": {"input": [prompt(quantity="1")]}}, "data.input[0].quantity", "expected int, got str"),
        ({"data": {"input": [prompt(quantity=True)]}}, "data.input[0].quantity", "expected int, got bool"),
        ({"data": {"input": [prompt(quantity=None)]}}, "data.input[0].quantity", "expected int, got null"),
        ({"data": {"input": [prompt(quantity=2**53 + 1)]}}, "data.input[0].quantity", "expected int <= 9007199254740992"),
        ({"data": {"input": [prompt(category="")]}}, "data.input[0].category", "expected str of length >= 1"),
        ({"data": {"input": [prompt(category=KIB + "x")]}}, "data.input[0].category", "is longer than 1024 bytes (MAX_STRING_BYTES)"),
        ({"data": {"input": [{"category": "prompt"}]}}, "data.input[0].quantity", "is required"),
        ({"data": {"input": [prompt(), prompt()]}}, "data.input", "has 'prompt' in 'token' twice: categories are disjoint, add them up"),
        (
            {"data": {"output": [prompt(unit="image"), prompt(unit="image", quantity=2)]}},
            "data.output",
            "has 'prompt' in 'image' twice: categories are disjoint, add them up",
        ),
        ({"data": {"ttft_ms": -0.1}}, "data.ttft_ms", "expected float >= 0.0"),
        ({"data": {"latency_ms": "5"}}, "data.latency_ms", "expected float | null, got str"),
        ({"data": {"gateway_latency_ms": 10_000_000_001}}, "data.gateway_latency_ms", "expected float <= 10000000000.0"),
        ({"data": {"status_code": 199}}, "data.status_code", "expected int >= 200"),
        ({"data": {"status_code": 600}}, "data.status_code", "expected int <= 599"),
        ({"data": {"status_code": "200"}}, "data.status_code", "expected int | null, got str"),
        ({"data": {"usage_source": "guessed"}}, "data.usage_source", "invalid enum value 'guessed'"),
        ({"data": {"reported_cost": f"1e{limits.MAX_COST_INTEGER_DIGITS}"}}, "data.reported_cost", f"'1e18' {LONG_COST}"),
        ({"data": {"reported_cost": "1e-41"}}, "data.reported_cost", f"'1e-41' {LONG_COST}"),
        ({"data": {"reported_cost": 0.5}}, "data.reported_cost", "expected str | null, got float"),
        ({"data": {"error_message": "\0"}}, "data.error_message", "holds a NUL character: leave it out"),
    ],
)
def test_a_report_is_refused_with_its_field_and_the_reason(fields, field, reason):
    assert refusal(line(**fields)) == (field, reason)
    # And so it is when it also holds fields that we do not know
    assert refusal(line(**fields, traceparent="00-4bf9")) == (field, reason)


@pytest.mark.parametrize(
    "cost",
    ["", "free", "NaN", "Infinity", "-inf", "1_000", " 1", "1 USD", FULL_WIDTH_2, "0x1", "1e", "1e9999", "1e-9999", "1e-64", "1e64", "1,5"],
)
def test_a_cost_is_a_decimal_number(cost):
    if cost == "":  # an empty text says nothing
        assert parsed(report(data={"reported_cost": cost})).reported_cost is None
        return
    field, reason = refusal(line(data={"reported_cost": cost}))
    assert (field, reason) == (
        "data.reported_cost",
        f"{cost!r} is not a decimal number such as 0.00125, of up to 64 characters (MAX_COST_CHARACTERS)",
    )


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "01", "+1", "0x1", ".5", "'5'"])
@pytest.mark.parametrize("place", ["data.latency_ms", "data.input[0].quantity", "beside"])
def test_nan_and_infinities_are_no_numbers_anywhere(place, number):
    fields = {
        "data.latency_ms": {"data": {"latency_ms": 4711}},
        "data.input[0].quantity": {"data": {"input": [prompt(quantity=4711)]}},
        "beside": {"beside": 4711},
    }
    _, reason = refusal(line(**fields[place]).replace(b"4711", number.encode()))
    assert reason.startswith(("is not JSON: ", "number out of range", "expected int"))


@pytest.mark.parametrize(
    "reported",
    [
        b"",
        b" ",
        b"{",
        b"null",
        b"[]",
        b"7",
        b'"text"',
        b"{}",
        b"\xff",
        b"\xef\xbb\xbf{}",
        b'{"unknown": 1,,,',
        line(unknown=1)[:-1],
        line(unknown=1) + b"}",
        line(id="\x7f").replace(b"\x7f", b"\xff"),
        line(unknown="\x7f").replace(b"\x7f", b"\xff"),
        line(id="SURROGATE").replace(b"SURROGATE", rb"\ud800"),
        line(id="SURROGATE").replace(b"SURROGATE", rb"\udc00\ud800"),
        line(id="SURROGATE").replace(b"SURROGATE", b"\xed\xa0\x80"),
        line(unknown="SURROGATE").replace(b"SURROGATE", rb"\ud800x"),
        line(unknown="SURROGATE").replace(b"SURROGATE", b"\xed\xa0\x80"),
        line(id="a\tb").replace(rb"\t", b"\t"),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        line(unknown=7).replace(b"7", b"[" * 100_000 + b"]" * 100_000),
        line(unknown=7).replace(b"7", b"[" * 5_000 + b"]" * 5_000),
        line(data={"input": 7}, unknown=7).replace(b"7", b"[" * 900 + b"]" * 900),
        b'{"type": "request.completed", "data": 7, "unknown": 7}',
    ],
)
def test_what_is_not_a_cloudevent_in_json_is_refused(reported):
    _, reason = refusal(reported)
    assert reason


def test_a_report_has_a_limit_as_a_whole():
    message = "x" * (limits.MAX_EVENT_BYTES - len(line(data={"error_message": ""})))
    assert parsed(line(data={"error_message": message})).error_message is not None
    assert refusal(line(data={"error_message": message + "x"})) == (
        None,
        "is larger than 1048576 bytes (MAX_EVENT_BYTES): so much of it is kept aside",
    )


def test_a_report_that_has_to_be_kept_whole_has_a_lower_limit():
    padding = "x" * (limits.MAX_KEPT_BYTES - len(line(padding="")))
    assert parsed(line(padding=padding)).original == line(padding=padding)
    expected = "has unknown fields, and to be kept whole is larger than 65536 bytes (MAX_KEPT_BYTES)"
    assert refusal(line(padding=padding + "x")) == (None, expected)


def test_a_report_comes_at_most_a_day_ahead_of_our_clock():
    latest = microseconds(at("09:00:00"))
    assert cloudevents.parse(line(time="2026-04-21T09:00:00Z"), Sender("acme"), latest).occurred_at == latest
    assert cloudevents.parse(line(time="2026-04-21T09:00:00.0000009Z"), Sender("acme"), latest).occurred_at == latest
    expected = ("time", "2026-04-21T09:00:00.000001Z is more than 1 day ahead of our clock")
    assert refusal(line(time="2026-04-21T09:00:00.000001Z"), latest=latest) == expected
    far = "9999-12-31T23:59:59-23:59"
    assert refusal(line(time=far), latest=latest) == ("time", f"{far} is more than 1 day ahead of our clock")


@pytest.mark.parametrize(
    ("subject", "token", "account"),
    [
        (ABSENT, "acme", "acme"),
        (None, "acme", "acme"),
        ("", "acme", "acme"),
        ("acme", "acme", "acme"),
        ("acme", None, "acme"),
        ("株式会社", None, "株式会社"),
    ],
)
def test_the_account_is_the_subject_or_that_of_the_token(subject, token, account):
    assert parsed(report(subject=subject), Sender(token)).account == account


@pytest.mark.parametrize(
    ("subject", "token", "reason"),
    [
        (ABSENT, None, "is missing: name the account, or use a token that belongs to one"),
        ("", None, "is missing: name the account, or use a token that belongs to one"),
        ("acme ", "acme", "must be 'acme', the account of the token, or absent"),
        ("ACME", "acme", "must be 'acme', the account of the token, or absent"),
        ("a\0b", None, "holds a NUL character: leave it out"),
        (KIB + "x", None, "is longer than 1024 bytes (MAX_STRING_BYTES)"),
    ],
)
def test_a_subject_that_is_not_the_tokens_is_refused(subject, token, reason):
    assert refusal(line(subject=subject), Sender(token)) == ("subject", reason)


def test_times_are_cut_to_microseconds_and_not_rounded():
    assert parsed(report(time="2026-04-21T14:03:07.1234569Z")).time == at("14:03:07.123456")
    assert parsed(report(time="2026-04-21T14:03:07.999999999Z")).time == at("14:03:07.999999")
    assert parsed(report(time="2026-04-21T14:03:07.1Z")).time == at("14:03:07.1")


def test_a_long_error_message_is_cut_with_a_mark():
    whole = "x" * limits.MAX_ERROR_MESSAGE_BYTES
    assert parsed(report(data={"error_message": whole})).error_message == whole
    mark = " … [cut]"
    assert parsed(report(data={"error_message": whole + "x"})).error_message == "x" * (8192 - len(mark.encode())) + mark
    assert parsed(report(data={"error_message": "é" * 5000})).error_message == "é" * 4091 + mark  # no character is cut in two


@pytest.mark.parametrize("field", ["request_id", "request_type", "model_version", "provider", "technology", "service_tier", "deployment"])
def test_empty_texts_are_unknown(field):
    assert getattr(parsed(report(data={field: ""})), field) is None
    assert parsed(report(data={"error_message": "", "api_key": {"id": "k", "name": ""}})).api_key_name is None


def test_an_empty_list_is_none_and_an_absent_or_null_one_unknown():
    assert parsed(report(data={"input": [], "output": None})).input == ()
    assert parsed(report(data={"input": [], "output": None})).output is None
    assert parsed(report(data={"input": ABSENT})).input is None


def test_unknown_fields_are_kept_whole_wherever_they_are():
    reported = line(
        traceparent="00-4bf9",
        data={"seed": 7, "api_key": {"id": "k", "team": "a"}, "input": [prompt(price="0.1"), prompt(category="cached", quantity=2)]},
    )
    event = parsed(reported)
    assert event.original == reported
    assert event.input == (("cached", "token", 2), ("prompt", "token", 1))
    assert event.api_key == "k"


@pytest.mark.parametrize(
    ("reported", "id"),
    [
        (line(type="unheard.of"), "req_8f2"),
        (b'{"id": "7", "junk": [{}]}', "7"),
        (b'{"id": 7}', None),
        (b'{"id": "7"', None),
        (b'["id"]', None),
        (b'{"id": "\xff"}', None),
        (line(id="x" * 1025), None),
        (b'{"id": "7", "deep": ' + b"[" * 100_000, None),
        (b'{"id": "7", "long": "' + b"x" * limits.MAX_EVENT_BYTES + b'"}', None),
    ],
)
def test_a_refused_report_is_named_by_its_id_where_that_can_be_read(reported, id):
    assert cloudevents.reported_id(reported) == id


def test_a_nul_is_refused_also_in_a_field_that_we_do_not_know():
    assert refusal(line(zz={"a": ["\0"]})) == ("zz.a[0]", "holds a NUL character: leave it out")
    assert refusal(line(data={"zz\0": 1})) == ("data", "holds a NUL character: leave it out")
    assert parsed(line(zz="\\u0000")).original is not None  # a text about it is none
