"""What the LiteLLM proxy tells becomes events: field by field, and trap by trap."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import limits
from domain.events import Outcome, RequestCompleted
from domain.notation import cloudevent
from domain.quantities import tokens
from ingest import cloudevents
from ingest.litellm.events import parse
from ingest.litellm.payloads import call_id
from ingest.outcomes import Sender, UnacceptableError
from ledger.shapes import same_content, to_state
from tests.events import ACME, FOR_EVER
from tests.ingest.test_any_bytes import values
from tests.litellm import HUNG_UP, body, failed, payload


def event(told: dict[str, Any]) -> RequestCompleted:
    return parse(body(told), ACME, FOR_EVER)


def extras(told: dict[str, Any]) -> dict[str, Any]:
    return cloudevent(event(told))["data"]["litellm"]


def refusal(told: dict[str, Any]) -> tuple[str | None, str]:
    with pytest.raises(UnacceptableError) as error:
        event(told)
    return error.value.field, str(error.value)


def test_a_call_is_told_as_an_event():
    found = event(payload())
    assert msgspec.structs.replace(found, id="", original=None) == RequestCompleted(
        account="acme",
        source="litellm",
        id="",
        occurred_at=1776780187_147712,
        model="gpt-5-mini",
        request_id="call-1",
        request_type="chat",
        provider="openai",
        technology="LLM",
        api_key="47a5c3cd",
        api_key_name="team-b-ci",
        input=(("cached", "token", 1920), ("prompt", "token", 1080)),
        output=(("completion", "token", 80), ("reasoning", "token", 320)),
        latency_ns=1750_275_000,
        gateway_latency_ns=15_106_900,
        status_code=200,
        reported_cost="0.001118",
    )
    assert found.id.startswith("call-1/success/")


def test_what_people_ask_for_is_kept_and_what_they_said_is_not():
    found = event(payload())
    assert cloudevent(found)["data"]["litellm"] == {
        "call_id": "call-1",
        "response_id": "chatcmpl-1",
        "trace_id": "trace-1",
        "call_type": "acompletion",
        "model": "openai/gpt-5-mini",
        "model_group": "mini",
        "model_id": "9fc2eed3",
        "team": "team_b",
        "team_name": "Team B",
        "organization": "org_1",
        "user": "u_bob",
        "end_user": "end-user-42",
        "tags": ["checkout"],
        "cost_breakdown": {"input_cost": 0.000318, "output_cost": 0.0008, "tool_usage_cost": 0.0},
    }
    assert b"secret" not in to_state(found)
    assert b"max_tokens" not in to_state(found)


@pytest.mark.parametrize("told", [payload(), failed(), payload(**HUNG_UP), payload(cache_hit=True), payload(call_type="aembedding")])
def test_the_event_that_is_given_back_is_a_cloudevent_that_says_the_same(told):
    found = event(told)
    assert cloudevents.parse(msgspec.json.encode(cloudevent(found)), ACME, FOR_EVER) == msgspec.structs.replace(
        found, original=msgspec.json.encode(cloudevent(found))
    )
    assert same_content(to_state(found), to_state(cloudevents.parse(found.original or b"", ACME, FOR_EVER)))


# Names


def test_a_fallback_is_two_events_of_one_call():
    failure, success = event(failed(model_id="a")), event(payload(model_id="b"))
    assert failure.request_id == success.request_id == "call-1"
    assert failure.id != success.id
    # And two failures of one call, by two deployments, are two events as well
    assert len({event(failed(model_id=each)).id for each in ("a", "b", "c")}) == 3


def test_a_call_id_that_a_client_chose_and_uses_again_hides_no_answer():
    assert event(payload(id="chatcmpl-1")).id != event(payload(id="chatcmpl-2")).id


def test_nothing_lost_of_calls_that_have_nothing_of_their_own_but_their_start():
    first, second = (event(payload(id="call-1", call_type="aembedding", startTime=1776780187.0 + seconds)) for seconds in (0, 5))
    assert first.id != second.id


@given(indent=st.sampled_from((None, 2)), ascii=st.booleans(), back=st.booleans())
def test_once_however_a_payload_is_written_it_is_the_same_event(indent, ascii, back):
    told = payload(end_user="é", response_cost=0.00022500000000000002)
    again = dict(reversed(told.items())) if back else told
    written = json.dumps(again, indent=indent, ensure_ascii=ascii).encode().replace(b"1776780187.147712", b"1.776780187147712e9")
    assert same_content(to_state(parse(written, ACME, FOR_EVER)), to_state(event(told)))


def test_without_a_call_id_the_other_one_stands_in_and_without_any_it_is_refused():
    assert event(payload(litellm_call_id=None)).request_id == "chatcmpl-1"
    assert refusal(payload(litellm_call_id=None, id=None)) == ("litellm_call_id", "is required")


# Times


@given(micros=st.integers(946_684_800_000_000, 4_102_444_800_000_000))
def test_seconds_in_a_float_are_the_microseconds_that_were_meant(micros):
    assert event(payload(startTime=micros / 1_000_000, endTime=None)).occurred_at == micros


def test_instants_as_the_documentation_writes_them_are_read_too():
    assert event(payload(startTime="2026-04-21T14:03:07.147712Z")) == event(payload())


@pytest.mark.parametrize(
    ("field", "told", "message"),
    [
        ("startTime", 1776780187147.712, "1776780187147.712 is no time between 2000 and 2200 in seconds since 1970"),
        ("startTime", 1e300, "1e+300 is no time between 2000 and 2200 in seconds since 1970"),
        ("endTime", -1, "-1.0 is no time between 2000 and 2200 in seconds since 1970"),
        ("startTime", "yesterday", "'yesterday' is not an RFC 3339 instant with an offset, such as 2026-04-21T14:03:07.120Z"),
        ("startTime", None, "expected float | str, got null"),
    ],
)
def test_a_time_that_is_none_is_refused_by_its_own_name(field, told, message):
    assert refusal(payload(**{field: told})) == (field, message)


def test_a_time_far_ahead_of_our_clock_is_refused():
    with pytest.raises(UnacceptableError) as error:
        parse(body(payload()), ACME, 1776780187_000000)
    assert error.value.field == "startTime"


def test_of_a_stream_the_first_token_and_the_whole_are_told_apart():
    found = event(payload(stream=True, completionStartTime=1776780187.310045, response_time=0.162333))
    assert (found.ttft_ns, found.latency_ns) == (162_333_000, 1750_275_000)


@pytest.mark.parametrize(
    "fields", [{"stream": None}, {"stream": True, "completionStartTime": 1776780188.897987}, {"stream": True, "endTime": None}]
)
def test_where_no_first_token_is_told_there_is_none(fields):
    assert event(payload(**fields)).ttft_ns is None


def test_a_clock_that_was_set_back_tells_no_duration():
    found = event(payload(endTime=1776780187.0, stream=True, completionStartTime=1776780186.0))
    assert (found.ttft_ns, found.latency_ns) == (None, None)


@pytest.mark.parametrize("hidden", [None, {}, {"litellm_overhead_time_ms": None}, {"litellm_overhead_time_ms": -3.5}])
def test_unknown_is_not_zero_an_overhead_that_is_not_told(hidden):
    assert event(payload(hidden_params=hidden)).gateway_latency_ns is None


# What was used

ANTHROPIC = {
    "prompt_tokens": 5141,
    "completion_tokens": 57,
    "prompt_tokens_details": {
        "cached_tokens": 4096,
        "cache_write_tokens": 1024,
        "cache_creation_tokens": 1024,
        "cache_creation_token_details": {"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 24},
        "text_tokens": 21,
    },
    "cache_creation_input_tokens": 1024,
    "cache_read_input_tokens": 4096,
    "server_tool_use": {"web_search_requests": 2},
}
USED = [
    (ANTHROPIC, {"cached": 4096, "cache_write": 1000, "cache_write_1h": 24, "prompt": 21}, {"completion": 57}),
    (
        {"prompt_tokens": 100, "completion_tokens": 0, "cache_read_input_tokens": 60, "cache_creation_input_tokens": 30},
        {"cached": 60, "cache_write": 30, "prompt": 10},
        {},
    ),
    (
        {
            "prompt_tokens": 100,
            "completion_tokens": 50,
            "prompt_tokens_details": {"audio_tokens": 40, "image_tokens": 5, "video_tokens": 3},
            "completion_tokens_details": {"audio_tokens": 30, "image_tokens": 6, "video_tokens": 1, "reasoning_tokens": 4},
        },
        {"audio": 40, "image": 5, "video": 3, "prompt": 52},
        {"audio": 30, "image": 6, "video": 1, "reasoning": 4, "completion": 9},
    ),
    (  # audio that was read from the cache is in both counts
        {
            "prompt_tokens": 100,
            "completion_tokens": 5,
            "prompt_tokens_details": {"audio_tokens": 40, "cached_tokens": 30, "cached_tokens_details": {"audio_tokens": 25}},
        },
        {"cached": 5, "cached_audio": 25, "audio": 15, "prompt": 55},
        {"completion": 5},
    ),
    (  # and where that is not told, the sum holds all the same
        {"prompt_tokens": 100, "completion_tokens": 5, "prompt_tokens_details": {"audio_tokens": 90, "cached_tokens": 80}},
        {"cached": 80, "audio": 20},
        {"completion": 5},
    ),
    ({"prompt_tokens": 8, "completion_tokens": 0, "completion_tokens_details": None, "prompt_tokens_details": None}, {"prompt": 8}, {}),
    ({"prompt_tokens": 9, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 7}}, {"prompt": 9}, {"reasoning": 5}),
]


@pytest.mark.parametrize(("usage", "input", "output"), USED)
def test_parts_that_are_included_become_disjoint(usage, input, output):
    found = event(payload(usage))
    assert {category: quantity for category, _, quantity in found.input or ()} == input
    assert {category: quantity for category, _, quantity in found.output or ()} == output


counts = st.none() | st.integers(0, 2000)


@given(
    prompt=st.integers(1, 2000),
    completion=st.integers(0, 2000),
    parts=st.fixed_dictionaries({f"{part}_tokens": counts for part in ("cached", "cache_creation", "audio", "image", "video")}),
    cached=st.tuples(counts, counts, counts),
    of_output=st.fixed_dictionaries({f"{part}_tokens": counts for part in ("reasoning", "audio", "image", "video")}),
)
def test_adds_up_the_sum_of_the_parts_is_the_total_whatever_a_provider_says_of_them(prompt, completion, parts, cached, of_output):
    audio, image, written = cached
    details = parts | {
        "cached_tokens_details": {"audio_tokens": audio, "image_tokens": image},
        "cache_creation_token_details": {"ephemeral_1h_input_tokens": written},
    }
    found = event(
        payload(
            {
                "prompt_tokens": prompt,
                "completion_tokens": completion,
                "prompt_tokens_details": details,
                "completion_tokens_details": of_output,
            }
        )
    )
    caches = (parts["cached_tokens"] or 0) + (parts["cache_creation_tokens"] or 0)
    assert tokens(found.input) == max(prompt, caches)
    assert tokens(found.output) == completion


def test_images_without_tokens_are_counted():
    found = event(payload({"output_image_count": 2}, prompt_tokens=0, completion_tokens=0, call_type="aimage_generation"))
    assert (found.input, found.output, found.request_type) == ((), (("image", "image", 2),), "image_generation")


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": 0, "completion_tokens": 0}])
def test_unknown_is_not_zero_tokens_that_are_not_told(usage):
    found = event(payload(usage, prompt_tokens=0, completion_tokens=0))
    assert (found.input, found.output, found.usage_source) == (None, None, "none")


def test_without_a_usage_object_the_totals_stand():
    found = event(payload(None))
    assert (found.input, found.output) == ((("prompt", "token", 3000),), (("completion", "token", 400),))


def test_an_answer_from_the_cache_of_the_proxy_uses_nothing_that_has_to_be_paid():
    told = payload(cache_hit=True, id="chatcmpl-1_cache_hit1776780188.9", response_cost=0.0, saved_cache_cost=0.001118)
    found = event(told)
    assert (found.input, found.output, found.usage_source, found.reported_cost) == ((), (), "none", "0")
    kept = extras(told)
    assert (kept["cache_hit"], kept["saved_cost"]) == (True, 0.001118)
    assert kept["saved_input"] == [
        {"category": "cached", "quantity": 1920, "unit": "token"},
        {"category": "prompt", "quantity": 1080, "unit": "token"},
    ]
    assert kept["saved_output"][1] == {"category": "completion", "quantity": 80, "unit": "token"}


def test_a_stream_that_was_interrupted_is_a_success_with_estimated_tokens():
    guessed = {"prompt_tokens": 9, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 0}}
    found = event(payload(guessed, **HUNG_UP))
    assert (found.usage_source, found.status_code, found.outcome) == ("estimated", 200, Outcome.SUCCESS)
    assert (found.input, found.output) == ((("prompt", "token", 9),), (("completion", "token", 1),))
    assert (found.error_message, extras(payload(guessed, **HUNG_UP))["error"]) == (None, "ClientDisconnected")


def test_a_stream_that_the_provider_cut_off_is_a_failure_with_estimated_tokens():
    error = {"error_code": "", "error_class": "ReadError", "error_message": "cut", "normalized_error": "500_PROVIDER_CONNECTION_ERROR"}
    found = event(failed({"prompt_tokens": 10, "completion_tokens": 3}, error_information=error))
    assert (found.usage_source, found.status_code, found.input) == ("estimated", 500, (("prompt", "token", 10),))


# How it ended


def test_of_a_failure_nothing_that_was_used_is_known():
    found = event(failed())
    assert (found.status_code, found.error_message) == (429, "litellm.RateLimitError: Rate limit reached")
    assert (found.input, found.output, found.reported_cost, found.gateway_latency_ns) == (None, None, None, None)
    assert found.latency_ns == 1750_275_000


@pytest.mark.parametrize(
    ("error", "status", "outcome"),
    [
        ({"error_code": "500"}, 500, Outcome.SERVER_ERROR),
        ({"error_code": 503, "normalized_error": "429_RATE_LIMIT_EXCEEDED"}, 503, Outcome.SERVER_ERROR),
        ({"error_code": "context_length_exceeded", "normalized_error": "400_CONTEXT_WINDOW_EXCEEDED"}, 400, Outcome.CLIENT_ERROR),
        ({"error_code": "", "error_class": "Timeout", "normalized_error": "UNCLASSIFIED"}, 408, Outcome.CLIENT_ERROR),
        ({"error_code": "200", "error_class": "APIConnectionError"}, 500, Outcome.SERVER_ERROR),
        ({"error_code": "", "error_class": "CustomError"}, None, Outcome.UNKNOWN_ERROR),
        (None, None, Outcome.UNKNOWN_ERROR),
    ],
)
def test_a_failure_fails_with_the_status_that_anything_tells(error, status, outcome):
    found = event(failed(error_information=error, error_str=None))
    assert (found.status_code, found.outcome) == (status, outcome)
    assert found.error_message


def test_an_error_message_is_cut_to_its_limit():
    found = event(failed(error_information={"error_code": "500", "error_message": "x" * 20_000}))
    assert len((found.error_message or "").encode()) == limits.MAX_ERROR_MESSAGE_BYTES
    assert (found.error_message or "").endswith(limits.CUT_MARK)


# What it is, and what it cost


@pytest.mark.parametrize(
    ("fields", "model", "provider"),
    [
        ({"model": "azure/gpt-4o", "custom_llm_provider": "azure"}, "gpt-4o", "azure"),
        ({"model": "gpt-4o"}, "gpt-4o", "openai"),
        ({"model": "openrouter/openai/gpt-4o", "custom_llm_provider": "openrouter"}, "openai/gpt-4o", "openrouter"),
        ({"model": "", "model_group": "mini"}, "mini", "openai"),
        ({"model": "nosuch", "model_group": "", "custom_llm_provider": None}, "nosuch", None),
        ({"model": None, "model_group": None, "custom_llm_provider": ""}, "unknown", None),
    ],
)
def test_a_model_is_named_as_prices_name_it(fields, model, provider):
    found = event(payload(**fields))
    assert (found.model, found.provider) == (model, provider)


@pytest.mark.parametrize(
    ("call_type", "kind"),
    [
        ("completion", ("chat", "LLM")),
        ("anthropic_messages", ("chat", "LLM")),
        ("aresponses", ("chat", "LLM")),
        ("atext_completion", ("completion", "LLM")),
        ("aembedding", ("embedding", "Embedding")),
        ("atranscription", ("transcription", None)),
        ("pass_through_endpoint", ("pass_through_endpoint", None)),
        ("", (None, None)),
    ],
)
def test_kinds_of_calls_have_our_names(call_type, kind):
    found = event(payload(call_type=call_type))
    assert (found.request_type, found.technology) == kind


@pytest.mark.parametrize(
    ("fields", "tier"),
    [
        ({"cost_breakdown": {"service_tier": "priority"}}, "priority"),
        ({"model_parameters": {"service_tier": "priority"}}, None),  # asked for, and served as standard
        ({"cost_breakdown": {"service_tier": "default"}}, None),
        ({"cost_breakdown": {"service_tier": "fast"}}, "priority"),
        ({"cost_breakdown": None, "usage": {"prompt_tokens": 1, "service_tier": "Flex"}}, "flex"),
        ({"usage": {"prompt_tokens": 1, "service_tier": "standard"}}, None),
    ],
)
def test_the_tier_is_the_one_that_served(fields, tier):
    assert event(payload(**fields)).service_tier == tier


@pytest.mark.parametrize(
    ("cost", "told"),
    [(0.00022500000000000002, "0.00022500000000000002"), (1.6e-07, "0.00000016"), (3, "3"), (0.0, None), (None, None)],
)
def test_the_reported_cost_is_exact_and_zero_is_what_a_model_without_a_price_costs_there(cost, told):
    assert event(payload(response_cost=cost)).reported_cost == told


def test_a_key_without_a_name_and_no_key():
    assert event(payload(metadata={"user_api_key_alias": None})).api_key_name is None
    assert event(payload(metadata={"user_api_key_hash": ""})).api_key is None
    assert event(payload() | {"metadata": None}).api_key is None


# What cannot be an event


@pytest.mark.parametrize(
    ("told", "field", "message"),
    [
        (payload(status="pending"), "status", "invalid enum value 'pending'"),
        (payload({"prompt_tokens": -1}), "metadata.usage_object.prompt_tokens", "expected int >= 0"),
        (payload({"prompt_tokens": 1.5}), "metadata.usage_object.prompt_tokens", "expected int | null, got float"),
        (payload(model="x" * 1025), "model", "is longer than 1024 bytes (MAX_STRING_BYTES)"),
        (payload(litellm_call_id="x" * 1020), "litellm_call_id", "is longer than 1024 bytes (MAX_STRING_BYTES)"),
        (payload(model="a\0b"), "model", "holds a NUL character: leave it out"),
        (payload(request_tags=["a", "b\0"]), "tags[1]", "holds a NUL character: leave it out"),
        (payload(endTime=1895459284.9), "endTime", "expected float <= 10000000000.0"),
        (payload(metadata={"user_api_key_hash": 7}), "metadata.user_api_key_hash", "expected str | null, got int"),
    ],
)
def test_what_is_refused_is_named_as_the_proxy_names_it(told, field, message):
    assert refusal(told) == (field, message)


@st.composite
def changed(draw: st.DrawFn) -> bytes:
    """A payload in which up to three values, wherever they are, are something else or missing."""
    root = json.loads(body(draw(st.sampled_from((payload(), failed(), payload(**HUNG_UP), payload(cache_hit=True))))))
    for _ in range(draw(st.integers(1, 3))):
        place = root
        key = draw(st.sampled_from(sorted(place)))
        while isinstance(place[key], dict) and place[key] and draw(st.booleans()):
            place = place[key]
            key = draw(st.sampled_from(sorted(place)))
        if draw(st.booleans()):
            place[key] = draw(values)
        elif len(place) > 1:
            del place[key]
    return json.dumps(root).encode()


@settings(max_examples=500)
@given(changed() | st.binary(max_size=40) | changed().map(lambda written: written[:-9]))
def test_nothing_lost_whatever_is_told_is_an_event_like_any_other_or_is_refused_with_a_reason(told):
    try:
        found = parse(told, ACME, FOR_EVER)
    except UnacceptableError:
        assert len(call_id(told) or "") <= limits.MAX_STRING_BYTES
    else:
        kept = found.original or b""
        assert len(kept) <= limits.MAX_KEPT_BYTES
        assert same_content(to_state(found), to_state(cloudevents.parse(kept, ACME, FOR_EVER)))


def test_messages_of_any_size_and_content_are_passed_over():
    large = payload(messages=[{"role": "user", "content": "x\0" * limits.MAX_EVENT_BYTES}])
    assert event(large) == event(payload())


def test_tags_that_are_too_long_to_be_kept_lose_no_usage():
    told = payload(request_tags=["x" * limits.MAX_KEPT_BYTES])
    assert event(told).input == event(payload()).input
    assert extras(told) == {"left_out": "larger than 65536 bytes (MAX_KEPT_BYTES)"}


def test_a_token_of_no_account_or_without_the_scope_tells_nothing():
    with pytest.raises(UnacceptableError, match="Tallygraph-Account"):
        parse(body(payload()), Sender(None), FOR_EVER)
    with pytest.raises(UnacceptableError, match="scope ingest"):
        parse(body(payload()), Sender("acme", scopes=frozenset()), FOR_EVER)
