"""Whose router usage may have changed: told with every commit of the read models, and passed on to those who follow it."""

from collections.abc import Collection
from uuid import UUID

import msgspec

from ledger.application import CELL
from ledger.followers import Followers, Place
from ledger.listening import Listener
from projections.reached import Reached

CHANNEL = "tallygraph_read_models"
MAX_ACCOUNTS_TOLD = 150  # Postgres takes payloads of less than 8,000 bytes
MAX_FOLLOWERS = 5_000  # of one process
MAX_FOLLOWERS_PER_ACCOUNT = 2_000


class Moved(msgspec.Struct, frozen=True):
    """The read models of a cell include the log up to a position."""

    cell: str
    position: int
    accounts: Collection[UUID] | None  # whose router usage this may have changed; null for anybody's

    def payload(self) -> str:
        """To be told."""
        told = self.accounts is None or len(self.accounts) <= MAX_ACCOUNTS_TOLD
        return msgspec.json.encode(self if told else msgspec.structs.replace(self, accounts=None)).decode()


class UsageNews:
    """News are hints, never the truth: whoever gets one looks for themselves."""

    def __init__(self, listener: Listener, cell: str = CELL) -> None:
        self.reached = Reached()
        self._cell = cell
        self._followers = Followers[UUID](
            "router usage", "ask for it now and then instead", most=MAX_FOLLOWERS, most_per_account=MAX_FOLLOWERS_PER_ACCOUNT
        )
        listener.on(CHANNEL, self._hear)

    def about(self, account_id: UUID) -> Place[UUID]:
        """Set whenever the account's router usage may have changed. Raises TooManyFollowersError."""
        return self._followers.about(account_id, account_id)

    def _hear(self, payload: str | None) -> None:
        if payload is None:
            self.reached.tell(None)
            self._followers.tell_all()
            return
        moved = msgspec.json.decode(payload, type=Moved)
        if moved.cell != self._cell:
            return
        self.reached.tell(moved.position)
        if moved.accounts is None:
            self._followers.tell_all()
        else:
            for account_id in moved.accounts:
                self._followers.tell(account_id)
