"""Those of a process who wait until the read models include a position."""

import asyncio


class Reached:
    """What is told are hints: who waited looks."""

    position = 0  # up to which the read models were said to be; 0 for unknown, after a gap in what is heard

    def __init__(self) -> None:
        self._waiting: set[tuple[int, asyncio.Future[None]]] = set()

    def tell(self, position: int | None) -> None:
        """The read models include a position; null where they may include any."""
        self.position = position or 0
        for wanted, told in self._waiting:
            if (position is None or wanted <= position) and not told.done():
                told.set_result(None)

    async def wait(self, position: int, seconds: float) -> None:
        """Until the read models may include it: that was told, or may have been missed, or so many seconds are over."""
        waiting = position, asyncio.get_running_loop().create_future()
        self._waiting.add(waiting)
        try:
            await asyncio.wait((waiting[1],), timeout=seconds)
        finally:
            self._waiting.discard(waiting)
