"""What there is of a subscription between two messages: what it waits for. A thousand of them may be idle."""

import asyncio
from uuid import UUID

from ledger.followers import Place

LOOK_SECONDS = 0.25  # between two looks that find nothing new, or no database


class Following:
    """Of something of one account. Each message is asked for as the first one was, so nothing of how it was made is kept."""

    __slots__ = ("_place", "account_id", "is_over", "news", "pause_seconds", "told")

    def __init__(self, account_id: UUID, place: Place[UUID]) -> None:
        """Raises TooManyFollowersError. To be closed."""
        self.account_id = account_id
        self.told: object = None  # by which news are known; null before the first message
        self.is_over = False  # nothing can follow what was told
        self.pause_seconds = 0.0  # from one message, or look, to the next
        self._place = place
        self.news = place.__enter__()

    async def due(self) -> bool:
        """True, once the pause is over and there are news; false where there will be none."""
        if self.is_over:
            return False
        await asyncio.sleep(self.pause_seconds)
        await self.news.wait()
        return True

    def look_again(self) -> None:
        """Soon, whatever is heard."""
        self.pause_seconds = LOOK_SECONDS
        self.news.set()

    def close(self) -> None:
        """Follow no more."""
        self._place.__exit__(None, None, None)
