"""Traces: off unless the environment switches them on; then a request is followed from whoever sent it to the append."""

import json
import subprocess
import sys

import pytest

from service import tracing
from service.errors import SettingError
from tests.events import line
from tests.service.collector import collecting
from tests.service.exporting import ask_for_export, completed
from tests.service.running import ADMIN, Commands, bearer, eventually, free_port

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TOLD = {"traceparent": f"00-{TRACE}-{CALLER}-01", "X-Request-Id": "req-1", "Content-Type": "application/x-ndjson"}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", *tracing.ENDPOINTS, *tracing.PROTOCOLS):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("environment", "on"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, False),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"}, False),
    ],
    ids=str,
)
def test_standard_variables_switch_tracing_on(environment: dict[str, str], on: bool, monkeypatch: pytest.MonkeyPatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert tracing.is_on() is on


def test_a_protocol_that_is_not_spoken_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    with pytest.raises(SettingError, match="OTEL_EXPORTER_OTLP_PROTOCOL is 'grpc'"), tracing.tracing("serve"):
        pass


def test_without_tracing_nothing_that_makes_or_sends_spans_is_loaded():
    program = """if True:
        import sys
        from service import cli, logs, project, serve, web, work
        logs.configure()
        unwanted = ("service.spans", "opentelemetry.sdk.trace", "opentelemetry.exporter")
        print([name for name in sys.modules if name.startswith(unwanted)])"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"


def test_a_request_is_followed_from_its_sender_to_the_append_and_into_the_read_models(tallygraph: Commands):
    with collecting() as collector:
        served = tallygraph.serve(OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_BSP_SCHEDULE_DELAY="100", TALLYGRAPH_ACCESS_LOG="1")
        # When a sender with a trace of its own sends events, and asks for figures and an export
        sent = b"\n".join(line(subject="acme", id=id) for id in ("a", "b", "a"))
        answer = served.client.post(f"{served.url}/v1/events?key=hidden", content=sent, headers=bearer(ADMIN) | TOLD)
        assert answer.json()["recorded"] == 2
        assert served.requests(answer.json()) == 2
        completed(served, ask_for_export(served, accountId=served.account_id("acme")))
        served.interrupt()
        assert served.ended() == 0
        # Then, when the service has stopped, all spans have been sent
        [request] = collector.named("POST /v1/events")
        [batch] = collector.named("receive batch")
        [append] = collector.named("append")
        assert [each.trace for each in (request, batch, append)] == [TRACE] * 3
        assert (request.parent, batch.parent, append.parent) == (CALLER, request.id, batch.id)
        assert request.service == "tallygraph-serve"
        assert request.attributes == {
            "tallygraph.request_id": "req-1",
            "http.request.method": "POST",
            "http.route": "/v1/events",
            "http.response.status_code": 200,
        }
        assert batch.attributes == {"tallygraph.dialect": "application/x-ndjson", "tallygraph.events": 3} | {
            f"tallygraph.{outcome}": events for outcome, events in {"recorded": 2, "duplicate": 1, "conflict": 0, "rejected": 0}.items()
        }
        assert append.attributes == {"tallygraph.events": 3}
        projected = eventually(lambda: collector.named("project batch"))
        assert sum(span.attributes["tallygraph.events"] for span in projected) == 2
        assert {span.service for span in projected} == {"tallygraph-project"}
        assert collector.named("GraphQL query")
        assert {span.attributes.get("graphql.operation.type") for span in collector.named("GraphQL mutation")} == {"mutation"}
        requests = {span.id for span in collector.named("POST /graphql")}
        assert all(span.parent in requests for span in collector.named("GraphQL query"))
        assert len(collector.named("export")) == 1
        # And the log names the trace, and nothing that is secret is in either
        told = eventually(lambda: [each for each in map(json.loads, served.errors.splitlines()) if each.get("request_id") == "req-1"])
        [accessed] = told  # a line is written after its answer
        assert (accessed["trace_id"], accessed["span_id"]) == (TRACE, request.id)
        everything = served.errors + repr(collector.spans)
        assert "hidden" not in everything
        assert ADMIN not in everything


def test_a_collector_that_is_away_keeps_nothing_from_working_or_stopping(tallygraph: Commands):
    served = tallygraph.serve("--only", "web", OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{free_port()}")
    assert served.report([line(subject="acme", id="a")])["recorded"] == 1
    served.interrupt()
    assert served.ended() == 0
