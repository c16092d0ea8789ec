"""Signing in with a link that works once, and out again. The session is a cookie that scripts cannot read and other sites cannot send."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from service.tokens import SESSION_LIFETIME, Gatekeeper

SESSION_COOKIE = "tallygraph_session"


class SignIn:
    """`GET /sign-in?code=…` and `POST /sign-out`."""

    def __init__(self, gatekeeper: Gatekeeper) -> None:
        self._gatekeeper = gatekeeper

    async def enter(self, request: Request) -> Response:
        """Use the code up, and go on to the start page."""
        if request.method == "HEAD":  # of a program that shows what a link leads to: the person has yet to come
            return Response()
        session = await self._gatekeeper.redeem(request.query_params.get("code", ""))
        if session is None:
            return PlainTextResponse("This sign-in link has been used, or is too old. Start the service again for another one.", 403)
        response = RedirectResponse("/", 303, {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"})
        response.set_cookie(
            SESSION_COOKIE,
            session,
            max_age=int(SESSION_LIFETIME.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return response

    async def leave(self, request: Request) -> Response:
        """End the session, of which there may be copies, and have the browser forget it."""
        session = request.cookies.get(SESSION_COOKIE)
        if session is not None:
            await self._gatekeeper.end(session)
        response = RedirectResponse("/", 303)
        response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
        return response
