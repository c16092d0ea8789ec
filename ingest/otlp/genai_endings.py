"""How a request ended, by its span."""

from typing import NamedTuple

import msgspec

from ingest.checks import NUL, message
from ingest.otlp.attributes import Attributes, decoded
from ingest.otlp.genai_words import ERROR_CODE, ERROR_TYPE, HTTP_STATUS, STATUS_CODES
from ingest.otlp.spans import Span
from ingest.outcomes import UnacceptableError

ERROR = (2, "STATUS_CODE_ERROR")


class Status(msgspec.Struct, gc=False):
    code: int | str | None = None
    message: str | None = None


class Ending(NamedTuple):
    status_code: int | None
    error_message: str | None


def ending(span: Span, attributes: Attributes) -> Ending:
    """It failed where the span's status is an error, or an `error.type` is there. The code is one that is told, or that of the error."""
    status = decoded(span.status, Status | None, "status") or Status()
    if "\0" in (status.message or ""):
        raise UnacceptableError("status.message", NUL)
    code, error = attributes.count(HTTP_STATUS), attributes.text(ERROR_TYPE)
    if code is not None and not 200 <= code <= 599:
        raise UnacceptableError(HTTP_STATUS[0], f"{code} is not a status from 200 to 599")
    if error is None and status.code not in ERROR:
        return Ending(code, None)
    if code is None or code < 400:  # an answer that began well may end badly
        code = _code(status.message or "", error or "")
    return Ending(code, message(status.message or error or "the span's status is an error, and says no more"))


def _code(told: str, error: str) -> int | None:
    if found := ERROR_CODE.match(told):
        return int(found[1])
    if error in {str(code) for code in range(400, 600)}:
        return int(error)
    return STATUS_CODES.get(error.rpartition(".")[2])
