"""`POST /v1/traces`: what the protocol asks of a server, and what becomes of spans in the log and aside."""

import gzip
import json

import pytest
from google.rpc import code_pb2
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.trace.v1 import trace_pb2

from domain import limits
from ingest import backlog
from ingest.endpoint import RETRY_SECONDS
from ingest.otlp import dialect
from ingest.otlp.dialect import JSON, PROTOBUF
from ingest.otlp.in_protobuf import RESOURCE_SPANS, SCOPE_SPANS, SPANS
from ingest.otlp.wire import LENGTH_DELIMITED
from tests.ingest.otlp.exporting import answer, error, export, post
from tests.ingest.otlp.spans import CHAT, START, as_json, attributes, body, events, failed, reports, span
from tests.ingest.sending import execute, logged, rows

INPUT = "gen_ai.usage.input_tokens"
NAME = "0102030405060708090a0b0c0d0e0f10"
BOTH = pytest.mark.parametrize("media_type", [PROTOBUF, JSON])


@BOTH
async def test_a_span_of_a_request_is_in_the_log_when_it_is_answered(client, ledger, media_type):
    assert await export(client, body(span(number=1)), media_type) == ExportTraceServiceResponse()
    (event,) = logged(ledger)
    assert (event.account, event.source, event.id, event.model) == ("acme", "otlp/shop", f"{NAME}-0000000000000001", "gpt-4o")


@pytest.mark.parametrize(
    ("media_type", "content", "empty"), [(PROTOBUF, b"", b""), (JSON, b"{}", b"{}"), (JSON, b'{"resourceSpans":null}', b"{}")]
)
async def test_a_body_of_nothing_is_taken_and_full_success_is_an_empty_answer(client, media_type, content, empty):
    response = await post(client, content, media_type)
    assert (response.status_code, response.headers["content-type"], response.content) == (200, media_type, empty)


async def test_a_packed_body_is_unpacked(client, ledger):
    content = gzip.compress(body(span(), span()).SerializeToString())
    assert (await post(client, content, Content_Encoding="gzip")).status_code == 200
    assert len(logged(ledger)) == 2


@BOTH
async def test_once_spans_exported_again_are_duplicates(client, ledger, media_type):
    request = body(span(), span())
    for form in (PROTOBUF, JSON, media_type):
        assert await export(client, request, form) == ExportTraceServiceResponse()
    assert len(logged(ledger)) == 2


@BOTH
async def test_half_good_the_good_spans_are_recorded_and_the_others_are_counted_and_named(client, ledger, database_url, media_type):
    request = body(span(number=1), span({INPUT: "many"}, number=2), span({"gen_ai.request.model": None}, number=3), span(number=4))
    partial = (await export(client, request, media_type)).partial_success
    assert partial.rejected_spans == 2
    assert partial.error_message == (
        f"2 refused, and kept aside: {NAME}-0000000000000002: gen_ai.usage.input_tokens: is not a whole number: send an int; "
        f"{NAME}-0000000000000003: gen_ai.request.model: is required, or gen_ai.response.model: name the model"
    )
    assert [event.id[-1] for event in logged(ledger)] == ["1", "4"]
    # And they are kept aside, once, as people can read them
    await export(client, request, media_type)
    kept = rows(database_url, "SELECT account, dialect, field, convert_from(body, 'UTF8') FROM tallygraph.rejections ORDER BY field")
    assert [row[:3] for row in kept] == [("acme", "otlp", "gen_ai.request.model"), ("acme", "otlp", INPUT)]
    # And can be sent again when they are mended
    mended = kept[0][3].replace("gen_ai.usage.output_tokens", "gen_ai.request.model").replace('{"intValue":"40"}', '{"stringValue":"o3"}')
    mended = mended.replace('{"intValue": "40"}', '{"stringValue":"o3"}')
    assert answer(await post(client, mended.encode(), JSON)) == ExportTraceServiceResponse()
    assert logged(ledger)[-1].model == "o3"


