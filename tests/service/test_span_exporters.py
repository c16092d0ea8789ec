"""Spans as OpenTelemetry's own SDK exports them, over HTTP, to a service that runs; and what GraphQL says of them."""

import logging

import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Status, StatusCode, Tracer, set_span_in_context

from tests.events import line
from tests.service.running import ADMIN, Commands, bearer, eventually

START = 1_776_780_187_120_000_000  # 2026-04-21T14:03:07.12Z
SECOND = 1_000_000_000
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}
USAGE = {
    "gen_ai.usage.input_tokens": 1334,
    "gen_ai.usage.cache_read.input_tokens": 1024,
    "gen_ai.usage.output_tokens": 159,
    "gen_ai.usage.reasoning.output_tokens": 64,
    "gen_ai.response.time_to_first_chunk": 0.25,
    "gen_ai.response.finish_reasons": ["stop"],
}
HISTORY = """query($id: ID!, $at: Position) { account(id: $id, atLeast: $at) {
    history(range: {from: "2026-04-21T14:03:07Z", to: "2026-04-21T14:04:00Z"}) { nodes {
        source model provider requestType timestamp latency timeToFirstToken statusCode errorMessage
        input { category count } output { category count } } } } }"""


def an_agent_at_work(tracer: Tracer) -> None:
    """An agent asks a model, by way of a framework that has spans of its own, runs a tool, and asks again, in vain."""
    with tracer.start_as_current_span("invoke_agent", attributes={"gen_ai.operation.name": "invoke_agent", **USAGE}):
        framework = tracer.start_span("chat gpt-4o", attributes={**CHAT, **USAGE}, start_time=START)
        client = tracer.start_span(
            "chat gpt-4o", set_span_in_context(framework), attributes={**CHAT, **USAGE, "gen_ai.response.id": "r"}, start_time=START
        )
        client.end(START + 2 * SECOND)
        framework.end(START + 2 * SECOND)
        tracer.start_span("execute_tool", attributes={"gen_ai.operation.name": "execute_tool"}).end()
        refused = tracer.start_span("chat gpt-4o", attributes={**CHAT, "error.type": "RateLimitError"}, start_time=START + 3 * SECOND)
        refused.set_status(Status(StatusCode.ERROR, "Error code: 429 - slow down"))
        refused.end(START + 4 * SECOND)


@pytest.mark.parametrize("compression", [Compression.Gzip, Compression.NoCompression])
def test_once_what_the_sdk_exports_comes_out_of_graphql(tallygraph: Commands, compression, caplog):
    # Given a service, and an agent whose spans are exported to it
    served = tallygraph.serve()
    exporter = OTLPSpanExporter(f"{served.url}/v1/traces", headers=bearer(ADMIN) | {"Tallygraph-Account": "acme"}, compression=compression)
    seen = InMemorySpanExporter()
    tracers = TracerProvider(resource=Resource({"service.name": "shop", "service.namespace": "eu"}), shutdown_on_exit=False)
    tracers.add_span_processor(BatchSpanProcessor(exporter))
    tracers.add_span_processor(SimpleSpanProcessor(seen))
    with caplog.at_level(logging.WARNING):
        an_agent_at_work(tracers.get_tracer("a.library"))
        assert tracers.force_flush()
        # When they are exported again
        assert exporter.export(seen.get_finished_spans()) is SpanExportResult.SUCCESS
        tracers.shutdown()
    assert caplog.messages == []
    # Then the agent's two requests are there, once each
    receipt = served.report([line(subject="acme", id="later", time="2026-04-21T15:00:00Z")])
    asked = {"id": served.account_id("acme"), "at": receipt["position"]}
    answer = eventually(lambda: served.answer(HISTORY, **asked)["data"]["account"])  # null while the read models are behind
    common = {"source": "otlp/eu/shop", "model": "gpt-4o", "provider": "openai", "requestType": "chat"}
    assert answer["history"]["nodes"] == [
        {
            **common,
            "timestamp": "2026-04-21T14:03:10.120000Z",
            "latency": 1000.0,
            "timeToFirstToken": None,
            "statusCode": 429,
            "errorMessage": "Error code: 429 - slow down",
            "input": None,
            "output": None,
        },
        {
            **common,
            "timestamp": "2026-04-21T14:03:07.120000Z",
            "latency": 2000.0,
            "timeToFirstToken": 250.0,
            "statusCode": None,
            "errorMessage": None,
            "input": [{"category": "prompt", "count": 310}, {"category": "cached", "count": 1024}],
            "output": [{"category": "completion", "count": 95}, {"category": "reasoning", "count": 64}],
        },
    ]


def test_an_exporter_whose_spans_are_refused_is_not_told_to_send_them_again(tallygraph: Commands):
    served = tallygraph.serve("--only", "web")
    exporter = OTLPSpanExporter(f"{served.url}/v1/traces", headers=bearer(ADMIN) | {"Tallygraph-Account": "acme"})
    seen = InMemorySpanExporter()
    tracers = TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(SimpleSpanProcessor(seen))
    tracers.get_tracer("a.library").start_span("chat", attributes={**CHAT, "gen_ai.usage.input_tokens": "many"}, start_time=START).end()
    assert exporter.export(seen.get_finished_spans()) is SpanExportResult.SUCCESS
    exporter.shutdown()
    (refused,) = served.ask("{ rejectedEvents { nodes { dialect field body } } }")["rejectedEvents"]["nodes"]
    assert (refused["dialect"], refused["field"]) == ("otlp", "gen_ai.usage.input_tokens")
    assert '{"stringValue":"many"}' in refused["body"]
