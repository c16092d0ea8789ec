"""How much a process has accepted that is not durable yet: bounded, however it came in."""

from collections.abc import Iterator
from contextlib import contextmanager

MAX_EVENTS_WAITING = 200_000


class OverloadedError(Exception):
    """Raised when there is no room for a batch. Nothing of it is recorded: send it again later."""


class Backlog:
    """Events of this process that wait to be appended, or are being appended."""

    def __init__(self) -> None:
        self.events = 0

    def take(self, events: int) -> None:
        """So many more. Raises OverloadedError past MAX_EVENTS_WAITING."""
        if self.events + events > MAX_EVENTS_WAITING:
            raise OverloadedError(f"{self.events} events wait to be recorded (MAX_EVENTS_WAITING): send this batch again later")
        self.events += events

    @contextmanager
    def held(self, events: int) -> Iterator[None]:
        """So many more, as long as this is open. Raises OverloadedError."""
        self.take(events)
        try:
            yield
        finally:
            self.let_go(events)

    def let_go(self, events: int) -> None:
        """So many are durable, or given up."""
        self.events -= events
