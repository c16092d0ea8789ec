"""Signing in with a link that works once or with a token, and out again.

The session is a cookie that scripts cannot read and other sites cannot send.
"""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from service.dashboard import Dashboard
from service.tokens import SESSION_LIFETIME, Gatekeeper

SESSION_COOKIE = "tallygraph_session"
COOKIE_LIFETIME = SESSION_LIFETIME + timedelta(days=60)  # the cookie outlives its session: that has ended is not that there was none
MAX_TOKEN_BYTES = 1_024
NOT_KEPT = {"Cache-Control": "no-store", "Vary": "Accept"}
CLOSE = {"Connection": "close"}  # for what was not read of a body
USED_UP = "This sign-in link has been used, or is too old. The command tallygraph tokens link makes another one, or give a token."


class SignIn:
    """`GET /sign-in?code=…`, `POST /sign-in` and `POST /sign-out`."""

    def __init__(self, gatekeeper: Gatekeeper, dashboard: Dashboard) -> None:
        self._gatekeeper = gatekeeper
        self._dashboard = dashboard

    async def enter(self, request: Request) -> Response:
        """Use the code up, and go on to the start page."""
        if request.method == "HEAD":  # of a program that shows what a link leads to: the person has yet to come
            return Response()
        session = await self._gatekeeper.redeem(request.query_params.get("code", ""))
        if session is None:
            if await self._gatekeeper.viewer(None, request.cookies.get(SESSION_COOKIE)) is not None:  # who opens it again is in already
                return RedirectResponse("/", 303, {"Cache-Control": "no-store"})
            return self._dashboard.used_up(request) or PlainTextResponse(USED_UP, 403, NOT_KEPT)
        return _begun(request, session, RedirectResponse("/", 303, {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}))

    async def enter_with_token(self, request: Request) -> Response:
        """Begin a session for the token that is the body: the browser keeps that, and forgets the token."""
        token = b""
        async for part in request.stream():
            token += part
            if len(token) > MAX_TOKEN_BYTES:
                return PlainTextResponse(f"This is no token: it is longer than {MAX_TOKEN_BYTES} bytes.", 413, CLOSE)
        session = await self._gatekeeper.begin(token.decode(errors="replace"))
        if session is None:
            return PlainTextResponse("This token is unknown, has expired or was revoked: use another.", 403)
        return _begun(request, session, Response(status_code=204, headers={"Cache-Control": "no-store"}))

    async def leave(self, request: Request) -> Response:
        """End the session, of which there may be copies, and have the browser forget it."""
        session = request.cookies.get(SESSION_COOKIE)
        if session is not None:
            await self._gatekeeper.end(session)
        response = RedirectResponse("/", 303)
        if session is not None:  # else another site sent the form, to sign the person out
            response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
        return response


def _begun(request: Request, session: str, response: Response) -> Response:
    secure = request.url.scheme == "https"
    lifetime = int(COOKIE_LIFETIME.total_seconds())
    response.set_cookie(SESSION_COOKIE, session, max_age=lifetime, httponly=True, samesite="lax", secure=secure)
    return response
