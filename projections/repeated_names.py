"""Names that more than one event bears, known beforehand: for tables that have no key yet, which would refuse them."""

from collections.abc import Iterable, Mapping
from typing import Any

from psycopg import Connection, Cursor

from domain.names import account_id, event_name
from ledger.binary import named
from ledger.shapes import READERS
from projections.event_names import Bearer, Change, Name, take
from projections.read_model import Tables

MAX_REPEATED = 100_000  # names that are remembered: with more, keys are kept from the beginning


class Repeated:
    """Who bears them, as far as the log has been read. Any other name is taken to be free, which the key, once it is made, proves."""

    def __init__(self, names: Iterable[Name]) -> None:
        self._bearers: dict[Name, Bearer | None] = dict.fromkeys(names)

    def all_free(self, cursor: Cursor[Any], tables: Tables, change: Change) -> bool:
        """Whether none of them is known to be borne by another event. They are taken, if so."""
        if self._bearers and not self._bearers.keys().isdisjoint(named(change.rows)):
            return False
        take(cursor, tables, change.rows)
        return True

    def standing(self, cursor: Cursor[Any], tables: Tables, asking: Mapping[Name, Bearer]) -> dict[Name, Bearer]:  # noqa: ARG002
        """Who bears those that are known. Whoever asks first does, for the log is read in its order."""
        standing: dict[Name, Bearer] = {}
        for name in self._bearers.keys() & asking.keys():
            standing[name] = self._bearers[name] = self._bearers[name] or asking[name]
        return standing


def expected(connection: Connection[Any], tables: Tables) -> set[Name]:
    """Those that other tables know of, up to one more than MAX_REPEATED. It is no more than a hint, and spares filling new ones twice."""
    rows = connection.execute(tables.sql(EXPECTED), [MAX_REPEATED + 1], binary=True).fetchall()
    events = (READERS[topic](state) for topic, state in rows)
    return {account_id(event.account).bytes + event_name(event.source, event.id) for event in events}


def found(connection: Connection[Any], tables: Tables) -> set[Name]:
    """Those that are there more than once, up to one more than MAX_REPEATED."""
    rows = connection.execute(tables.sql(FOUND), [MAX_REPEATED + 1], binary=True).fetchall()
    return {account + hash for account, hash in rows}


EXPECTED = """
    SELECT topic, state FROM {name_conflicts} AS conflict
    JOIN {events} AS event ON event.notification_id = conflict.position LIMIT %s"""
FOUND = """
    SELECT uuid_send(account_id), uuid_send(name) FROM {event_names}
    GROUP BY account_id, name HAVING count(*) > 1 LIMIT %s"""
