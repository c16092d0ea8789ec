"""What Postgres tells of by NOTIFY, heard by one connection of the process and passed on to whoever it concerns."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier

APPLICATION_NAME = "tallygraph listener"
RECONNECT_SECONDS = 1.0
SILENCE_SECONDS = 5.0  # after which the connection is tried: one that broke without a word would be silent for ever
ANSWER_SECONDS = 5.0

Hear = Callable[[str | None], None]
"""Takes the payload of a notification; null where some may have been missed."""

_log = structlog.get_logger(__name__)


class Listener:
    """News are hints: they are lost while the connection is away. Whoever hears them is told so, again and again until it is back."""

    def __init__(self, database_url: str) -> None:
        """`database_url` must not go through a pooler, which would lose the LISTEN."""
        self._database_url = database_url
        self._channels: dict[str, Hear] = {}

    def on(self, channel: str, hear: Hear) -> None:
        """Pass on to `hear` what is told on a channel, from the next connection on."""
        self._channels[channel] = hear

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Listens meanwhile."""
        listening = asyncio.create_task(self._run())
        try:
            yield
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (psycopg.Error, TimeoutError) as error:
                _log.warning("lost the connection that listens for news", error=str(error))
            self._tell_of_a_gap()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen(self) -> None:
        connection = await AsyncConnection.connect(self._database_url, autocommit=True, application_name=APPLICATION_NAME)
        async with connection:
            for channel in self._channels:
                await connection.execute(SQL("LISTEN {}").format(Identifier(channel)))
            self._tell_of_a_gap()  # whatever was told while nobody listened
            while True:
                async for notification in connection.notifies(timeout=SILENCE_SECONDS):
                    self._pass_on(notification.channel, notification.payload)
                async with asyncio.timeout(ANSWER_SECONDS):
                    await connection.execute("SELECT")

    def _pass_on(self, channel: str, payload: str) -> None:
        hear = self._channels[channel]
        try:
            hear(payload)
        except Exception:  # noqa: BLE001 - anybody who uses the database may tell anything, and so does another version of ours
            _log.warning("what was told cannot be understood", channel=channel, payload=payload[:100])
            hear(None)

    def _tell_of_a_gap(self) -> None:
        for hear in self._channels.values():
            hear(None)
