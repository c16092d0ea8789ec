"""`POST /v1/litellm`: the LiteLLM proxy's `generic_api` callback, in its three log formats. docs/litellm.md says how to set it up."""

import msgspec
from starlette.responses import Response

from domain import limits
from ingest import bodies
from ingest.bodies import BodyError
from ingest.decoding import NOT_JSON
from ingest.dialects import Dialect, Reading
from ingest.litellm import events
from ingest.litellm.payloads import call_id, without_texts
from ingest.outcomes import Receipt

NAME = "litellm"
TAKEN = ("application/json", "application/x-ndjson")
READING = Reading(NAME, events.parse, call_id, without_texts)


class LiteLLM(Dialect):
    """Whose usage it is, the token or the header Tallygraph-Account says."""

    names_accounts = False

    def reading(self, media_type: str) -> Reading:  # noqa: ARG002 - one for all
        """The same for each log format."""
        return READING

    def reports(self, content: bytes, media_type: str, limit: int = limits.MAX_EXPANDED_BODY_BYTES) -> list[bytes]:  # noqa: ARG002
        """An array (`json_array`), one object (`single`), or an object a line (`ndjson`): the proxy calls all three application/json."""
        if media_type not in TAKEN:
            raise BodyError(415, f"the content type {media_type!r} is not known: use {TAKEN[0]}, as the proxy does in every log format")
        if content.lstrip()[:1] == b"[" or _is_json(content):
            return bodies.reports(content, "application/json")
        lines = bodies.reports(content, "application/x-ndjson")
        if lines and not any(map(_is_json, lines)):
            raise BodyError(400, "the body is neither a JSON array, nor an object, nor objects a line: see docs/litellm.md")
        return lines

    def answer(self, receipt: Receipt, media_type: str) -> Response:  # noqa: ARG002
        """Always 200: the proxy would only drop what else stood in the body. What was refused is kept aside, and in the receipt."""
        return Response(msgspec.json.encode(receipt), media_type="application/json")


def _is_json(content: bytes) -> bool:
    try:
        msgspec.json.decode(content, type=msgspec.Raw)
    except NOT_JSON:
        return False
    return True
