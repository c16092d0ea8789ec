"""`GET /v1/exports/<id>/<file name>`: a finished export, for whoever has a link that is still good, and for nobody of another account."""

from datetime import UTC, datetime
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from domain.sealing import Seal
from jobs.desk import ExportDesk
from jobs.errors import LinkError
from jobs.export_states import ExportState
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
        """Send the file. Only to a link that is good do we tell that there was one."""
        try:
            state = await self._linked(request)
        except LinkError as error:
            return _refusal(HTTPStatus.FORBIDDEN, str(error))
        path = self._desk.file(state)
        if path is None:
            return _refusal(HTTPStatus.NOT_FOUND, "The file of this export is not there any more: ask for a new export.")
        response = FileResponse(path, headers=HEADERS, media_type=MEDIA_TYPE, filename=state.file_name, stat_result=path.stat())
        if request.headers.get("if-none-match") == response.headers["etag"]:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={**HEADERS, "ETag": response.headers["etag"]})
        return response

    async def _linked(self, request: Request) -> ExportState:
        """The export that the link is for. Raises LinkError, whatever is wrong: the export, the link, its time, the name, who asks."""
        state = await self._desk.get(request.path_params["id"], None)
        if state is None or state.file_name != request.path_params["name"]:
            raise LinkError
        check_link(self._seal, request.query_params.get("token", ""), state.id, state.account_id, now=datetime.now(UTC))
        viewer = await self._gatekeeper.viewer(request.headers.get("authorization"), request.cookies.get(SESSION_COOKIE))
        if viewer is not None and not viewer.reaches(state.account_id):
            raise LinkError
        return state


def _refusal(status: HTTPStatus, message: str) -> Response:
    return JSONResponse({"error": {"code": status.name, "message": message}}, status, HEADERS)
