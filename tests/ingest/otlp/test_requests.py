"""A span becomes an event: attribute by attribute, with what is unknown left unknown, and what cannot be right refused by name."""

import math
from typing import Any

import pytest

from domain import limits
from domain.events import EPOCH, Outcome, RequestCompleted, microseconds
from ingest.cloudevents import parse as parse_cloudevent
from ingest.outcomes import UnacceptableError
from tests.events import ACME, FOR_EVER, at
from tests.ingest.otlp.spans import CHAT, SECOND, START, besides, body, event, events, failed, span

INPUT, OUTPUT = "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"

ADVICE = "count them in, as the conventions say, or where the exporter cannot, set the resource attribute tallygraph.cache_tokens=outside"


def test_a_span_says_all_that_a_request_can():
    told = {
        **CHAT,
        "gen_ai.response.model": "gpt-4o-2024-08-06",
        "gen_ai.response.id": "chatcmpl-1",
        "gen_ai.response.finish_reasons": ["stop", "length"],
        "gen_ai.response.time_to_first_chunk": 0.2125,
        "gen_ai.usage.cache_read.input_tokens": 100,
        "gen_ai.usage.cache_creation.input_tokens": 50,
        "gen_ai.usage.reasoning.output_tokens": 30,
        "openai.response.service_tier": "priority",
        "gen_ai.conversation.id": "conversation-7",
        "gen_ai.request.stream": True,
        "server.address": "api.openai.com",
        "server.port": 443,
        "gen_ai.input.messages": "a secret",
    }
    found = event(told, number=10, parent=9, resource={"service.namespace": "eu"})
    assert found == RequestCompleted(
        account="acme",
        source="otlp/eu/shop",
        id="0102030405060708090a0b0c0d0e0f10-000000000000000a",
        occurred_at=microseconds(at("14:03:07.120456")),
        model="gpt-4o-2024-08-06",
        request_type="chat",
        provider="openai",
        technology="LLM",
        service_tier="priority",
        input=(("cache_write", "token", 50), ("cached", "token", 100), ("prompt", "token", 150)),
        output=(("completion", "token", 10), ("reasoning", "token", 30)),
        ttft_ns=212_500_000,
        latency_ns=2 * SECOND,
        usage_source="reported",
        original=found.original,
    )
    assert besides(found) == {
        "scope": "a.library",
        "parent_span_id": "0000000000000009",
        "gen_ai.conversation.id": "conversation-7",
        "gen_ai.response.id": "chatcmpl-1",
        "gen_ai.response.finish_reasons": ["stop", "length"],
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.request.stream": True,
        "server.address": "api.openai.com",
        "server.port": 443,
        "openai.response.service_tier": "priority",
    }
    assert found.original is not None
    assert parse_cloudevent(found.original, ACME, FOR_EVER) == found  # and it can be told as a CloudEvent


def test_unknown_is_not_zero_what_a_span_does_not_tell_is_null():
    told: dict[str, None] = dict.fromkeys((INPUT, OUTPUT, "gen_ai.provider.name"))
    found = event(told, end_time_unix_nano=0, resource={"service.name": None})
    assert found == RequestCompleted(
        account="acme",
        source="otlp",
        id=found.id,
        occurred_at=START // 1000,
        model="gpt-4o",
        request_type="chat",
        technology="LLM",
        usage_source="none",
        original=found.original,
    )


