"""What is known of deployments: who they are, and as much of their lives as an answer needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.events import EPOCH, MICROSECOND, microseconds
from domain.lifecycle import DEPLOYMENT
from domain.phases import Phase, Phases, Status, phase_at, status_at, stopped_at
from projections.deployment_past import lives_then
from projections.reckoning import reckoned
from projections.router_facts import Range
from projections.snapshot import Snapshot

MAX_DEPLOYMENTS = 100_000  # that one answer is made of


class TooManyDeploymentsError(ValueError):
    """Raised when a range has more deployments than MAX_DEPLOYMENTS."""


def check_number(deployments: int) -> None:
    """Raises TooManyDeploymentsError."""
    if deployments > MAX_DEPLOYMENTS:
        raise TooManyDeploymentsError(
            f"the account has more than {MAX_DEPLOYMENTS:,} deployments in the range (MAX_DEPLOYMENTS): ask for a shorter range"
        )


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment as it is known at `now`; instants are microseconds since 1970. What is dated after now has not happened yet.

    Of its phases those are here that are in the range that was asked about, and the one that now is in.
    """

    now: int
    key: str
    told_name: str | None = None
    kind: str = DEPLOYMENT
    model: str | None = None
    gpu_type: str | None = None
    gpus: int | None = None  # micro-GPUs that its creation tells
    known_from: int | None = None  # null: by its requests alone
    created: int | None = None
    started: int | None = None
    ended: int | None = None
    phases: Phases = ()

    @property
    def name(self) -> str:
        """Its key, where it was told no name."""
        return self.told_name or self.key

    @property
    def status(self) -> Status:
        """What it does now."""
        return status_at(self.phases, self.now)

    @property
    def allocated_gpus(self) -> int | None:
        """Micro-GPUs that it has now; null where nobody told."""
        phase = phase_at(self.phases, self.now)
        return phase.gpus if phase else None

    @property
    def created_at(self) -> datetime | None:
        """When it was created."""
        return self._happened(self.created)

    @property
    def started_at(self) -> datetime | None:
        """When it ran first."""
        return self._happened(self.started)

    @property
    def stopped_at(self) -> datetime | None:
        """Since when it has not run any more; null while it is pending or runs."""
        return self._happened(stopped_at(self.phases, self.now))

    def existed_in(self, start: int, end: int) -> bool:
        """Whether something was told of it before `end`, and it had not ended for good before `start`."""
        return self.known_in(start, min(end, self.now + 1))  # what happens now has happened

    def known_in(self, start: int, end: int) -> bool:
        """The same, whatever is dated after now."""
        return self.known_from is not None and self.known_from < end and (self.ended is None or self.ended >= start)

    def _happened(self, instant: int | None) -> datetime | None:
        return None if instant is None or instant > self.now else EPOCH + instant * MICROSECOND


async def existing(snapshot: Snapshot, account_id: UUID, range: Range) -> dict[str, Deployment]:
    """The deployments that existed at some time in the range, or do now, by key. Raises TooManyDeploymentsError."""
    start, end = microseconds(range.start), microseconds(range.end)
    existed = "known_from < %(end)s AND coalesce(ended_at, %(start)s) >= %(start)s"
    exists = "known_from <= %(now)s AND coalesce(ended_at, %(now)s) >= %(now)s"
    found = await _found(snapshot, account_id, range, f"(({existed}) OR ({exists})) LIMIT %(limit)s", {"limit": MAX_DEPLOYMENTS + 1})
    if snapshot.as_of is not None:
        changed = await _changed_since(snapshot, account_id)
        found |= {key: each for key, each in changed.items() if each.known_in(start, end) or each.known_in(each.now, each.now + 1)}
    check_number(len(found))
    return found


async def of_keys(snapshot: Snapshot, account_id: UUID, keys: Sequence[str], range: Range | None = None) -> dict[str, Deployment]:
    """The account's deployments of those keys, by key, whether or not anything was told of them."""
    found = await _found(snapshot, account_id, range, "deployment = ANY(%(keys)s::text[])", {"keys": [*keys]})
    if snapshot.as_of is not None:
        found |= await _changed_since(snapshot, account_id, keys)
    now = microseconds((await snapshot.state()).complete_through)
    return {key: found.get(key) or Deployment(now, key) for key in keys}


async def one(snapshot: Snapshot, account_id: UUID, key: str) -> Deployment | None:
    """The account's deployment of that key, if it was told of or served a request that counts."""
    (found,) = (await of_keys(snapshot, account_id, [key])).values()
    if found.known_from is not None:
        return found
    served = await snapshot.rows(
        "SELECT FROM {deployment_buckets} WHERE account_id = %(account)s AND deployment = %(key)s AND grain = 900 LIMIT 1",
        {"account": account_id, "key": key},
    )
    return found if served else None


async def _found(
    snapshot: Snapshot, account_id: UUID, range: Range | None, condition: str, parameters: dict[str, Any]
) -> dict[str, Deployment]:
    now = microseconds((await snapshot.state()).complete_through)
    start, end = (now, now) if range is None else (microseconds(range.start), microseconds(range.end))
    then = "" if snapshot.as_of is None else "known.position <= %(as_of)s AND "
    within = {"account": account_id, "start": start, "end": end, "now": now, "as_of": snapshot.as_of}
    rows = await snapshot.rows(LIVES + then + condition, {**within, **parameters})
    return await reckoned(len(rows), lambda: {row[0]: Deployment(now, *row[:TOLD], phases=_phases(*row[TOLD:])) for row in rows})


async def _changed_since(snapshot: Snapshot, account_id: UUID, keys: Sequence[str] | None = None) -> dict[str, Deployment]:
    """As they were known then, those that more was told of since; with all their phases."""
    now = microseconds((await snapshot.state()).complete_through)
    return {
        key: Deployment(
            now,
            key,
            told_name=life.name,
            kind=life.kind,
            model=life.model,
            gpu_type=life.gpu_type,
            gpus=life.gpus,
            known_from=known_from,
            created=life.created_at,
            started=life.started_at,
            ended=life.ended_at,
            phases=life.phases,
        )
        for key, (known_from, life) in (await lives_then(snapshot, account_id, keys)).items()
    }


def _phases(starts: list[int] | None, *columns: list[Any]) -> tuple[Phase, ...]:
    if starts is None:
        return ()
    return tuple(Phase(start, end, STATUSES[status], gpus) for start, end, status, gpus in sorted(zip(starts, *columns, strict=True)))


TOLD = 10  # columns of a deployment, before those of its phases
STATUSES = {each.value: each for each in Status}
# The phases of a life follow one another, so those that are not asked about are not missed.
LIVES = """
    WITH phase AS (
        SELECT deployment, array_agg(starts) AS starts, array_agg(ends) AS ends, array_agg(status) AS statuses, array_agg(gpus) AS gpus
        FROM {deployment_phases}
        WHERE account_id = %(account)s
            AND ((starts < %(end)s AND coalesce(ends > %(start)s, true)) OR (starts <= %(now)s AND coalesce(ends > %(now)s, true)))
        GROUP BY deployment
    )
    SELECT deployment, name, kind, model, gpu_type, known.gpus, known_from, created_at, started_at, ended_at,
        phase.starts, phase.ends, phase.statuses, phase.gpus
    FROM {deployments} AS known LEFT JOIN phase USING (deployment)
    WHERE account_id = %(account)s AND """