async def test_only_the_first_reasons_are_named(client):
    request = body(*(span({INPUT: -1}) for _ in range(5)))
    partial = (await export(client, request)).partial_success
    assert partial.rejected_spans == 5
    assert partial.error_message.count("is not within") == dialect.MAX_REASONS
    assert partial.error_message.endswith("; and 2 more")


async def test_once_another_content_of_a_span_is_refused_and_kept_aside(client, ledger, database_url):
    await export(client, body(span(number=1)))
    partial = (await export(client, body(span({INPUT: 1}, number=1), span(number=2)))).partial_success
    assert partial.rejected_spans == 1
    assert partial.error_message == (
        f"1 refused, and kept aside: {NAME}-0000000000000001: this source and id already stand for another content: the first report stands"
    )
    assert [event.input for event in logged(ledger)] == [(("prompt", "token", 300),)] * 2
    assert rows(database_url, "SELECT topic FROM tallygraph.conflicts") == [("request.completed",)]


@BOTH
async def test_yours_alone_messages_are_kept_nowhere(client, ledger, database_url, media_type):
    secret = {"gen_ai.input.messages": "a secret", "gen_ai.prompt": "a secret", "input.value": "a secret"}
    events = [{"name": "gen_ai.content.prompt", "attributes": attributes({"gen_ai.prompt": "a secret"}), "time_unix_nano": START}]
    good, bad = span(secret, events=events), span({**secret, INPUT: "many"}, events=events)
    resource = {"process.command_args": "a secret"}
    assert (await export(client, body(good, bad, resource=resource), media_type)).partial_success.rejected_spans == 1
    kept = rows(database_url, "SELECT convert_from(body, 'UTF8') FROM tallygraph.rejections")
    assert "many" in kept[0][0]
    assert "secret" not in repr((kept, logged(ledger)))


@BOTH
@pytest.mark.parametrize(
    ("sent_as", "expected"),
    [
        (("", {}), (401, code_pb2.UNAUTHENTICATED)),
        (("of-reader", {}), (403, code_pb2.PERMISSION_DENIED)),
        (("of-acme", {"Tallygraph_Account": "other"}), (403, code_pb2.PERMISSION_DENIED)),
        (("of-all", {}), (400, code_pb2.INVALID_ARGUMENT)),
    ],
)
async def test_whoever_may_not_is_told_so_in_the_form_they_sent(client, ledger, media_type, sent_as, expected):
    token, headers = sent_as
    content = as_json(body(span())) if media_type == JSON else body(span()).SerializeToString()
    response = await post(client, content, media_type, token=token, **headers)
    assert (response.status_code, error(response).code) == expected
    assert error(response).message
    assert response.headers.get("www-authenticate") == ("Bearer" if response.status_code == 401 else None)
    assert logged(ledger) == []


async def test_a_token_of_all_accounts_says_in_a_header_whose_spans_they_are(client, ledger):
    await export(client, body(span()), token="of-all", Tallygraph_Account="other")
    assert [event.account for event in logged(ledger)] == ["other"]


async def test_spans_of_a_token_that_may_not_tell_requests_are_refused_one_by_one(client, ledger):
    partial = (await export(client, body(span(), span()), token="of-finance")).partial_success
    assert partial.rejected_spans == 2
    assert "needs a token with the scope ingest" in partial.error_message
    assert logged(ledger) == []


DEEP = b'{"resourceSpans":' + b"[" * 100_000