@pytest.mark.parametrize(
    ("told", "input", "output"),
    [
        ({}, {"prompt": 300}, {"completion": 40}),
        ({INPUT: None}, None, {"completion": 40}),
        ({OUTPUT: None}, {"prompt": 300}, None),
        ({INPUT: 0, OUTPUT: 0}, {"prompt": 0}, {"completion": 0}),
        ({INPUT: 300.0}, {"prompt": 300}, {"completion": 40}),
        ({INPUT: None, "gen_ai.usage.prompt_tokens": 7}, {"prompt": 7}, {"completion": 40}),
        ({"gen_ai.usage.prompt_tokens": 7}, {"prompt": 300}, {"completion": 40}),
        ({OUTPUT: None, "gen_ai.usage.completion_tokens": 8}, {"prompt": 300}, {"completion": 8}),
        ({"gen_ai.usage.cache_read.input_tokens": 0}, {"prompt": 300, "cached": 0}, {"completion": 40}),
        ({"gen_ai.usage.cache_read.input_tokens": 300}, {"prompt": 0, "cached": 300}, {"completion": 40}),
        ({"gen_ai.usage.cache_read_input_tokens": 1}, {"prompt": 299, "cached": 1}, {"completion": 40}),
        ({"gen_ai.usage.cache_write.input_tokens": 2}, {"prompt": 298, "cache_write": 2}, {"completion": 40}),
        ({"gen_ai.usage.cache_creation_input_tokens": 3}, {"prompt": 297, "cache_write": 3}, {"completion": 40}),
        ({"gen_ai.usage.reasoning_tokens": 40}, {"prompt": 300}, {"completion": 0, "reasoning": 40}),
        ({INPUT: None, "gen_ai.usage.cache_read_input_tokens": 0}, None, {"completion": 40}),
        ({"gen_ai.operation.name": "embeddings", OUTPUT: None}, {"prompt": 300}, {}),
        ({INPUT: 2**53}, {"prompt": 2**53}, {"completion": 40}),
    ],
)
def test_adds_up_tokens_are_told_apart_as_far_as_the_span_does(told, input, output):
    found = event(told)
    for side, expected in ((found.input, input), (found.output, output)):
        counts = None if side is None else {category: quantity for category, unit, quantity in side if unit == "token"}
        assert counts == expected


def test_an_exporter_that_keeps_the_cache_apart_can_be_named_by_its_resource():
    told = {INPUT: 10, "gen_ai.usage.cache_read.input_tokens": 1000, "gen_ai.usage.cache_creation.input_tokens": 5}
    found = event(told, resource={"tallygraph.cache_tokens": "outside"})
    assert found.input == (("cache_write", "token", 5), ("cached", "token", 1000), ("prompt", "token", 10))


@pytest.mark.parametrize(
    ("told", "provider"),
    [
        ({"gen_ai.provider.name": "aws.bedrock"}, "bedrock"),
        ({"gen_ai.provider.name": "azure.ai.openai"}, "azure"),
        ({"gen_ai.provider.name": "gcp.gemini"}, "gemini"),
        ({"gen_ai.provider.name": "gcp.vertex_ai"}, "vertex_ai"),
        ({"gen_ai.provider.name": "x_ai"}, "xai"),
        ({"gen_ai.provider.name": "Our.Own"}, "our.own"),
        ({"gen_ai.provider.name": ""}, None),
        ({"gen_ai.provider.name": None, "gen_ai.system": "Anthropic"}, "anthropic"),
        ({"gen_ai.system": "az.ai.openai"}, "openai"),  # the present name holds
    ],
)
def test_providers_are_named_as_price_lists_name_them(told, provider):
    assert event(told).provider == provider


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("chat", ("chat", "LLM")),
        ("generate_content", ("chat", "LLM")),
        ("text_completion", ("completion", "LLM")),
        ("embeddings", ("embedding", "Embedding")),
        (None, (None, None)),
    ],
)
def test_operations_are_request_types(operation, expected):
    found = event({"gen_ai.operation.name": operation})
    assert (found.request_type, found.technology) == expected


@pytest.mark.parametrize(
    ("told", "tier"),
    [
        ({}, None),
        ({"openai.response.service_tier": "priority", "openai.request.service_tier": "flex"}, "priority"),
        ({"openai.response.service_tier": "default", "openai.request.service_tier": "priority"}, None),  # asked for, and not had
        ({"gen_ai.openai.response.service_tier": "Flex"}, "flex"),
        ({"openai.request.service_tier": "priority"}, "priority"),
        ({"gen_ai.openai.request.service_tier": "auto"}, None),
    ],
)
def test_the_tier_that_served_comes_before_the_one_asked_for(told, tier):
    assert event(told).service_tier == tier


