"""Senders that cannot be asked to come again are known for a while without the database: by the token that was good a moment ago."""

import asyncio
import time
from collections.abc import Callable
from hashlib import sha256

from domain.access import Viewer
from graph.database_errors import AWAY
from ingest.endpoint import Authenticate

PATIENCE_SECONDS = 0.25  # how long the database is waited for, where the bearer is remembered
PAUSE_SECONDS = 1.0  # how long it is left alone after that
MEMORY_SECONDS = 900.0  # after a token was last seen to be good it is believed, as long as the database is away
MAX_REMEMBERED = 1_000


class RememberingGate:
    """Asks `authenticate`; where the database does not answer, remembers. A token that is found revoked is forgotten at once."""

    def __init__(self, authenticate: Authenticate, *, stopwatch: Callable[[], float] = time.monotonic) -> None:
        """`stopwatch` tells how long ago a token was good, in seconds."""
        self._authenticate = authenticate
        self._stopwatch = stopwatch
        self._good: dict[bytes, tuple[float, Viewer]] = {}  # until when, and whose
        self._ask_again = 0.0

    async def viewer(self, authorization: str | None) -> Viewer | None:
        """The bearer; null where the token is not valid. Raises what the database raised where nobody is remembered."""
        now = self._stopwatch()
        key = sha256((authorization or "").encode()).digest()
        until, known = self._good.get(key, (now, None))
        if known is None or until <= now:
            return self._learnt(key, await self._authenticate(authorization))
        if now < self._ask_again:
            return known
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                found = await self._authenticate(authorization)
        except (TimeoutError, *AWAY):
            self._ask_again = self._stopwatch() + PAUSE_SECONDS
            return known
        return self._learnt(key, found)

    def _learnt(self, key: bytes, viewer: Viewer | None) -> Viewer | None:
        self._good.pop(key, None)
        if viewer is not None:
            if len(self._good) >= MAX_REMEMBERED:
                self._good.pop(next(iter(self._good)))  # the one that has not been seen for longest
            self._good[key] = (self._stopwatch() + MEMORY_SECONDS, viewer)
        return viewer
