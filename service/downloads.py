"""`GET /v1/exports/<id>/<file name>`: a finished export, for whoever has a link that is still good, and for nobody of another account."""

from datetime import UTC, datetime
from http import HTTPStatus
from uuid import UUID

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from domain.sealing import Seal
from jobs.desk import ExportDesk
from jobs.errors import LinkError
from jobs.links import check_link
from service.sign_in import SESSION_COOKIE
from service.tokens import Gatekeeper

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADERS = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}


class Downloads:
    """Answers ranges and ETags. A browser that is signed in to another account is refused, even with a good link."""

    def __init__(self, desk: ExportDesk, gatekeeper: Gatekeeper, seal: Seal) -> None:
        self._desk = desk
        self._gatekeeper = gatekeeper
        self._seal = seal

    async def respond(self, request: Request) -> Response:
        """Send the file."""
        export_id: UUID = request.path_params["id"]
        state = await self._desk.get(export_id, None)
        if state is None:
            return _refusal(404, "There is no such export.")
        try:
            check_link(self._seal, request.query_params.get("token", ""), export_id, state.account_id, now=datetime.now(UTC))
        except LinkError as error:
            return _refusal(403, str(error))
        viewer = await self._gatekeeper.viewer(request.headers.get("authorization"), request.cookies.get(SESSION_COOKIE))
        if viewer is not None and not viewer.reaches(state.account_id):
            return _refusal(404, "There is no such export.")
        path = self._desk.file(state)
        if path is None or state.file_name != request.path_params["name"]:
            return _refusal(404, "The file of this export is not there (any more): ask for a new export.")
        return FileResponse(path, headers=HEADERS, media_type=MEDIA_TYPE, filename=state.file_name)


def _refusal(status: int, message: str) -> Response:
    return JSONResponse({"error": {"code": HTTPStatus(status).name, "message": message}}, status, HEADERS)
