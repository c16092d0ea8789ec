"""How usage can be told: each dialect takes bodies apart into reports, makes an event of each, and answers in its own way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

import msgspec
from starlette.responses import Response

from domain import limits
from domain.events import UsageEvent
from ingest import cloudevents
from ingest.bodies import reports
from ingest.outcomes import Receipt, Sender


@dataclass(frozen=True, slots=True)
class Reading:
    """What makes events of reports. Its functions are known by name, for processes of their own do the work."""

    name: str  # kept beside what is refused
    parse: Callable[[bytes, Sender, int], UsageEvent]  # by the last acceptable time, microseconds since 1970; raises UnacceptableError
    reported_id: Callable[[bytes], str | None]  # what a report that was refused calls itself
    kept: Callable[[bytes], bytes] = (
        bytes  # what of such a report is kept aside: all of it, unless there is more than an event can be made of
    )


def in_cloudevents(name: str) -> Reading:
    """The reading of CloudEvents that came by way of `name`."""
    return Reading(name, cloudevents.parse, cloudevents.reported_id)


class Dialect:
    """CloudEvents in JSON. Others differ in what they override."""

    names_accounts = True  # each event says whose it is; else a token of one account does, or the header Tallygraph-Account

    def reading(self, media_type: str) -> Reading:
        """For bodies of this type."""
        return in_cloudevents(media_type)

    def reports(self, content: bytes, media_type: str, limit: int = limits.MAX_EXPANDED_BODY_BYTES) -> list[bytes]:  # noqa: ARG002
        """The single reports of a body. Raises BodyError, TooLargeError where they are larger together than `limit` bytes, and the body."""
        return reports(content, media_type)

    def answer(self, receipt: Receipt, media_type: str) -> Response:  # noqa: ARG002
        """200 if anything of the batch stands; 422 if nothing does."""
        return Response(msgspec.json.encode(receipt), 200 if receipt.accepted else 422, media_type="application/json")

    def error(self, status: int, message: str, media_type: str, headers: Mapping[str, str] | None = None) -> Response:  # noqa: ARG002
        """Why nothing of a body was taken."""
        body = {"error": {"code": HTTPStatus(status).name, "message": message}}
        return Response(msgspec.json.encode(body), status, headers, "application/json")
