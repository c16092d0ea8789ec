"""Whether a download link is good for who presents it. A browser that is signed in to another account is refused, even with a good one."""

from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from domain.sealing import Seal
from jobs.errors import LinkError
from jobs.links import Linked, check_link
from service.sign_in import SESSION_COOKIE
from service.tokens import Gatekeeper

HEADERS = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Links:
    """Only to a link that is good do answers tell that there was something."""

    gatekeeper: Gatekeeper
    seal: Seal

    async def check(self, request: Request, of: Linked, id: UUID, owner: UUID) -> None:
        """Raises LinkError, whatever is wrong: the link, its time, who asks."""
        check_link(of, self.seal, request.query_params.get("token", ""), id, owner, now=datetime.now(UTC))
        viewer = await self.gatekeeper.viewer(request.headers.get("authorization"), request.cookies.get(SESSION_COOKIE))
        if viewer is not None and not viewer.reaches(owner):
            raise LinkError


def refusal(status: HTTPStatus, message: str) -> Response:
    """The answer where there is no file."""
    return JSONResponse({"error": {"code": status.name, "message": message}}, status, HEADERS)
