"""What was reported of deployments: the events of each, in the order in which they happened, and those that contradict others."""

from typing import Any, NamedTuple
from uuid import UUID

from domain.events import microseconds
from domain.lifecycle import Contradiction
from projections.deployments import OF_RANK
from projections.keyset import By, order_by, past
from projections.log_streams import LoggedEvent, logged
from projections.snapshot import Snapshot

ORDER = [By("occurred_at"), By("rank"), By("source"), By("event_id")]  # as lives are read, whatever arrived first
PLACE = ", ".join(by.sql for by in ORDER)
Place = tuple[Any, ...]
"""When, which rank, source and id."""


class Reported(NamedTuple):
    """One event of a deployment."""

    logged: LoggedEvent
    place: Place


class Contradicting(NamedTuple):
    """One event that cannot have been so."""

    contradiction: Contradiction
    place: Place


async def events(snapshot: Snapshot, account_id: UUID, key: str, limit: int, after: Place | None = None) -> list[Reported]:
    """Up to `limit` events of the deployment past the place `after`."""
    page, parameters = _page(account_id, key, limit, after)
    rows = await snapshot.rows(
        f"""SELECT {PLACE}, page.position, topic, originator_version,
            (SELECT recorded_at FROM {{appends}} AS append WHERE append.position >= page.position ORDER BY append.position LIMIT 1),
            state
        FROM ({page}) AS page JOIN {{events}} ON notification_id = page.position ORDER BY {order_by(ORDER)}""",
        parameters,
    )
    return [_reported(row[: len(ORDER)], *row[len(ORDER) :]) for row in rows]


async def count_events(snapshot: Snapshot, account_id: UUID, key: str) -> int:
    """How many events the deployment has."""
    return await _count(snapshot, account_id, key, "true")


async def contradictions(snapshot: Snapshot, account_id: UUID, key: str, limit: int, after: Place | None = None) -> list[Contradicting]:
    """Up to `limit` contradictions in the deployment's life, past the place `after`."""
    page, parameters = _page(account_id, key, limit, after, CONTRADICTS)
    rows = await snapshot.rows(
        f"SELECT {PLACE}, contradiction FROM ({page}) AS page ORDER BY {order_by(ORDER)}", parameters | {"now": await _now(snapshot)}
    )
    return [_contradicting(row[:-1], row[-1]) for row in rows]


async def count_contradictions(snapshot: Snapshot, account_id: UUID, key: str) -> int:
    """How many contradictions the deployment's life has."""
    return await _count(snapshot, account_id, key, CONTRADICTS)


CONTRADICTS = "contradiction IS NOT NULL AND occurred_at <= %(now)s"  # what is dated after now has not happened yet
OF_DEPLOYMENT = "account_id = %(account)s AND deployment = %(key)s"


def _page(account_id: UUID, key: str, limit: int, after: Place | None, condition: str = "true") -> tuple[str, dict[str, Any]]:
    parameters: dict[str, Any] = {"account": account_id, "key": key, "limit": limit}
    beyond = "" if after is None else f"AND {past(ORDER, after, parameters)}"
    where = f"{OF_DEPLOYMENT} AND {condition} {beyond}"
    return f"SELECT * FROM {{deployment_events}} WHERE {where} ORDER BY {order_by(ORDER)} LIMIT %(limit)s", parameters


async def _count(snapshot: Snapshot, account_id: UUID, key: str, condition: str) -> int:
    parameters = {"account": account_id, "key": key, "now": await _now(snapshot)}
    query = f"SELECT count(*) FROM {{deployment_events}} WHERE {OF_DEPLOYMENT} AND {condition}"
    ((count,),) = await snapshot.rows(query, parameters)
    return count


async def _now(snapshot: Snapshot) -> int:
    return microseconds((await snapshot.state()).complete_through)


def _reported(place: Place, *row: Any) -> Reported:
    return Reported(logged(*row), place)


def _contradicting(place: Place, sentence: str) -> Contradicting:
    occurred_at, rank, source, event_id = place
    return Contradicting(Contradiction(source, event_id, occurred_at, OF_RANK[rank].TOPIC, sentence), place)
