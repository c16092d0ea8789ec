"""Whatever is exported, the answer is one that the protocol has. Protobuf and JSON of one request come to the same."""

import gzip
import json
import math

from hypothesis import example, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from domain.events import RequestCompleted
from ingest.cloudevents import parse as parse_cloudevent
from ingest.otlp import genai_words
from ingest.otlp.dialect import JSON, PROTOBUF
from ingest.otlp.genai_requests import parse
from ingest.outcomes import UnacceptableError
from tests.events import ACME, FOR_EVER
from tests.ingest.otlp.exporting import answer, error, post
from tests.ingest.otlp.spans import CHAT, START, as_json, body, reports, span
from tests.ingest.sending import logged

ON_POSTGRES = settings(max_examples=60)

texts = st.text(st.characters(codec="utf-8"), max_size=8)
NESTED = KeyValueList(values=[KeyValue(key="a", value=AnyValue(double_value=math.inf))])
odd_values = st.one_of(
    texts, st.sampled_from(("chat", "execute_tool", "429", "\0", "x" * 1025, "€" * 400)), st.booleans(), st.binary(max_size=4),
    st.integers(-2, 400), st.sampled_from((2**53, 2**53 + 1, 2**63 - 1, -(2**63))), st.floats(), st.lists(texts, max_size=3),
    st.sampled_from((AnyValue(), AnyValue(kvlist_value=NESTED))),
)  # fmt: skip
names = st.sampled_from(sorted(genai_words.READ | {"gen_ai.input.messages", "http.route"}))
told = st.dictionaries(names, odd_values, max_size=4)
resources = st.dictionaries(st.sampled_from(sorted(genai_words.READ_OF_RESOURCE)), odd_values | st.just("outside"), max_size=2)
times = st.sampled_from((0, 1, START, START + 1, 2**63, 2**64 - 1))
statuses = st.none() | st.builds(Status, code=st.sampled_from((0, 1, 2)), message=texts | st.just("Error code: 503 - away"))


@st.composite
def any_spans(draw: st.DrawFn) -> Span:
    """A span, good or bad, of few places, so that they lie within each other."""
    fields = {"status": draw(statuses), "end_time_unix_nano": draw(times), "parent": draw(st.integers(0, 4))}
    if draw(st.integers(0, 3)) == 0:
        fields |= {"start_time_unix_nano": draw(times), "trace_id": draw(st.binary(max_size=16))}
    base = CHAT if draw(st.booleans()) else dict.fromkeys(CHAT)
    return span({**base, **draw(told)}, number=draw(st.integers(1, 4)), **fields)


requests = st.builds(lambda spans, resource: body(*spans, resource=resource), st.lists(any_spans(), max_size=5), resources)


def outcomes(found: list[bytes]) -> list[object]:
    """What each report comes to: an event, or why not."""
    outcomes: list[object] = []
    for each in found:
        try:
            outcomes.append(parse(each, ACME, FOR_EVER))
        except UnacceptableError as refused:
            outcomes.append((refused.field, str(refused)))
    return outcomes


@given(request=requests)
@example(request=body(span({"gen_ai.response.finish_reasons": ["a", AnyValue()], "server.port": math.nan})))
def test_protobuf_and_json_of_one_request_come_to_the_same(request):
    assert outcomes(reports(request, PROTOBUF)) == outcomes(reports(request, JSON))


@given(request=requests)
def test_what_becomes_of_a_span_can_be_told_as_a_cloudevent(request):
    for each in outcomes(reports(request)):
        if isinstance(each, RequestCompleted):
            assert each.original is not None
            assert parse_cloudevent(each.original, ACME, FOR_EVER) == each


@ON_POSTGRES
@given(request=requests, media_type=st.sampled_from((PROTOBUF, JSON)))
async def test_nothing_lost_every_span_of_a_request_is_recorded_or_refused(client, ledger, request, media_type):
    before = {event.id for event in logged(ledger)}
    response = await post(client, as_json(request) if media_type == JSON else request.SerializeToString(), media_type)
    assert response.status_code == 200
    found = outcomes(reports(request, media_type))
    good = {each.id for each in found if isinstance(each, RequestCompleted)}
    assert {event.id for event in logged(ledger)} == before | good
    refused = sum(not isinstance(each, RequestCompleted) for each in found)
    conflicts = answer(response).partial_success.rejected_spans - refused  # of names that were drawn before
    assert 0 <= conflicts <= len(found) - refused


@st.composite
def broken(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """Some bytes changed, lost or doubled."""
    content = bytearray(draw(whole))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, max(0, len(content) - 1)))
        end = min(len(content), start + draw(st.integers(0, 6)))
        odd = st.sampled_from((b"{", b"}", b"[", b"]", b'"', b"null", b"1e999", rb"\ud800", b"\x0a", b"\x12\x00", b"\xff" * 11, b"gen_ai."))
        content[start:end] = draw(st.binary(max_size=4) | odd)
    return bytes(content)


in_protobuf = requests.map(lambda request: request.SerializeToString())
in_json = requests.map(as_json)
any_bytes = st.one_of(st.binary(max_size=60), broken(in_protobuf), broken(in_json), in_protobuf, in_json)


@ON_POSTGRES
@given(content=any_bytes, media_type=st.sampled_from((PROTOBUF, JSON)), packed=st.booleans())
@example(content=body(span()).SerializeToString().replace(b"chat gpt-4o", b'{"a": "gen\xff"}'), media_type=PROTOBUF, packed=False)
@example(content=b'\x0a\x13\x12\x11\x12\x0f{"gen_ai." : 1}', media_type=PROTOBUF, packed=False)
async def test_any_bytes_are_answered_as_the_protocol_says(client, content, media_type, packed):
    encoding = {"Content_Encoding": "gzip"} if packed else {}
    response = await post(client, gzip.compress(content) if packed else content, media_type, **encoding)
    assert response.status_code in {200, 400}
    if response.status_code == 200:
        partial = answer(response).partial_success
        assert bool(partial.rejected_spans) == bool(partial.error_message)
    else:
        assert error(response).message


@given(request=requests)
def test_messages_pass_no_door(request):
    for media_type in (PROTOBUF, JSON):
        for each in reports(request, media_type):
            (group,) = json.loads(each)["resourceSpans"]
            (part,) = group["scopeSpans"]
            (only,) = part["spans"]
            assert {attribute["key"] for attribute in only["attributes"]} <= genai_words.READ
            assert only.keys().isdisjoint({"events", "links", "name"})