@pytest.mark.parametrize(
    ("content", "sent_as", "expected"),
    [
        (b"garbage", (PROTOBUF, "identity"), (400, code_pb2.INVALID_ARGUMENT)),
        (b"\x0a\xff\xff\xff\xff\x0f", (PROTOBUF, "identity"), (400, code_pb2.INVALID_ARGUMENT)),
        (b"\x0b", (PROTOBUF, "identity"), (400, code_pb2.INVALID_ARGUMENT)),
        (body(span()).SerializeToString()[:-3], (PROTOBUF, "identity"), (400, code_pb2.INVALID_ARGUMENT)),
        (body(span()).SerializeToString(), (PROTOBUF, "gzip"), (400, code_pb2.INVALID_ARGUMENT)),
        (b"", (JSON, "identity"), (400, code_pb2.INVALID_ARGUMENT)),
        (b"[]", (JSON, "identity"), (400, code_pb2.INVALID_ARGUMENT)),
        (b'{"resourceSpans":[null]}', (JSON, "identity"), (400, code_pb2.INVALID_ARGUMENT)),
        (b'{"resourceSpans":[{"scopeSpans":[{"spans":[7]}]}]}', (JSON, "identity"), (400, code_pb2.INVALID_ARGUMENT)),
        (DEEP, (JSON, "identity"), (400, code_pb2.INVALID_ARGUMENT)),
        (b'{"unknown":' * 100_000, (JSON, "identity"), (400, code_pb2.INVALID_ARGUMENT)),
        (as_json(body(span())), ("text/plain", "identity"), (415, code_pb2.INVALID_ARGUMENT)),
        (as_json(body(span())), (JSON, "br"), (415, code_pb2.INVALID_ARGUMENT)),
        (bytes(limits.MAX_BODY_BYTES + 1), (PROTOBUF, "identity"), (413, code_pb2.RESOURCE_EXHAUSTED)),
        (b"\x0a\x00" * (limits.MAX_SPANS_PER_BATCH + 1), (PROTOBUF, "identity"), (413, code_pb2.RESOURCE_EXHAUSTED)),
        (b'{"resourceSpans":[' + b"{}," * limits.MAX_OBJECTS_PER_BATCH + b"{}]}", (JSON, "identity"), (413, code_pb2.RESOURCE_EXHAUSTED)),
    ],
)
async def test_a_body_that_cannot_be_taken_is_a_status_in_the_form_it_came(client, ledger, content, sent_as, expected):
    media_type, encoding = sent_as
    response = await post(client, content, media_type, Content_Encoding=encoding)
    assert response.headers["content-type"] == (PROTOBUF if media_type == PROTOBUF else JSON)
    assert (response.status_code, error(response).code) == expected
    assert error(response).message
    assert logged(ledger) == []


@BOTH
async def test_bounded_a_batch_of_requests_is_no_larger_than_one_of_events(client, ledger, media_type):
    spans = [span() for _ in range(limits.MAX_EVENTS_PER_BATCH + 1)]
    for count, status in ((limits.MAX_EVENTS_PER_BATCH + 1, 413), (limits.MAX_EVENTS_PER_BATCH, 200)):
        request = body(*spans[:count])
        response = await post(client, as_json(request) if media_type == JSON else request.SerializeToString(), media_type)
        assert response.status_code == status
    assert len(logged(ledger)) == limits.MAX_EVENTS_PER_BATCH


@BOTH
async def test_bounded_spans_that_are_no_requests_are_counted_too(client, monkeypatch, media_type):
    monkeypatch.setattr(limits, "MAX_SPANS_PER_BATCH", 20)
    request = body(*(span(attributes=[]) for _ in range(21)))
    response = await post(client, as_json(request) if media_type == JSON else request.SerializeToString(), media_type)
    assert response.status_code == 413
    assert "MAX_SPANS_PER_BATCH" in error(response).message


@BOTH
async def test_bounded_what_spans_share_is_not_multiplied_without_end(client, monkeypatch, media_type):
    monkeypatch.setattr(limits, "SMALL_BODY_BYTES", 10_000)
    monkeypatch.setattr(limits, "MAX_EXPANDED_BODY_BYTES", 50_000)
    request = body(*(span() for _ in range(50)), resource={"service.namespace": "x" * 500, "service.name": "x" * 500})
    response = await post(client, as_json(request) if media_type == JSON else request.SerializeToString(), media_type)
    assert response.status_code == 413
    assert "MAX_EXPANDED_BODY_BYTES" in error(response).message