@pytest.mark.parametrize(
    ("told", "status", "expected"),
    [
        ({}, None, (None, None, Outcome.SUCCESS)),
        ({"http.response.status_code": 200}, None, (200, None, Outcome.SUCCESS)),
        ({"http.status_code": 503}, None, (503, None, Outcome.SERVER_ERROR)),
        ({}, failed("It broke"), (None, "It broke", Outcome.UNKNOWN_ERROR)),
        ({}, failed(), (None, "the span's status is an error, and says no more", Outcome.UNKNOWN_ERROR)),
        ({"error.type": "RateLimitError"}, failed(), (429, "RateLimitError", Outcome.CLIENT_ERROR)),
        ({"error.type": "openai.NotFoundError"}, None, (404, "openai.NotFoundError", Outcome.CLIENT_ERROR)),
        ({"error.type": "ThrottlingException"}, failed("Slow down"), (429, "Slow down", Outcome.CLIENT_ERROR)),
        ({"error.type": "529"}, failed("Overloaded"), (529, "Overloaded", Outcome.SERVER_ERROR)),
        ({"error.type": "٤٢٩"}, failed("No digits of ours"), (None, "No digits of ours", Outcome.UNKNOWN_ERROR)),
        ({"error.type": "InternalServerError"}, failed("Error code: 502 - bad"), (502, "Error code: 502 - bad", Outcome.SERVER_ERROR)),
        ({"error.type": "timeout"}, failed("Timed out"), (None, "Timed out", Outcome.UNKNOWN_ERROR)),
        ({"http.response.status_code": 200}, failed("Cut off"), (None, "Cut off", Outcome.UNKNOWN_ERROR)),
        ({"http.response.status_code": 400, "error.type": "429"}, failed("Bad"), (400, "Bad", Outcome.CLIENT_ERROR)),
    ],
)
def test_a_request_failed_as_its_span_says(told, status, expected):
    found = event(told, status=status)
    assert (found.status_code, found.error_message, found.outcome) == expected


def test_a_long_error_message_is_cut_with_a_mark():
    found = event({}, status=failed("é" * limits.MAX_ERROR_MESSAGE_BYTES))
    assert found.error_message is not None
    assert len(found.error_message.encode()) <= limits.MAX_ERROR_MESSAGE_BYTES
    assert found.error_message.endswith(limits.CUT_MARK)


@pytest.mark.parametrize(
    ("told", "ttft_ns"),
    [
        ({"gen_ai.response.time_to_first_chunk": 0.5}, 500_000_000),
        ({"gen_ai.response.time_to_first_chunk": 1}, 1_000_000_000),
        ({"gen_ai.server.time_to_first_token": 0.000000001}, 1),
        ({"gen_ai.response.time_to_first_chunk": 0.0}, None),
    ],
)
def test_time_to_first_token_is_told_in_seconds(told, ttft_ns):
    assert event(told).ttft_ns == ttft_ns


@pytest.mark.parametrize(("end", "latency_ns"), [(START + 1, 1), (START, None), (START - 1, None), (0, None)])
def test_latency_is_from_start_to_end_or_unknown(end, latency_ns):
    assert event(end_time_unix_nano=end).latency_ns == latency_ns


