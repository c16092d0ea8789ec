"""`GET /v1/audits/<id>/<file name>`: verdict and differences of an audit, for whoever has a link that is still good."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from domain.sealing import Seal
from jobs.audit_document import MEDIA_TYPE, document
from jobs.audit_states import AuditState
from jobs.desk import AuditDesk
from jobs.errors import LinkError
from jobs.links import Linked
from ledger.application import CELL
from ledger.position import Position
from service.linked import HEADERS, Links, refusal


class AuditDownloads:
    """Written while it is sent: audits are kept, so there is no file to keep beside them."""

    def __init__(self, desk: AuditDesk, links: Links, seal: Seal) -> None:
        self._desk = desk
        self._links = links
        self._seal = seal

    async def respond(self, request: Request) -> Response:
        """Send the document."""
        try:
            state = await self._linked(request)
        except LinkError as error:
            return refusal(HTTPStatus.FORBIDDEN, str(error))
        assert state.position is not None, "there is a verdict"
        parts = document(self._desk, state, Position(CELL, state.position).sealed(self._seal))
        disposition = {"Content-Disposition": f'attachment; filename="{state.file_name}"'}
        return StreamingResponse(parts, headers=HEADERS | disposition, media_type=MEDIA_TYPE)

    async def _linked(self, request: Request) -> AuditState:
        """The audit that the link is for. Raises LinkError, whatever is wrong."""
        state = await self._desk.get(request.path_params["id"], None)
        if state is None or state.differences is None or state.file_name != request.path_params["name"]:
            raise LinkError
        await self._links.check(request, Linked.AUDIT, state.id, state.account_id)
        return state
