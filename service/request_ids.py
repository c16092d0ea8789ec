"""What a request is called, in its answer and in the log: as the caller calls it, if that can stand in a log, or by a name of ours."""

import re
from secrets import token_hex

from starlette.types import Scope

from domain.limits import MAX_REQUEST_ID_CHARACTERS

HEADER = b"x-request-id"
SANE = re.compile(rf"[A-Za-z0-9._:/+=@-]{{1,{MAX_REQUEST_ID_CHARACTERS}}}", re.ASCII)


def id_of(scope: Scope) -> str:
    """From the header X-Request-Id. What is empty, too long, or could forge a line of a log is replaced, not refused."""
    told = next((value for name, value in scope["headers"] if name == HEADER), b"").decode("latin-1")
    return told if SANE.fullmatch(told) else token_hex(16)
