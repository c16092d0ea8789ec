"""What compiled code says of a report that it cannot decode, in our words."""

import re

import msgspec

from domain.event_types import EVENT_TYPES
from ingest.outcomes import UnacceptableError

NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
NO_SUCH = "Invalid value "


def unacceptable(error: Exception) -> UnacceptableError:
    """The compiled checker's words, with its path (`$.data.input[0].quantity`) as the field's name."""
    if not isinstance(error, msgspec.ValidationError):
        return UnacceptableError(None, f"is not JSON: {error}")
    reason, at, path = str(error).rpartition(" - at `$")
    if not at:
        reason, path = path, ""
    field = path.rstrip("`").lstrip(".") or None
    if missing := re.fullmatch(r"Object missing required field `(\w+)`", reason):
        return UnacceptableError(f"{field}.{missing[1]}" if field else missing[1], "is required")
    if field == "type" and reason.startswith(NO_SUCH):
        return UnacceptableError(field, f"{reason.removeprefix(NO_SUCH)} is not a known type: use {', '.join(EVENT_TYPES)}")
    return UnacceptableError(field, reason[:1].lower() + reason[1:].replace("`", ""))
