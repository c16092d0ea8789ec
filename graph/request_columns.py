"""Which columns of history each field of a request needs. What is not selected is not read."""

from graph.context import Info
from graph.selection import needed, selected_of_nodes

COLUMNS = {
    "requestId": ("request_id",),
    "source": ("source",),
    "eventId": ("event_id",),
    "version": ("version",),
    "requestType": ("request_type",),
    "model": ("model",),
    "modelVersion": ("model_version",),
    "provider": ("provider",),
    "technology": ("technology",),
    "channel": ("channel",),
    "apiKey": ("api_key",),
    "deployment": ("deployment",),
    "inputTokens": ("input_tokens",),
    "outputTokens": ("output_tokens",),
    "totalTokens": ("total_tokens",),
    "input": ("input",),
    "output": ("output",),
    "timeToFirstToken": ("ttft_ns",),
    "latency": ("latency_ns",),
    "gatewayLatency": ("gateway_latency_ns",),
    "statusCode": ("status_code",),
    "errorMessage": ("error_message",),
    "serviceTier": ("service_tier",),
    "fee": ("fee",),
    "reportedCost": ("reported_cost",),
    "voided": ("voided",),
    "ratedLines": ("source", "event_id", "model", "provider", "service_tier", "channel", "input", "output", "rated_at"),
}
NAME_OF_KEY = {"name": ("api_key_name",)}


def columns_of(info: Info) -> frozenset[str]:
    """What the requests of the connection that is being resolved need, beside their key."""
    return needed(selected_of_nodes(info), COLUMNS) | needed(selected_of_nodes(info, "apiKey"), NAME_OF_KEY)
