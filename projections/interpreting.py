"""What is stored becomes events again, is rated with the prices known at its position, and gathered into a change."""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice

from domain.events import RequestCompleted
from domain.names import account_id
from domain.price_events import PriceSet
from domain.prices import Price, PriceBook
from domain.rating import rate
from ledger.shapes import READERS
from projections import usage
from projections.read_model import Recorded

MAX_ACCOUNTS_KNOWN = 100_000
CHUNK = 500  # events that are looked at by everybody before the next are made: their memory is used again

_request = partial(tuple.__new__, Recorded)  # as Recorded itself does, without a call between

Stored = tuple[int, bytes, str, bytes]
"""Position, originator id, topic and state."""


class Interpreter:
    """Knows accounts that it has met."""

    def __init__(self, *, whole: bool) -> None:
        """With `whole`, changes have the events that they are made of."""
        self._whole = whole
        self._accounts: dict[str, bytes] = {}

    def change(self, events: Iterable[Stored], book: PriceBook) -> usage.Change:
        """What they change, one at least, in log order. An event that stands alone ends the batch before it, or is all of it.

        `book` has the prices before them, and gets theirs.
        """
        recorded = self._recorded(events, book)
        gathering = usage.Gathering(whole=self._whole)
        while chunk := [*islice(recorded, CHUNK)]:
            gathering.add(chunk)
        return gathering.change()

    def _recorded(self, events: Iterable[Stored], book: PriceBook) -> Iterator[Recorded]:
        accounts = self._accounts
        for i, (position, originator_id, topic, state) in enumerate(events):
            event = READERS[topic](state)
            account_id = accounts.get(event.account) or self._account(event.account)
            if type(event) is RequestCompleted:  # nearly all are
                yield _request((position, originator_id, account_id, event, rate(book, event, position)))
                continue
            recorded = Recorded(position, originator_id, account_id, event)
            alone = usage.stands_alone(recorded)
            if alone and i:
                return
            if isinstance(event, PriceSet):
                book.add(Price.of(position, event))
            yield recorded
            if alone:
                return

    def _account(self, key: str) -> bytes:
        if len(self._accounts) > MAX_ACCOUNTS_KNOWN:
            self._accounts.clear()
        account = self._accounts[key] = account_id(key).bytes
        return account
