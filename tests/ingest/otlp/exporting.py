"""How tests export, and read the answers as OpenTelemetry's own library does."""

import httpx
from google.protobuf.json_format import ParseDict
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse

from ingest.otlp.dialect import JSON, PROTOBUF
from tests.ingest.otlp.spans import as_json


async def post(
    client: httpx.AsyncClient, content: bytes, media_type: str = PROTOBUF, *, token: str = "of-acme", **headers: str
) -> httpx.Response:
    """Send one body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {"Content-Type": media_type, "Authorization": f"Bearer {token}"} | named
    return await client.post("/v1/traces", content=content, headers=sent)


async def export(
    client: httpx.AsyncClient, request: ExportTraceServiceRequest, media_type: str = PROTOBUF, **headers: str
) -> ExportTraceServiceResponse:
    """The answer to a request that is taken."""
    response = await post(client, as_json(request) if media_type == JSON else request.SerializeToString(), media_type, **headers)
    assert response.status_code == 200, response.content
    return answer(response)


def answer(response: httpx.Response) -> ExportTraceServiceResponse:
    """In whichever of the two forms it came."""
    if response.headers["content-type"] == JSON:
        return ParseDict(response.json(), ExportTraceServiceResponse())
    assert response.headers["content-type"] == PROTOBUF
    return ExportTraceServiceResponse.FromString(response.content)


def error(response: httpx.Response) -> Status:
    """In whichever of the two forms it came."""
    if response.headers["content-type"] == JSON:
        return ParseDict(response.json(), Status())
    assert response.headers["content-type"] == PROTOBUF
    return Status.FromString(response.content)
