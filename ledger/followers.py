"""Those of a process who wait for news, each of one thing. Nothing queues up: news that come before they look are told as one."""

import asyncio
from collections import Counter, defaultdict
from typing import Generic, TypeVar
from uuid import UUID

Key = TypeVar("Key")


class News:
    """What one follower waits for. An asyncio.Event does the same for any number of those who wait, and is five times as large."""

    __slots__ = ("_there", "_waiting")

    def __init__(self) -> None:
        self._there = False
        self._waiting: asyncio.Future[None] | None = None

    def set(self) -> None:
        """There may be something new."""
        self._there = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def clear(self) -> None:
        """What is new up to now is going to be looked at."""
        self._there = False

    async def wait(self) -> None:
        """Until there is something new."""
        if self._there:
            return
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None


class TooManyFollowersError(Exception):
    """Raised when a process has as many followers as it may, of all accounts or of this one."""


class Followers(Generic[Key]):
    """`what` they follow and what to do `instead` are for those who find no room."""

    def __init__(self, what: str, instead: str, *, most: int, most_per_account: int) -> None:
        self._what = what
        self._instead = instead
        self._most = most
        self._most_per_account = most_per_account
        self._of: defaultdict[Key, set[News]] = defaultdict(set)
        self._of_accounts: Counter[UUID] = Counter()

    def __len__(self) -> int:
        return self._of_accounts.total()

    def about(self, key: Key, account_id: UUID) -> "Place[Key]":
        """A place among those who wait for news of `key`, which is of this account."""
        return Place(self, key, account_id)

    def join(self, key: Key, account_id: UUID) -> News:
        """Raises TooManyFollowersError."""
        self._check_room(account_id)
        news = News()
        self._of[key].add(news)
        self._of_accounts[account_id] += 1
        return news

    def leave(self, key: Key, account_id: UUID, news: News) -> None:
        """Wait no more."""
        self._of_accounts -= Counter((account_id,))  # which forgets accounts without followers
        self._of[key].discard(news)
        if not self._of[key]:
            del self._of[key]

    def tell(self, key: Key) -> None:
        """There may be news of it."""
        for changed in self._of.get(key, ()):
            changed.set()

    def tell_all(self) -> None:
        """There may be news of anything."""
        for key in self._of:
            self.tell(key)

    def _check_room(self, account_id: UUID) -> None:
        if self._of_accounts[account_id] >= self._most_per_account:
            already = f"{self._most_per_account:,} follow {self._what} of this account already (MAX_FOLLOWERS_PER_ACCOUNT)"
            raise TooManyFollowersError(f"{already}: {self._instead}.")
        if self._of_accounts.total() >= self._most:
            raise TooManyFollowersError(f"{self._most:,} follow {self._what} here already (MAX_FOLLOWERS): {self._instead}.")


class Place(Generic[Key]):
    """Entered, it gives what is set whenever there may be news. Raises TooManyFollowersError."""

    __slots__ = ("_account_id", "_followers", "_key", "_news")

    def __init__(self, followers: Followers[Key], key: Key, account_id: UUID) -> None:
        self._followers = followers
        self._key = key
        self._account_id = account_id

    def __enter__(self) -> News:
        self._news = self._followers.join(self._key, self._account_id)
        return self._news

    def __exit__(self, *_: object) -> None:
        self._followers.leave(self._key, self._account_id, self._news)
