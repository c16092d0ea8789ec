"""Stored bytes of every shape there has been, as the code of their day wrote them, and a log made of them.

Lines of `stored_events.ndjson` are added, never changed: a log may hold such bytes for ever.
"""

import json
from dataclasses import dataclass
from hashlib import blake2b
from itertools import groupby
from pathlib import Path
from uuid import UUID

import psycopg

from domain.events import UsageEvent
from ledger.binary import event_row
from ledger.shapes import READERS

FILE = Path(__file__).with_name("stored_events.ndjson")
RECORDED_AT = "'2026-04-21 08:30Z'::timestamptz + %s * interval '1 hour'"  # of the append of that number


@dataclass(frozen=True)
class Stored:
    """An event as it lies in a log."""

    append: int  # the number of the append that recorded it
    says: str
    topic: str
    shape: int
    originator_id: str  # hexadecimal, as is the state
    originator_version: int
    state: str

    @property
    def event(self) -> UsageEvent:
        return READERS[self.topic](bytes.fromhex(self.state))

    @property
    def row(self) -> bytes:
        return event_row(bytes.fromhex(self.originator_id), self.originator_version, self.topic, bytes.fromhex(self.state))


STORED = [Stored(**json.loads(line)) for line in FILE.read_text().splitlines()]


def insert(database_url: str) -> None:
    """Put them into an empty log as they are, without the code that records events."""
    position, digest = 0, b""
    with psycopg.connect(database_url) as connection:
        for number, events in groupby(STORED, key=lambda each: each.append):
            chain = blake2b(digest, digest_size=32)
            with connection.cursor().copy("COPY cell_0.ledger_events FROM STDIN") as copy:
                for each in events:
                    position += 1
                    copy.write_row((UUID(each.originator_id), each.originator_version, each.topic, bytes.fromhex(each.state), position))
                    chain.update(each.row)
            digest = chain.digest()
            connection.execute(f"INSERT INTO cell_0.ledger_appends VALUES (%s, {RECORDED_AT}, %s)", [position, number, digest])
        connection.execute(
            """UPDATE cell_0.ledger_head SET (position, recorded_at, digest) = (SELECT * FROM cell_0.ledger_appends
            ORDER BY position DESC LIMIT 1)"""
        )
