"""`GET /v1/exports/<id>/<file name>`: a finished export, for whoever has a link that is still good, and for nobody of another account."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from jobs.desk import ExportDesk
from jobs.errors import LinkError
from jobs.export_states import ExportState
from jobs.links import Linked
from jobs.request import ExportFormat
from service.linked import HEADERS, Links, refusal

MEDIA_TYPES: dict[ExportFormat, str] = {
    "XLSX": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "CSV": "text/csv; charset=utf-8; header=present",
    "PARQUET": "application/vnd.apache.parquet",
}


class Downloads:
    """Answers ranges and ETags."""

    def __init__(self, desk: ExportDesk, links: Links) -> None:
        self._desk = desk
        self._links = links

    async def respond(self, request: Request) -> Response:
        """Send the file. Only to a link that is good do we tell that there was one."""
        try:
            state = await self._linked(request)
        except LinkError as error:
            return refusal(HTTPStatus.FORBIDDEN, str(error))
        path = self._desk.file(state)
        if path is None:
            return refusal(HTTPStatus.NOT_FOUND, "The file of this export is not there any more: ask for a new export.")
        media_type = MEDIA_TYPES[state.format]
        response = FileResponse(path, headers=HEADERS, media_type=media_type, filename=state.file_name, stat_result=path.stat())
        if request.headers.get("if-none-match") == response.headers["etag"]:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={**HEADERS, "ETag": response.headers["etag"]})
        return response

    async def _linked(self, request: Request) -> ExportState:
        """The export that the link is for. Raises LinkError, whatever is wrong: the export, the link, its time, the name, who asks."""
        state = await self._desk.get(request.path_params["id"], None)
        if state is None or state.file_name != request.path_params["name"]:
            raise LinkError
        await self._links.check(request, Linked.EXPORT, state.id, state.account_id)
        return state
