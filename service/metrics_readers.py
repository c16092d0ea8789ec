"""Who may read metrics: the bearer of a token that looks after the whole service, also while the database is away."""

import asyncio
import time
from hashlib import sha256
from http import HTTPStatus

from domain.access import Viewer
from service.tokens import Gatekeeper
from service.unavailable import AWAY

CHECK_SECONDS = 1.0  # for the database: Prometheus gives up after ten
REMEMBER_SECONDS = 3600.0  # whom the database let in last goes on reading while it is away, which is when metrics are needed


class NotForThemError(Exception):
    """Raised when somebody may not read metrics. Carries the HTTP status that says so."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class Readers:
    """Lets those in whose token may operate the whole service, and says whether the database could be asked for it."""

    def __init__(self, gatekeeper: Gatekeeper) -> None:
        self._gatekeeper = gatekeeper
        self._last: tuple[bytes, float] | None = None  # who was let in last, and until when that is good

    async def admit(self, authorization: str | None) -> bool:
        """False where the database is away, and the bearer the one it let in last and has not refused since. Raises NotForThemError."""
        who = sha256((authorization or "").encode()).digest()
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                viewer = await self._gatekeeper.viewer(authorization)
        except (TimeoutError, *AWAY):
            if self._last is None or self._last[0] != who or self._last[1] < time.monotonic():
                raise NotForThemError(HTTPStatus.SERVICE_UNAVAILABLE, "the database cannot be asked who you are: try again later") from None
            return False
        if self._last is not None and self._last[0] == who:
            self._last = None  # what the database says now is what counts when it is away later
        self._check(viewer)
        self._last = who, time.monotonic() + REMEMBER_SECONDS
        return True

    def _check(self, viewer: Viewer | None) -> None:
        if viewer is None:
            raise NotForThemError(HTTPStatus.UNAUTHORIZED, "a valid token is needed: send Authorization: Bearer …")
        if not viewer.operates:
            message = f"the token {viewer.token_name!r} may not read metrics: use one of all accounts with the scope operate"
            raise NotForThemError(HTTPStatus.FORBIDDEN, message)
