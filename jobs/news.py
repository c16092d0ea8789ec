"""Which jobs changed, heard from Postgres by one connection of the process and passed on to all who follow one."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier

from jobs.errors import TooManyFollowersError
from jobs.job_states import CHANNEL

MAX_FOLLOWERS = 1_000  # of one process
MAX_FOLLOWERS_PER_ACCOUNT = 100  # of them, of jobs of one account: it cannot take the place of all others
RECONNECT_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class JobNews:
    """News are hints: one may get lost with a connection. Who follows a job looks at it now and then all the same."""

    def __init__(self, database_url: str) -> None:
        """`database_url` must not go through a pooler, which would lose the LISTEN."""
        self._database_url = database_url
        self._followers: defaultdict[UUID, set[asyncio.Event]] = defaultdict(set)
        self._of_accounts: Counter[UUID] = Counter()

    async def run(self) -> None:
        """Listens until it is cancelled."""
        while True:
            try:
                await self._listen()
            except psycopg.Error as error:
                _log.warning("lost the connection that listens for jobs", error=str(error))
            await asyncio.sleep(RECONNECT_SECONDS)

    @contextmanager
    def about(self, job_id: UUID, account_id: UUID) -> Iterator[asyncio.Event]:
        """An event that is set whenever the job, which is of this account, may have changed. Raises TooManyFollowersError."""
        self._check_room(account_id)
        changed = asyncio.Event()
        self._followers[job_id].add(changed)
        self._of_accounts[account_id] += 1
        try:
            yield changed
        finally:
            self._of_accounts -= Counter((account_id,))  # which forgets accounts without followers
            self._followers[job_id].discard(changed)
            if not self._followers[job_id]:
                del self._followers[job_id]

    def _check_room(self, account_id: UUID) -> None:
        if self._of_accounts[account_id] >= MAX_FOLLOWERS_PER_ACCOUNT:
            already = f"{MAX_FOLLOWERS_PER_ACCOUNT} follow exports and audits of this account already (MAX_FOLLOWERS_PER_ACCOUNT)"
            raise TooManyFollowersError(f"{already}: ask for its state instead.")
        if self._of_accounts.total() >= MAX_FOLLOWERS:
            raise TooManyFollowersError(
                f"{MAX_FOLLOWERS} follow exports and audits here already (MAX_FOLLOWERS): ask for its state instead."
            )

    async def _listen(self) -> None:
        connection = await AsyncConnection.connect(self._database_url, autocommit=True, application_name="tallygraph job news")
        async with connection:
            await connection.execute(SQL("LISTEN {}").format(Identifier(CHANNEL)))
            for job_id in list(self._followers):  # whatever changed while nobody listened
                self._tell(job_id)
            async for notification in connection.notifies():
                self._tell(UUID(notification.payload))

    def _tell(self, job_id: UUID) -> None:
        for changed in self._followers.get(job_id, ()):
            changed.set()
