"""Projects ahead: works out the next changes while Postgres writes the one before."""

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from contextlib import closing, suppress
from itertools import cycle
from typing import Any, NamedTuple, Protocol, Self, TypeVar

from opentelemetry import trace

from ledger.apart import executor
from projections import usage
from projections.generations import Generation
from projections.worker import Begun, Worker
from projections.writing import connect

WORKERS = min(4, max(2, (os.cpu_count() or 2) - 1))  # a third on two processors is no faster
BEGIN_WITH = 8_000  # events, so that there is soon something to write
END_WITH = 2_000
GIVE_WAY = 5  # to the door, where busy processors are shared: who reports waits for an answer, and what is projected can be a little late
TRACER = trace.get_tracer(__name__)


class _Part(NamedTuple):
    after: int  # position
    end: int


class _Found(Protocol):
    @property
    def position(self) -> int: ...
    @property
    def has_prices(self) -> bool: ...


Found = TypeVar("Found", bound=_Found)
Used = TypeVar("Used")
T = TypeVar("T")


class _Read(NamedTuple):
    part: _Part
    hand: Executor
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
        self._hands: list[Executor] = [self._hand() for _ in range(WORKERS)]
        self._turns = cycle(self._hands)
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._hands:
            if not self._apart:  # a process lets go of its connection when it ends, and one that was never asked need not begin
                each.submit(_close)
            each.shutdown()

    def changes(self, generation: Generation, end: int) -> Generator[usage.Change]:
        """What the events past where `generation` is change, batch by batch, to position `end` of the log.

        Each has to be made before the next is asked for. Raises Superseded.
        """
        yield from self._each(Worker.read, lambda _hand, change: change, generation, end)

    def projected(self, generation: Generation, end: int, *, alone: bool) -> Generator[Generation]:
        """Project the events past where `generation` is, to position `end` of the log: where it is after each batch that was committed.

        It is faster for who is `alone` at it. Raises Superseded, having counted nothing twice.
        """

        def commit(hand: Executor, begun: Begun) -> tuple[Begun, Future[Generation]]:
            return begun, hand.submit(_by_worker, Worker.commit, generation)

        with closing(self._each(Worker.begin_ahead if alone else Worker.begin, commit, generation, end)) as commits:
            for begun, committed in commits:
                attributes = {"tallygraph.events": begun.position - generation.position, "tallygraph.position": begun.position}
                with TRACER.start_as_current_span("project batch", attributes={**attributes, "tallygraph.generation": generation.number}):
                    generation = committed.result()
                yield generation

    def _each(
        self,
        ask: Callable[..., Found | None],
        use: Callable[[Executor, Found], Used],
        generation: Generation,
        end: int,
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
                reads.append(_Read(part, hand, hand.submit(_by_worker, ask, generation, *part, self._epoch)))

        try:
            read_on()
            while reads and (found := reads[0].found.result()):
                self._end = (generation.number, found.position)
                part, hand, _ = reads.popleft()
                used = use(hand, found)
                if found.has_prices or found.position < part.end:  # the others do not know of them, or began elsewhere
                    _give_up(reads)
                    parts = self._parts(found.position, end)
                if found.has_prices:
                    self._epoch += 1
                    yield used  # its prices can be read when it is made
                    read_on()
                else:
                    read_on()
                    yield used
        finally:
            _give_up(reads)

    def _parts(self, position: int, end: int) -> Iterator[_Part]:
        """What to read from there on: small parts at the beginning and at the end, where workers would wait for each other."""
        most = min(BEGIN_WITH, self._batch)
        while position < end:
            events = min(most, max(END_WITH, (end - position) // (2 * WORKERS)), end - position)
            yield _Part(position, position + events)
            position += events
            most = min(2 * most, self._batch)

    def _hand(self) -> Executor:
        if self._apart:
            return executor(1, _begin_apart_with, *self._place)
        return ThreadPoolExecutor(1, "projection", _begin_with, self._place)


def _give_up(reads: deque[_Read]) -> None:
    """Leave nothing begun: rows that are not committed keep others waiting."""
    left: list[Future[None]] = []
    while reads:
        read = reads.popleft()
        if not read.found.cancel():
            with suppress(BrokenExecutor):
                left.append(read.hand.submit(_by_worker, Worker.abandon))
    wait(left)


class _Mine(threading.local):
    """What a thread, or a process that is for nothing else, has of its own."""

    place: tuple[str, str]
    worker: Worker | None = None


_mine = _Mine()


def _begin_with(*place: str) -> None:
    database_url, cell = place
    _mine.place = database_url, cell


def _begin_apart_with(*place: str) -> None:
    os.nice(GIVE_WAY)
    _begin_with(*place)


def _by_worker(method: Callable[..., T], *arguments: Any) -> T:
    if _mine.worker is None:
        database_url, cell = _mine.place
        _mine.worker = Worker(connect(database_url, "tallygraph project worker"), cell)
    return method(_mine.worker, *arguments)


def _close() -> None:
    if _mine.worker is not None:
        _mine.worker.close()
