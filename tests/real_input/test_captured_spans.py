"""Spans that OpenTelemetry's instrumentation of OpenAI's library exported, as they were captured on the wire."""

import pytest
from msgspec.structs import replace

from benchmarks.traces import data
from domain.events import RequestCompleted
from ingest.otlp.dialect import JSON, PROTOBUF, READING, Traces
from tests.events import ACME, FOR_EVER
from tests.ingest.otlp.spans import besides
from tests.real_input.present import needed

CAPTURED = needed("captured spans", data() / "payloads" / "otlp")

SOURCE = "otlp/demo-app"
OPENAI = {"scope": "opentelemetry.instrumentation.openai_v2", "gen_ai.system": "openai", "server.address": "127.0.0.1", "server.port": 9098}
RATE_LIMIT = (
    "Error code: 429 - {'error': {'message': 'Rate limit reached for requests', 'type': 'requests', 'code': 'rate_limit_exceeded'}}"
)
EXPECTED = [  # worked out by hand, from the file in JSON
    RequestCompleted(
        "acme",
        SOURCE,
        "2f60a1b7e2fd35fe8fdc672fdc575838-c7b2529ebd0930f2",
        1_795_461_061_820_417,
        "gpt-5-mini",
        request_type="chat",
        provider="openai",
        technology="LLM",
        input=(("prompt", "token", 3000),),
        output=(("completion", "token", 400),),
        latency_ns=55_165_683,
    ),
    RequestCompleted(
        "acme",
        SOURCE,
        "958c31faa3e61dd230e90929d653c43e-e4f508f2269d8ccf",
        1_795_461_061_875_989,
        "gpt-5-mini",
        request_type="chat",
        provider="openai",
        technology="LLM",
        input=(("prompt", "token", 3000),),
        output=(("completion", "token", 400),),
        latency_ns=739_379_458,
    ),
    RequestCompleted(
        "acme",
        SOURCE,
        "37ec69e9b4f09879fd89ce3d0ac68791-b255642067116aa6",
        1_795_461_062_615_751,
        "text-embedding-3-small",
        request_type="embedding",
        provider="openai",
        technology="Embedding",
        input=(("prompt", "token", 8),),
        output=(),
        latency_ns=5_273_881,
    ),
    RequestCompleted(
        "acme",
        SOURCE,
        "149ccce5e5d6c0c6c0cd387a77e9c3bc-b2fdd4cf835d157e",
        1_795_461_062_621_243,
        "stub-429",
        request_type="chat",
        provider="openai",
        technology="LLM",
        latency_ns=58_339_552,
        status_code=429,
        error_message=RATE_LIMIT,
        usage_source="none",
    ),
]
BESIDES = [
    {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-5-mini",
        "gen_ai.response.id": "chatcmpl-stub1",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.openai.response.service_tier": "default",  # that is the standard one, which has no name in an event
    },
    {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5-mini", "gen_ai.response.id": "chatcmpl-stub2"},
    {"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "text-embedding-3-small"},
    {"gen_ai.operation.name": "chat", "gen_ai.request.model": "stub-429", "error.type": "RateLimitError"},
]


@pytest.mark.parametrize(("form", "media_type"), [("pb", PROTOBUF), ("json", JSON)])
def test_captured_spans_are_the_requests_that_were_made(form, media_type):
    content = (CAPTURED / f"openai-v2-trace.otlp.{form}").read_bytes()
    found = [READING.parse(report, ACME, FOR_EVER) for report in Traces().reports(content, media_type)]
    assert [replace(each, original=None) for each in found] == EXPECTED
    assert [besides(each) for each in found if isinstance(each, RequestCompleted)] == [{**OPENAI, **each} for each in BESIDES]
