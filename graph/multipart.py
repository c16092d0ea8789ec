"""Results as parts of one answer: what Apollo's clients ask for, where they are told of nothing else to subscribe with.

https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol
"""

from graphql import GraphQLError
from strawberry.types import ExecutionResult

from graph.event_stream import HEADERS, EventStream
from graph.media_types import JSON, MULTIPART
from graph.operation import payload
from graph.wire import encode

CONTENT_TYPE = f'{MULTIPART};boundary="graphql";subscriptionSpec="1.0"'
PART_HEADERS = [(b"content-type", CONTENT_TYPE.encode()), *(header for header in HEADERS if header[0] != b"content-type")]
DELIMITER = b"\r\n--graphql"


def part(content: object) -> bytes:
    """One part, with the delimiter after it: without that, a client would not know that it has all of the part."""
    return b"\r\ncontent-type: %b; charset=utf-8\r\n\r\n%b" % (JSON.encode(), encode(content)) + DELIMITER


class Multipart(EventStream):
    """An ASGI response: a part a result, an empty one every `heartbeat_seconds`."""

    headers = PART_HEADERS
    opening = DELIMITER
    heartbeat = part({})

    def result(self, result: ExecutionResult) -> bytes:
        return part({"payload": payload(result)})

    def failure(self, error: GraphQLError) -> bytes:
        return part({"payload": None, "errors": [error.formatted]})

    def end(self) -> bytes:
        return b"--\r\n"
