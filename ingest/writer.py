"""Appends what is prepared; an account that was not known yet is, before it has an event."""

from domain.price_events import PLATFORM
from ledger import accounts
from ledger.application import Ledger, Recording
from ledger.entries import Entries


class Writer:
    """Of one process, and used by one thread at a time."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known_accounts: set[str] = set()

    def append(self, entries: Entries) -> Recording:
        """What became of each. Durable when it returns; raises what Postgres raised."""
        self.make_known(entries)
        return self._ledger.append(entries)

    def strangers(self, entries: Entries) -> set[str]:
        """Accounts that are not known yet."""
        return entries.accounts - self._known_accounts - {PLATFORM}

    def make_known(self, found: Entries) -> None:
        """Those that are not are from now on."""
        if strangers := self.strangers(found):
            self._ledger.beside(lambda connection: accounts.ensure(connection, strangers, self._ledger.cell))
            self._known_accounts |= strangers
