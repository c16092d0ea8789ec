"""Requests and buckets that Postgres writes as the answer shows them: where nothing but columns is selected, a row is its JSON.

To make an object of a row, a dictionary of the object and a text of the dictionary is most of what a page of history costs.
"""

from collections.abc import Mapping
from typing import TypeVar

from graph.context import Info
from graph.selection import RememberingInfo, parts_of_nodes
from projections import buckets_drawn, history_drawn

T = TypeVar("T")

MAX_NAME_CHARACTERS = 256

COLUMNS = {
    "requestId": "request_id",
    "source": "source",
    "eventId": "event_id",
    "version": "version",
    "requestType": "request_type",
    "model": "model",
    "modelVersion": "model_version",
    "provider": "provider",
    "technology": "technology",
    "channel": "channel",
    "inputTokens": "input_tokens",
    "outputTokens": "output_tokens",
    "totalTokens": "total_tokens",
    "timestamp": "occurred_at",
    "statusCode": "status_code",
    "errorMessage": "error_message",
    "serviceTier": "service_tier",
    "fee": "fee",
    "reportedCost": "reported_cost",
    "voided": "voided",
}


BUCKET = {
    "time": "time",
    "model": "model",
    "provider": "provider",
    "requests": "requests",
    "totalTokens": "total_tokens",
    "errorCount": "error_count",
    "totalFee": "total_fee",
    "reportedCost": "reported_cost",
    "unpricedRequests": "unpriced_requests",
}
LINE = dict.fromkeys(("category", "label", "count", "unit", "fee"))
PARTS = {"apiKey": ("api_key", ("id", "name")), "input": ("input", LINE), "output": ("output", LINE)}


def drawn_requests(info: Info) -> history_drawn.Shown | None:
    """The columns of the connection's nodes by what the answer calls them, where all that is selected are columns.

    Null where objects are needed, and outside plans: graphql-core wants objects.
    """
    return info.remembered("drawn", lambda: _requests(info)) if isinstance(info, RememberingInfo) else None


def drawn_buckets(info: Info) -> buckets_drawn.Shown | None:
    """The same of buckets, of which there are parts: API keys, and lines of both sides."""
    return info.remembered("drawn", lambda: _buckets(info)) if isinstance(info, RememberingInfo) else None


def _requests(info: Info) -> history_drawn.Shown | None:
    return _known({name: COLUMNS.get(field) for name, field, _ in _fields(info)})


def _buckets(info: Info) -> buckets_drawn.Shown | None:
    fields = _fields(info)
    parts = [field for _, field, _ in fields if field in PARTS]
    if len({*parts}) < len(parts):  # they are made once
        return None
    return _known({name: _part(field, below) if field in PARTS else BUCKET.get(field) for name, field, below in fields})


def _part(field: str, below: list[tuple[str, str]]) -> buckets_drawn.Part | None:
    name, columns = PARTS[field]
    return buckets_drawn.Part(name, dict(below)) if all(each in columns for _, each in below) else None


def _fields(info: Info) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Those of the nodes, where they are selected in one way; none otherwise."""
    ways = parts_of_nodes(info)
    return ways[0] if len(ways) == 1 else []


def _known(shown: Mapping[str, T | None]) -> dict[str, T] | None:
    """All of it, or nothing. Names are part of the statement, of which several are kept."""
    known = {name: each for name, each in shown.items() if each is not None and len(name) <= MAX_NAME_CHARACTERS}
    return known if known and len(known) == len(shown) else None
