"""The log as tests look at it: whole, by plain SQL, without the code that wrote it."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import pairwise

import psycopg

from domain.events import RequestCompleted
from ledger.application import Outcome, Recording
from ledger.binary import event_row
from ledger.shapes import READERS


@dataclass(frozen=True)
class Log:
    """Every event in order, and every append."""

    positions: list[int]
    originators: list[bytes]
    rows: list[bytes]  # as they are chained
    events: list[RequestCompleted]
    appends: list[tuple[int, datetime, bytes]]  # last position, instant, digest
    head: tuple[int, datetime, bytes]

    def assert_whole(self) -> None:
        """Positions 1 to n without gaps, each name once, time that never goes back, and a chain of digests that recomputes."""
        assert self.positions == list(range(1, len(self.positions) + 1))
        assert len(set(self.originators)) == len(self.originators)
        assert all(earlier <= later for (_, earlier, _), (_, later, _) in pairwise(self.appends))
        start, digest = 0, b""
        for position, _, appended in self.appends:
            assert position > start
            chain = blake2b(digest, digest_size=32)
            for row in self.rows[start:position]:
                chain.update(row)
            digest, start = chain.digest(), position
            assert digest == appended
        assert start == len(self.positions)
        assert (self.head[0], self.head[2]) == (start, digest)


def read(database_url: str) -> Log:
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "SELECT notification_id, uuid_send(originator_id), originator_version, topic, state"
            " FROM cell_0.ledger_events ORDER BY notification_id"
        ).fetchall()
        appends = connection.execute("SELECT position, recorded_at, digest FROM cell_0.ledger_appends ORDER BY position").fetchall()
        (head,) = connection.execute("SELECT position, recorded_at, digest FROM cell_0.ledger_head").fetchall()
    events = [READERS[topic](state) for _, _, _, topic, state in found]
    return Log(
        positions=[position for position, *_ in found],
        originators=[originator_id for _, originator_id, *_ in found],
        rows=[event_row(originator_id, version, topic, state) for _, originator_id, version, topic, state in found],
        events=[event for event in events if isinstance(event, RequestCompleted)],
        appends=appends,
        head=head,
    )


def empty(database_url: str) -> None:
    """Back to the beginning."""
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM cell_0.ledger_events")
        connection.execute("DELETE FROM cell_0.ledger_appends")
        connection.execute(r"UPDATE cell_0.ledger_head SET position = 0, recorded_at = 'epoch', digest = '\x'")


def outcomes(recording: Recording) -> dict[Outcome, int]:
    return {outcome: recording.outcomes.count(outcome) for outcome in Outcome if outcome in recording.outcomes}
