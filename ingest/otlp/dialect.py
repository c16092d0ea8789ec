"""OpenTelemetry's traces: `POST /v1/traces`, as OTLP over HTTP has it, in protobuf or JSON. Spans of requests to models are usage.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from google.rpc import code_pb2
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTracePartialSuccess, ExportTraceServiceResponse
from starlette.responses import Response

from domain import limits
from ingest.bodies import BodyError, TooLargeError
from ingest.decoding import NOT_JSON
from ingest.dialects import Dialect, Reading
from ingest.otlp import genai_requests, in_json, in_protobuf
from ingest.otlp.genai_spans import requests
from ingest.otlp.spans import SpanInPlace, encoded
from ingest.otlp.wire import TooManyFieldsError
from ingest.outcomes import Receipt, Refused

PROTOBUF, JSON = "application/x-protobuf", "application/json"
READING = Reading("otlp", genai_requests.parse, genai_requests.reported_id)
MAX_REASONS = 3  # of spans that were refused, in the answer
CODES = {
    400: code_pb2.INVALID_ARGUMENT,
    401: code_pb2.UNAUTHENTICATED,
    403: code_pb2.PERMISSION_DENIED,
    413: code_pb2.RESOURCE_EXHAUSTED,
    415: code_pb2.INVALID_ARGUMENT,
    503: code_pb2.UNAVAILABLE,
}


class Traces(Dialect):
    """Each report is one span, in JSON, without what is not read of it."""

    names_accounts = False

    def reading(self, media_type: str) -> Reading:  # noqa: ARG002
        """One for both."""
        return READING

    def reports(self, content: bytes, media_type: str, limit: int = limits.MAX_EXPANDED_BODY_BYTES) -> list[bytes]:
        """The spans of requests. Other spans are taken, and nothing becomes of them."""
        if media_type == PROTOBUF:
            return _in_protobuf(content, limit)
        if media_type == JSON:
            return _in_json(content, limit)
        raise BodyError(415, f"the content type {media_type!r} is not known: use {PROTOBUF} or {JSON}")

    def answer(self, receipt: Receipt, media_type: str) -> Response:
        """200, whatever became of the spans: none of them is to be sent again as it is."""
        refused = sorted((*receipt.conflicts, *receipt.rejected), key=lambda each: each.index)
        if media_type == PROTOBUF:
            partial = ExportTracePartialSuccess(rejected_spans=len(refused), error_message=_reasons(refused)) if refused else None
            return Response(ExportTraceServiceResponse(partial_success=partial).SerializeToString(), media_type=PROTOBUF)
        body = {"partialSuccess": {"rejectedSpans": str(len(refused)), "errorMessage": _reasons(refused)}} if refused else {}
        return Response(msgspec.json.encode(body), media_type=JSON)

    def error(self, status: int, message: str, media_type: str, headers: Mapping[str, str] | None = None) -> Response:
        """A google.rpc.Status."""
        code = CODES.get(status, code_pb2.UNKNOWN)
        if media_type == PROTOBUF:
            return Response(Status(code=code, message=message).SerializeToString(), status, headers, PROTOBUF)
        return Response(msgspec.json.encode({"code": code, "message": message}), status, headers, JSON)


def _in_protobuf(content: bytes, limit: int) -> list[bytes]:
    found: list[SpanInPlace] = []
    damaged: list[SpanInPlace] = []
    try:
        for each in in_protobuf.spans(content):
            (damaged if each.damage else found).append(each)
    except TooManyFieldsError:
        raise BodyError(413, _too_many(f"{limits.MAX_SPANS_PER_BATCH} spans and groups of them (MAX_SPANS_PER_BATCH)")) from None
    except in_protobuf.UNREADABLE as error:
        raise BodyError(400, f"the body is not an ExportTraceServiceRequest in protobuf: {error}") from None
    return _bounded(map(encoded, [*requests(found), *damaged]), limit)


def _in_json(content: bytes, limit: int) -> list[bytes]:
    try:
        return _bounded(map(encoded, requests(in_json.spans(content))), limit)
    except in_json.TooManyError as error:
        raise BodyError(413, _too_many(str(error))) from None
    except NOT_JSON as error:
        raise BodyError(400, f"the body is not an ExportTraceServiceRequest in JSON: {error}") from None


def _bounded(reports: Iterable[bytes], limit: int) -> list[bytes]:
    """All of them, with what they share repeated in each. Raises BodyError past the limit of a batch, TooLargeError past `limit` bytes."""
    found: list[bytes] = []
    size = 0
    for report in reports:
        found.append(report)
        size += len(report)
        if len(found) > limits.MAX_EVENTS_PER_BATCH:
            raise BodyError(413, _too_many(f"{limits.MAX_EVENTS_PER_BATCH} spans of requests (MAX_EVENTS_PER_BATCH)"))
        if size > limit:
            raise TooLargeError(f"the spans, each with its resource, are larger than {limit} bytes (MAX_EXPANDED_BODY_BYTES)")
    return found


def _too_many(what: str) -> str:
    return f"there are more than {what} in the body: send them in parts"


def _reasons(refused: Sequence[Refused]) -> str:
    """How many, and why the first of them are."""
    told = [": ".join(filter(None, (each.id, each.field, each.message))) for each in refused[:MAX_REASONS]]
    rest = len(refused) - len(told)
    more = f"; and {rest} more" if rest else ""
    return f"{len(refused)} refused, and kept aside: {'; '.join(told)}{more}"
