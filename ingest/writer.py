"""Appends what is prepared; an account that was not known yet is, before it has an event."""

from collections.abc import Iterable

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
        self._make_known(entries.accounts)
        return self._ledger.append(entries)

    def append_as_made(self, parts: Iterable[Entries]) -> Recording | None:
        """The same, while they are being made. Null, and nothing is recorded, where they have to be appended when all are made."""
        return self._ledger.append_as_made(map(self._of_the_known, parts))

    def _of_the_known(self, part: Entries) -> Entries:
        self._make_known(part.accounts)
        return part

    def _make_known(self, found: set[str]) -> None:
        if strangers := found - self._known_accounts - {PLATFORM}:
            self._ledger.beside(lambda connection: accounts.ensure(connection, strangers, self._ledger.cell))
            self._known_accounts |= strangers
