"""How many bodies this process holds at once, and how much of them: what would be more is sent back before it takes memory.

Nobody gets all the places: who sends slowly, and much, keeps no others out. Bytes count as they come, whatever Content-Length says of
them. The first of each body are always let in, so that small ones go on while the large ones wait for each other or are sent back.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from domain import limits
from ingest.backlog import OverloadedError
from ingest.outcomes import Sender

LATER = "send this batch again later"


class Admission:
    """The gate of one process, which all its endpoints for usage share."""

    def __init__(self) -> None:
        self.shares: Counter[str] = Counter()  # bodies, by who sent them
        self.sent = Budget("MAX_SENT_BYTES_IN_FLIGHT")
        self.expanded = Budget("MAX_EXPANDED_BYTES_IN_FLIGHT")

    @property
    def bodies(self) -> int:
        """How many are held."""
        return self.shares.total()

    @contextmanager
    def body(self, sender: Sender) -> Iterator["Held"]:
        """One more body, until it is answered. Raises OverloadedError past MAX_BODIES_IN_FLIGHT, and MAX_BODIES_IN_FLIGHT_PER_ACCOUNT."""
        if self.bodies >= limits.MAX_BODIES_IN_FLIGHT:
            raise OverloadedError(f"{self.bodies} bodies are being taken (MAX_BODIES_IN_FLIGHT): {LATER}")
        whose = _whose(sender)
        if self.shares[whose] >= limits.MAX_BODIES_IN_FLIGHT_PER_ACCOUNT:
            reason = f"{self.shares[whose]} bodies of {whose} are being taken (MAX_BODIES_IN_FLIGHT_PER_ACCOUNT)"
            raise OverloadedError(f"{reason}: {LATER}")
        held = Held(self)
        self.shares[whose] += 1
        try:
            yield held
        finally:
            self.shares[whose] -= 1
            if not self.shares[whose]:
                del self.shares[whose]
            held.let_go()


class Held:
    """What is held of one body."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._size = 0
        self._sent = 0  # of these, those beyond SMALL_BODY_BYTES
        self._expanded = 0

    def grow(self, count: int) -> None:
        """So many bytes have come. Raises OverloadedError past MAX_SENT_BYTES_IN_FLIGHT."""
        self._size += count
        more = max(0, self._size - limits.SMALL_BODY_BYTES) - self._sent
        if more > 0:
            self._admission.sent.take(more)
            self._sent += more

    async def expand(self) -> None:
        """Wait for room to expand as far as a body may. Raises OverloadedError when there is none in MAX_TURN_SECONDS."""
        await self._admission.expanded.take_in_turn(limits.MAX_EXPANDED_BODY_BYTES)
        self._expanded = limits.MAX_EXPANDED_BODY_BYTES

    def expanded_to(self, size: int) -> None:
        """It did not become as large as it might have: others may have the rest."""
        self._admission.expanded.give_back(self._expanded - size)
        self._expanded = size

    def let_go(self) -> None:
        """Nothing of it is held any more."""
        self._admission.sent.give_back(self._sent)
        self._admission.expanded.give_back(self._expanded)


class Budget:
    """Bytes of one kind, up to the limit of that name."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.held = 0
        self._turn = asyncio.Lock()  # first come, first served
        self._given_back = asyncio.Event()

    def take(self, count: int) -> None:
        """Now or never. Raises OverloadedError."""
        if not self._has_room_for(count):
            raise OverloadedError(f"{self.held} bytes of large bodies are held ({self._name}): {LATER}")
        self.held += count

    async def take_in_turn(self, count: int) -> None:
        """When others have given enough back. Raises OverloadedError."""
        try:
            async with asyncio.timeout(limits.MAX_TURN_SECONDS), self._turn:
                while not self._has_room_for(count):
                    self._given_back.clear()
                    await self._given_back.wait()
                self.held += count
        except TimeoutError:
            waited = f"there was no room to expand this body for {limits.MAX_TURN_SECONDS:g} seconds"
            raise OverloadedError(f"{waited} ({self._name}, MAX_TURN_SECONDS): {LATER}") from None

    def give_back(self, count: int) -> None:
        """They are held no more."""
        self.held -= count
        self._given_back.set()

    def _has_room_for(self, count: int) -> bool:
        return self.held + count <= getattr(limits, self._name)


def _whose(sender: Sender) -> str:
    """The account, or the token where it speaks for all of them: what one account sends takes nothing of another's share."""
    return f"the token {sender.name!r}" if sender.account is None else f"the account {sender.account!r}"