@BOTH
async def test_bounded_a_small_body_that_comes_to_large_reports_waits_for_room_like_a_large_one(client, reception, monkeypatch, media_type):
    monkeypatch.setattr(limits, "SMALL_BODY_BYTES", 20_000)
    monkeypatch.setattr(limits, "MAX_TURN_SECONDS", 0.05)
    request = body(*(span() for _ in range(20)), resource={"service.namespace": "x" * 500, "service.name": "x" * 500})
    content = as_json(request) if media_type == JSON else request.SerializeToString()
    assert len(content) < limits.SMALL_BODY_BYTES
    with monkeypatch.context() as full:
        full.setattr(limits, "MAX_EXPANDED_BYTES_IN_FLIGHT", 0)
        response = await post(client, content, media_type)
        assert (response.status_code, "MAX_EXPANDED_BYTES_IN_FLIGHT" in error(response).message) == (503, True)
    assert (await post(client, content, media_type)).status_code == 200
    assert reception.admission.expanded.held == 0


LONG = pytest.mark.parametrize("long", ["x" * 27_000, "€" * 400, "\1" * limits.MAX_STRING_BYTES, '"' * 27_000, ["x"] * 9_000, b"x" * 9_000])


@BOTH
@LONG
@pytest.mark.parametrize("name", ["service.name", "service.namespace", "tallygraph.cache_tokens"])
async def test_bounded_a_resource_of_any_size_is_refused_by_name_and_not_repeated(client, database_url, media_type, long, name):
    request = body(*(span() for _ in range(20)), resource={name: long}, scope="x" * 27_000)
    assert max(map(len, reports(request, media_type))) < len(as_json(body(span()))) + 3 * limits.MAX_STRING_BYTES
    partial = (await export(client, request, media_type)).partial_success
    assert partial.rejected_spans == 20
    why = "is longer than 1024 bytes (MAX_STRING_BYTES)" if isinstance(long, str) else "is not a string"
    assert f": {name}: {why};" in partial.error_message
    assert rows(database_url, "SELECT field FROM tallygraph.rejections") == [(name,)] * 20


@BOTH
def test_bounded_a_small_body_does_not_become_large_reports(media_type):
    request = body(*(span() for _ in range(9_500)), resource={"service.name": "x" * 27_000})
    assert sum(map(len, reports(request, media_type))) < 9_500 * 3 * limits.MAX_STRING_BYTES


@BOTH
async def test_a_service_may_have_a_name_of_any_text_within_the_limit(client, ledger, media_type):
    for name in ("€" * 339, '"' * 1019, "\1" * 300, "\n" * 300):
        request = body(span(), resource={"service.name": name})
        assert await export(client, request, media_type) == ExportTraceServiceResponse()
        assert logged(ledger)[-1].source == f"otlp/{name}"


def test_of_attributes_of_a_resource_that_are_there_twice_the_last_holds():
    request = body(span())
    request.resource_spans[0].resource.attributes.extend(
        attributes({"service.name": "x" * 1000}) * 1000 + attributes({"service.name": "till"})
    )
    for media_type in (PROTOBUF, JSON):
        assert len(reports(request, media_type)[0]) < 2 * limits.MAX_STRING_BYTES
        assert [each.source for each in events(request, media_type)] == ["otlp/till"]


@BOTH
async def test_messages_of_any_size_spoil_nothing(client, ledger, media_type):
    request = body(span({"gen_ai.output.messages": "x" * (2 * limits.MAX_EVENT_BYTES)}))
    assert await export(client, request, media_type) == ExportTraceServiceResponse()
    assert len(logged(ledger)) == 1


async def test_messages_that_were_cut_within_a_character_spoil_nothing(client, ledger):
    # Given texts cut by their bytes, and cut by their UTF-16 units
    request = body(span({"gen_ai.output.messages": "a€"}), span(attributes=attributes({"note": "€"})))
    in_protobuf = request.SerializeToString().replace("€".encode(), b"\xe2\x82!")
    in_json = as_json(body(span({"gen_ai.output.messages": "a€\\ud800", "gen_ai.conversation.id": "€"}))).replace(rb"\u20ac", rb"\ud83d")
    # When they are exported, then only they are lost
    assert answer(await post(client, in_protobuf)) == ExportTraceServiceResponse()
    assert answer(await post(client, in_json, JSON)) == ExportTraceServiceResponse()
    assert len(logged(ledger)) == 2
    assert json.loads(logged(ledger)[1].original)["data"]["opentelemetry"]["gen_ai.conversation.id"] == "\ufffd"


