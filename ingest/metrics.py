"""What is measured of usage that comes in. A batch at a time, never an event; and of all accounts together, so that no label names one."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from eventsourcing.persistence import PersistenceError
from prometheus_client import Counter, Histogram

from domain.limits import MAX_EVENTS_PER_BATCH
from ingest.outcomes import Receipt

MAX_DIALECTS = 32  # that are told apart: every label costs memory here and at Prometheus for ever
OTHERS = "other"

EVENTS = Counter("tallygraph_ingest_events_total", "Usage events that came in, by what became of them.", ["dialect", "outcome"])
REFUSED = Counter("tallygraph_ingest_refused_batches_total", "Batches of which nothing was taken.", ["status", "reason"])
APPEND_SECONDS = Histogram(
    "tallygraph_append_seconds",
    "How long an append to the log took.",
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
APPEND_EVENTS = Histogram(
    "tallygraph_append_events",
    "How many events an append held: callers who come together share one.",
    buckets=(1, 10, 50, 100, 500, 1_000, 2_500, 5_000, MAX_EVENTS_PER_BATCH),
)
APPEND_FAILURES = Counter("tallygraph_append_failures_total", "Appends that failed, after all attempts.")

_dialects: set[str] = set()


def count(dialect: str, receipt: Receipt) -> dict[str, int]:
    """Count what became of a batch, and return it by outcome."""
    if dialect not in _dialects:
        if len(_dialects) >= MAX_DIALECTS:
            dialect = OTHERS
        _dialects.add(dialect)
    counts = {
        "recorded": receipt.recorded,
        "duplicate": receipt.duplicates,
        "conflict": len(receipt.conflicts),
        "rejected": len(receipt.rejected),
    }
    for outcome, events in counts.items():
        EVENTS.labels(dialect, outcome).inc(events)
    return counts


def refused(status: int, reason: str) -> None:
    """Count a batch that was answered with an error."""
    REFUSED.labels(str(status), reason).inc()


@contextmanager
def append_of(events: int) -> Iterator[None]:
    """Measure an append of so many."""
    started = time.perf_counter()
    with failures_of_appends():
        yield
    appended(events, time.perf_counter() - started)


def failures_of_appends() -> AbstractContextManager[None]:
    """Count it where what is done in here fails for the log's sake."""
    return APPEND_FAILURES.count_exceptions(PersistenceError)


def appended(events: int, seconds: float) -> None:
    """Count an append of so many, which took so long."""
    APPEND_SECONDS.observe(seconds)
    APPEND_EVENTS.observe(events)
