"""Projects ahead: works out the next changes while Postgres writes the one before."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import BrokenExecutor, Future, wait
from contextlib import closing, suppress
from itertools import cycle
from typing import Any, NamedTuple, Protocol, Self, TypeVar

from opentelemetry import trace

from projections import usage
from projections.generations import Generation
from projections.hand import Hand
from projections.worker import Begun, Worker

WORKERS = min(4, max(2, (os.cpu_count() or 2) - 1))  # a third on two processors is no faster
BEGIN_WITH = 8_000  # events, so that there is soon something to write
END_WITH = 4_000
TRACER = trace.get_tracer(__name__)


class _Part(NamedTuple):
    after: int  # position
    end: int


class _Found(Protocol):
    @property
    def position(self) -> int: ...
    @property
    def comes_first(self) -> bool: ...


Found = TypeVar("Found", bound=_Found)
Used = TypeVar("Used")


class _Read(NamedTuple):
    part: _Part
    hand: Hand
    found: Future[Any]


class Workers:
    """While they are open each has a connection, and a thread or a process of its own.

    Processes are for those who have much to do, since threads of Python take turns. Each works out every other batch, with the prices
    that it knows; where one finds new ones, the others begin anew behind them.
    """

    def __init__(self, database_url: str, cell: str, batch: int, *, apart: bool = False) -> None:
        self._place = (database_url, cell)
        self._batch = batch
        self._apart = apart
        self._epoch = 0
        self._end: tuple[int, int] | None = None  # generation and position of what was given out last

    def __enter__(self) -> Self:
        self._hands = [Hand(*self._place, apart=self._apart) for _ in range(WORKERS)]
        self._turns = cycle(self._hands)
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._hands:
            each.close()

    def changes(self, generation: Generation, end: int) -> Generator[usage.Change]:
        """What the events past where `generation` is change, batch by batch, to position `end` of the log.

        Each has to be made before the next is asked for. Raises Superseded.
        """
        yield from self._each(Worker.read, lambda _hand, change: change, generation, lambda: end)

    def projected(self, generation: Generation, end: Callable[[], int], *, alone: bool) -> Generator[Generation]:
        """Project the events past where `generation` is: where it is after each batch that was committed.

        As far as position `end` of the log, which is asked again when that is reached. It is faster for who is `alone` at it. Raises
        Superseded, having counted nothing twice.
        """

        def commit(hand: Hand, begun: Begun) -> tuple[Begun, Future[Generation]]:
            return begun, hand.ask(Worker.commit, generation)

        with closing(self._each(Worker.begin_ahead if alone else Worker.begin, commit, generation, end)) as commits:
            for begun, committed in commits:
                attributes = {"tallygraph.events": begun.position - generation.position, "tallygraph.position": begun.position}
                with TRACER.start_as_current_span("project batch", attributes={**attributes, "tallygraph.generation": generation.number}):
                    generation = committed.result()
                yield generation

    def _each(
        self,
        ask: Callable[..., Found | None],
        use: Callable[[Hand, Found], Used],
        generation: Generation,
        end: Callable[[], int],
    ) -> Generator[Used]:
        """What comes of each batch that is found. It has to be made before the next is asked for."""
        if self._end != (generation.number, generation.position):
            self._epoch += 1  # somebody else has gone on from there, and may have found prices
        self._end = (generation.number, generation.position)
        reads: deque[_Read] = deque()
        parts = self._parts(generation.position, end)

        def read_on() -> None:
            """Let every worker have something to do."""
            while len(reads) < len(self._hands) and (part := next(parts, None)):
                hand = next(self._turns)
                reads.append(_Read(part, hand, hand.ask(ask, generation, *part, self._epoch)))

        try:
            read_on()
            while reads and (found := reads[0].found.result()):
                self._end = (generation.number, found.position)
                part, hand, _ = reads.popleft()
                used = use(hand, found)
                if found.comes_first or found.position < part.end:  # the others do not know its prices, or began elsewhere
                    _give_up(reads)
                    parts = self._parts(found.position, end)
                if found.comes_first:
                    self._epoch += 1
                    yield used
                    read_on()
                else:
                    read_on()
                    yield used
        finally:
            _give_up(reads)

    def _parts(self, position: int, end: Callable[[], int]) -> Iterator[_Part]:
        """What to read from there on: small parts at the beginning and at the end, where workers would wait for each other."""
        most, goal = min(BEGIN_WITH, self._batch), end()
        while position < goal or position < (goal := end()):
            events = min(most, max(END_WITH, (goal - position) // (2 * WORKERS)), goal - position)
            yield _Part(position, position + events)
            position += events
            most = min(2 * most, self._batch)


def _give_up(reads: deque[_Read]) -> None:
    """Leave nothing begun: rows that are not committed keep others waiting."""
    left: list[Future[None]] = []
    while reads:
        read = reads.popleft()
        if not read.found.cancel():
            with suppress(BrokenExecutor):
                left.append(read.hand.ask(Worker.abandon))
    wait(left)