async def test_nothing_lost_a_span_that_cannot_be_read_is_refused_alone(client, ledger, database_url):
    request = body(span({"gen_ai.request.model": "m€"}), span(), span({"gen_ai.request.model": "x" * limits.MAX_EVENT_BYTES}))
    content = request.SerializeToString().replace("€".encode(), b"\xe2\x82!")
    partial = answer(await post(client, content)).partial_success
    assert partial.rejected_spans == 2
    assert ": gen_ai.request.model: cannot be read: it is not UTF-8" in partial.error_message
    assert ": cannot be read: it is larger than 1048576 bytes (MAX_EVENT_BYTES)" in partial.error_message
    assert len(logged(ledger)) == 1
    ((kept,),) = rows(database_url, "SELECT count(*) FROM tallygraph.rejections WHERE octet_length(body) > 0")
    assert kept == 2


SECRET = {"gen_ai.input.messages": "a secret", "gen_ai.prompt": "a secret", "input.value": "a secret", "gen_ai.system": "a vendor"}
TOO_LARGE = span({**SECRET, "gen_ai.request.model": "x" * limits.MAX_EVENT_BYTES}, number=7).SerializeToString()
HALF = b"\xe2\x82!"


@pytest.mark.parametrize(
    ("damaged", "field"),
    [
        (span({**SECRET, "gen_ai.request.model": "m€"}, number=7).SerializeToString().replace("€".encode(), HALF), "gen_ai.request.model"),
        (span({**SECRET, "gen_ai.response.finish_reasons": ["€"]}, number=7).SerializeToString().replace("€".encode(), HALF),
         "gen_ai.response.finish_reasons"),
        (span(SECRET, number=7, status=failed("€")).SerializeToString().replace("€".encode(), HALF), "status.message"),
        (span(SECRET, number=7).SerializeToString() + b"\x4a\x00" * limits.MAX_FIELDS_PER_SPAN + b"\x4b", None),
        (span(SECRET, number=7).SerializeToString() + b"\x4a\xff", None),
        (TOO_LARGE, None),
    ],
)  # fmt: skip
async def test_yours_alone_messages_are_kept_nowhere_not_even_of_spans_that_cannot_be_read(client, ledger, database_url, damaged, field):
    hidden = trace_pb2.Span(events=[trace_pb2.Span.Event(name="a secret")], name="a secret").SerializeToString()
    content = nested(RESOURCE_SPANS, nested(SCOPE_SPANS, nested(SPANS, hidden + damaged)) + nested(SCOPE_SPANS, nested(SPANS, damaged)))
    partial = answer(await post(client, content)).partial_success
    assert partial.rejected_spans == 2
    assert partial.error_message.startswith(
        f"2 refused, and kept aside: {NAME}-0000000000000007: {field + ': ' if field else ''}cannot be read"
    )
    assert logged(ledger) == []
    # And what is kept is a body in JSON that shows what is read
    ((found, kept),) = rows(database_url, "SELECT field, convert_from(body, 'UTF8') FROM tallygraph.rejections")
    assert found == field
    assert "secret" not in kept
    assert len(kept) < 8 * limits.MAX_STRING_BYTES
    (group,) = json.loads(kept)["resourceSpans"]
    (only,) = group["scopeSpans"][0]["spans"]
    assert (only["traceId"], only["startTimeUnixNano"]) == (NAME, str(START))
    told = {each["key"]: each["value"] for each in only["attributes"]}
    assert told["gen_ai.system"] == {"stringValue": "a vendor"}
    assert told.keys() == (CHAT.keys() | {"gen_ai.system", field}) - {None, "status.message"}
    # And can be sent again when it is mended
    mended = kept.replace("\ufffd", "").replace("x" * (limits.MAX_STRING_BYTES + 1), "o3")
    assert answer(await post(client, mended.encode(), JSON)) == ExportTraceServiceResponse()
    assert len(logged(ledger)) == 1


