"""Persisted documents: those that clients name by their SHA-256, and need not send."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

MAX_PERSISTED_BYTES = 16 * 1024 * 1024  # of all accounts together
MAX_DOCUMENT_BYTES = 64 * 1024  # a longer one has more characters than a document may have
MIN_COUNTED_BYTES = 1024  # what a document counts as at least, since it takes more than its text; so there are 16,384 at most


@dataclass(slots=True)
class Shelf:
    """What one account has registered: by name, with what was named last at the end."""

    texts: dict[str, bytes] = field(default_factory=dict)
    size: int = 0


class Documents:
    """Those that everybody may name, and beside them those that each account has registered, which no other account finds.

    Where there is no room for another, the account that holds most gives up the one that it has not named for longest. So an
    account that holds no more than an equal share loses nothing, whatever others do.
    """

    def __init__(self, trusted: Iterable[str] = (), max_bytes: int = MAX_PERSISTED_BYTES) -> None:
        self._trusted = {name_of(text): text for text in trusted}
        self._max_bytes = max_bytes
        self._size = 0
        self._shelves: dict[str | None, Shelf] = {}  # null: of tokens for all accounts

    def find(self, account: str | None, name: str) -> str | None:
        """The document of this name; null where it is not known to the account, or not any more."""
        if name in self._trusted:
            return self._trusted[name]
        shelf = self._shelves.get(account)
        if shelf is None or name not in shelf.texts:
            return None
        shelf.texts[name] = text = shelf.texts.pop(name)
        return text.decode()

    def keep(self, account: str | None, text: str) -> None:
        """Know it, for as long as there is room. One that is too long to be executed is not kept."""
        name, kept = name_of(text), text.encode()
        if self.find(account, name) is not None or len(kept) > MAX_DOCUMENT_BYTES:
            return
        shelf = self._shelves.setdefault(account, Shelf())
        shelf.texts[name] = kept
        self._count(shelf, _size(kept))
        while self._size > self._max_bytes:
            self._give_up_one()

    def _give_up_one(self) -> None:
        account, shelf = max(self._shelves.items(), key=lambda held: held[1].size)
        self._count(shelf, -_size(shelf.texts.pop(next(iter(shelf.texts)))))
        if not shelf.texts:
            del self._shelves[account]

    def _count(self, shelf: Shelf, size: int) -> None:
        shelf.size += size
        self._size += size


def name_of(text: str) -> str:
    """The SHA-256 of a document, in hexadecimal."""
    return sha256(text.encode()).hexdigest()


def _size(text: bytes) -> int:
    return max(len(text), MIN_COUNTED_BYTES)
