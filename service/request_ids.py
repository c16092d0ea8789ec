"""What a request is called, in its answer and in the log: as the caller calls it, if that can stand in a log, or by a name of ours."""

import re
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.types import Scope

from domain.limits import MAX_REQUEST_ID_CHARACTERS

HEADER = "x-request-id"
SANE = re.compile(rf"[A-Za-z0-9._:/+=@-]{{1,{MAX_REQUEST_ID_CHARACTERS}}}", re.ASCII)


def id_of(scope: Scope) -> str:
    """From the header X-Request-Id. What is empty, too long, or could forge a line of a log is replaced, not refused."""
    told = Headers(scope=scope).get(HEADER, "")
    return told if SANE.fullmatch(told) else uuid4().hex