async def test_damage_is_not_the_senders_to_tell(client, ledger):
    for told in ({"reason": "none"}, 7):
        sent = json.dumps({**json.loads(as_json(body(span()))), "damage": told})
        assert answer(await post(client, sent.encode(), JSON)) == ExportTraceServiceResponse()
    assert len(logged(ledger)) == 2


async def test_bounded_a_span_of_too_many_attributes_is_refused_before_they_are_built(client, ledger):
    crowded = span().SerializeToString() + b"\x4a\x00" * limits.MAX_EVENT_BYTES
    content = body(span()).SerializeToString() + nested(RESOURCE_SPANS, nested(SCOPE_SPANS, nested(SPANS, crowded)))
    partial = answer(await post(client, content)).partial_success
    assert (partial.rejected_spans, len(logged(ledger))) == (1, 1)
    assert "cannot be read: it has more than 10000 fields (MAX_FIELDS_PER_SPAN)" in partial.error_message


def nested(number: int, content: bytes) -> bytes:
    """A message within another one, in protobuf."""
    size = len(content)
    length = bytes((size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14 & 0x7F | 0x80, size >> 21))
    return bytes((number << 3 | LENGTH_DELIMITED,)) + length + content


async def test_a_value_of_any_depth_is_refused_by_name(client, ledger):
    told = json.loads(as_json(body(span())))
    told["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"].append({"key": "gen_ai.response.model", "value": "deep"})
    for depth, status in ((200, 200), (100_000, 400)):
        deep = '{"arrayValue":{"values":[' * depth + "]}}" * depth
        response = await post(client, json.dumps(told).replace('"deep"', deep).encode(), JSON)
        assert response.status_code == status
        if status == 200:
            assert "gen_ai.response.model: is not a string" in answer(response).partial_success.error_message
    assert logged(ledger) == []


async def test_unknown_fields_are_ignored(client, ledger):
    told = json.loads(as_json(body(span())))
    told["new"] = {"resourceSpans": 1}
    for each in (
        told["resourceSpans"][0],
        told["resourceSpans"][0]["scopeSpans"][0],
        told["resourceSpans"][0]["scopeSpans"][0]["spans"][0],
    ):
        each["new"] = [{"deep": [1, 2.5, None]}]
    assert answer(await post(client, json.dumps(told).encode(), JSON)) == ExportTraceServiceResponse()
    unknown = b"\x98\x06\x01" + b"\xa1\x06" + bytes(8) + b"\xa5\x06" + bytes(4)  # field 99, 100 and 100 again: varint, 64 bits, 32 bits
    assert (await post(client, unknown + body(span()).SerializeToString())).status_code == 200
    assert len(logged(ledger)) == 2


async def test_json_may_write_numbers_and_ids_in_several_ways(client, ledger):
    told = json.loads(as_json(body(span(number=10))))
    only = told["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    only |= {"traceId": only["traceId"].upper(), "spanId": only["spanId"].upper(), "startTimeUnixNano": START, "parentSpanId": ""}
    only["attributes"] = [
        {"key": name, "value": {"intValue": each} if isinstance(each, int) else {"stringValue": each}} for name, each in CHAT.items()
    ]
    assert answer(await post(client, json.dumps(told).encode(), JSON)) == ExportTraceServiceResponse()
    assert await export(client, body(span(number=10))) == ExportTraceServiceResponse()
    assert len(logged(ledger)) == 1


async def test_under_too_much_load_spans_are_to_be_sent_again_later(client, ledger, monkeypatch):
    monkeypatch.setattr(backlog, "MAX_EVENTS_WAITING", 0)
    response = await post(client, body(span()).SerializeToString())
    assert (response.status_code, error(response).code) == (503, code_pb2.UNAVAILABLE)
    assert int(response.headers["retry-after"]) in RETRY_SECONDS
    assert logged(ledger) == []


async def test_a_log_that_cannot_be_written_is_said_to_come_back(client, database_url):
    execute(database_url, "ALTER TABLE cell_0.ledger_head RENAME TO away")
    response = await post(client, as_json(body(span())), JSON)
    assert (response.status_code, error(response).code) == (503, code_pb2.UNAVAILABLE)
    assert int(response.headers["retry-after"]) in RETRY_SECONDS
