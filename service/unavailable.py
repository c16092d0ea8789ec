"""What clients are told while the database is away: that, and not that we have a fault to mend."""

from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from graph.database_errors import AWAY

log = structlog.get_logger(__name__)

MESSAGE = "The database cannot be reached now: try again in a moment."
HEADERS = {"Retry-After": "1", "Cache-Control": "no-store"}


async def respond(_: Request, error: Exception) -> Response:
    """503, in the place of an error of AWAY."""
    log.warning("the database did not answer", error=str(error).partition("\n")[0])
    return JSONResponse({"error": {"code": HTTPStatus.SERVICE_UNAVAILABLE.name, "message": MESSAGE}}, 503, HEADERS)


HANDLERS = dict.fromkeys(AWAY, respond)