@pytest.mark.parametrize(
    ("told", "fields", "refusal"),
    [
        ({"gen_ai.request.model": None}, {}, ("gen_ai.request.model", "is required, or gen_ai.response.model: name the model")),
        ({"gen_ai.request.model": 4}, {}, ("gen_ai.request.model", "is not a string")),
        ({"gen_ai.request.model": ["a"]}, {}, ("gen_ai.request.model", "is not a string")),
        ({"gen_ai.request.model": b"a"}, {}, ("gen_ai.request.model", "is not a string")),
        ({"gen_ai.request.model": "a\0b"}, {}, ("gen_ai.request.model", "holds a NUL character: leave it out")),
        ({"gen_ai.response.model": "é" * 513}, {}, ("gen_ai.response.model", "is longer than 1024 bytes (MAX_STRING_BYTES)")),
        ({"gen_ai.provider.name": True}, {}, ("gen_ai.provider.name", "is not a string")),
        ({"error.type": 429}, {}, ("error.type", "is not a string")),
        ({INPUT: "300"}, {}, (INPUT, "is not a whole number: send an int")),
        ({INPUT: 1.5}, {}, (INPUT, "is not a whole number: send an int")),
        ({INPUT: math.nan}, {}, (INPUT, "is not a whole number: send an int")),
        ({INPUT: -1}, {}, (INPUT, "is not within 0 and 9007199254740992 (MAX_QUANTITY)")),
        ({INPUT: 2**53 + 1}, {}, (INPUT, "is not within 0 and 9007199254740992 (MAX_QUANTITY)")),
        ({INPUT: True}, {}, (INPUT, "is not a whole number: send an int")),
        (
            {INPUT: 10, "gen_ai.usage.cache_read.input_tokens": 11},
            {},
            (
                INPUT,
                f"is 10, less than the 11 tokens of cached: {ADVICE}",
            ),
        ),
        (
            {OUTPUT: 10, "gen_ai.usage.reasoning.output_tokens": 11},
            {},
            (OUTPUT, "is 10, less than the 11 tokens of reasoning: the conventions count it among the output"),
        ),
        (
            {INPUT: None, "gen_ai.usage.cache_read.input_tokens": 11},
            {},
            (INPUT, "is missing, though 11 tokens are told of cached"),
        ),
        (
            {"gen_ai.response.time_to_first_chunk": math.inf},
            {},
            ("gen_ai.response.time_to_first_chunk", "is not a number of seconds: send a double"),
        ),
        (
            {"gen_ai.response.time_to_first_chunk": "1"},
            {},
            ("gen_ai.response.time_to_first_chunk", "is not a number of seconds: send a double"),
        ),
        (
            {"gen_ai.response.time_to_first_chunk": -0.1},
            {},
            ("gen_ai.response.time_to_first_chunk", "is not within 0 and 10000000000 ms (MAX_DURATION_MS)"),
        ),
        ({"http.response.status_code": 99}, {}, ("http.response.status_code", "99 is not a status from 200 to 599")),
        ({"gen_ai.operation.name": 1}, {}, ("gen_ai.operation.name", "is not a string")),
        ({}, {"trace_id": b"\1"}, ("traceId", "'01' is not an id of 32 hexadecimal digits, not all of them 0")),
        ({}, {"trace_id": bytes(16)}, ("traceId", f"{'0' * 32!r} is not an id of 32 hexadecimal digits, not all of them 0")),
        ({}, {"span_id": b""}, ("spanId", "'' is not an id of 16 hexadecimal digits, not all of them 0")),
        ({}, {"start_time_unix_nano": 0}, ("startTimeUnixNano", "1970-01-01T00:00:00Z is before 2000-01-01")),
        (
            {},
            {"start_time_unix_nano": 2**64 - 1},
            ("startTimeUnixNano", "2554-07-21T23:34:33.709551Z is more than 1 day ahead of our clock"),
        ),
        ({}, {"end_time_unix_nano": 2**64 - 1}, ("endTimeUnixNano", "is more than 10000000000 ms (MAX_DURATION_MS) after the start")),
        ({}, {"status": failed("\0")}, ("status.message", "holds a NUL character: leave it out")),
    ],
)
def test_what_cannot_be_right_is_refused_by_name(told, fields, refusal):
    with pytest.raises(UnacceptableError) as refused:
        event(told, **fields)
    assert (refused.value.field, str(refused.value)) == refusal


@pytest.mark.parametrize(
    ("resource", "refusal"),
    [
        ({"service.name": 7}, ("service.name", "is not a string")),
        ({"service.name": "x" * 1020}, ("service.name", "is longer than 1024 bytes (MAX_STRING_BYTES)")),
        ({"tallygraph.cache_tokens": "no"}, ("tallygraph.cache_tokens", "'no' is neither inside nor outside")),
    ],
)
def test_what_cannot_be_right_of_a_resource_is_refused_by_name(resource: dict[str, Any], refusal):
    with pytest.raises(UnacceptableError) as refused:
        event(resource=resource)
    assert (refused.value.field, str(refused.value)) == refusal


def test_what_nothing_depends_on_is_left_out_where_it_is_odd():
    odd = {"gen_ai.conversation.id": "x" * 2000, "server.address": "a\0b", "server.port": b"443", "gen_ai.response.finish_reasons": []}
    assert besides(event(odd)).keys() == {
        *("scope", "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.response.finish_reasons"),
    }


def test_a_span_that_began_when_our_time_does_is_taken():
    first = limits.EARLIEST_TIME - EPOCH
    (found,) = events(body(span(start_time_unix_nano=int(first.total_seconds()) * SECOND, end_time_unix_nano=0)))
    assert found.time == limits.EARLIEST_TIME
