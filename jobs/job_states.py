"""Jobs as their owners see them: a table for each kind, written in the transaction that records the event.

Beside what the log says, a row carries two things the log has no use for: how far the running attempt has come, and
when somebody must look at the job again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, LiteralString, TypeVar
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow
from psycopg.sql import SQL, Composed, Identifier, Placeholder

from jobs.application import SCHEMA, Statement
from jobs.job import Job, JobStatus

CHANNEL = "tallygraph_jobs"  # NOTIFY channel; the payload is the id of a job that changed


@dataclass(frozen=True, slots=True)
class JobState:
    """What the tables of all kinds have. Those columns that PROGRESS names are of the running attempt."""

    PROGRESS: ClassVar[tuple[str, str]]  # how far it has come, and how far it goes; the latter is None until it knows

    id: UUID
    account_id: UUID
    version: int
    status: JobStatus
    attempt: int
    error: str | None
    created_at: datetime
    completed_at: datetime | None

    @property
    def progress(self) -> float:
        """0 to 1; starts again with each attempt."""
        if self.status in (JobStatus.COMPLETED, JobStatus.EXPIRED):
            return 1.0
        done, total = (getattr(self, name) for name in self.PROGRESS)
        return done / total if total else 0.0


State = TypeVar("State", bound=JobState)


@dataclass(frozen=True, slots=True)
class JobKey:
    """Where a page of jobs ends: the key of its last one."""

    created_at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class PageOf:
    """Up to `first` jobs of an account past one of them, newest first."""

    account_id: UUID
    first: int
    after: JobKey | None = None


class JobTable(Generic[State]):
    """The table `name`, whose rows are read as `State`."""

    def __init__(self, name: str, state: type[State]) -> None:
        self._state = state
        columns = [field.name for field in fields(state)]
        from_the_log = [column for column in columns if column not in state.PROGRESS] + ["wake_at"]
        done, total = state.PROGRESS
        names: dict[str, Composed | Identifier] = {
            "table": Identifier(SCHEMA, name),
            "columns": SQL(", ").join(map(Identifier, columns)),
            "names": SQL(", ").join(map(Identifier, from_the_log)),
            "values": SQL(", ").join(map(Placeholder, from_the_log)),
            "excluded": SQL(", ").join(Identifier("excluded", column) for column in from_the_log),
            "done": Identifier(done),
            "total": Identifier(total),
        }

        def of(statement: LiteralString) -> Composed:
            return SQL(statement).format(**names)

        self._write, self._one, self._pages, self._counts, self._unfinished = of(WRITE), of(ONE), of(PAGES), of(COUNTS), of(UNFINISHED)
        self._report, self._holds, self._wake = of(REPORT), of(HOLDS), of(WAKE)

    def statements(self, job: Job, account_id: UUID, wake_at: datetime | None, **own: Any) -> list[Statement]:
        """To run where an event of the job is recorded: they write its row, `own` being what its kind has, and tell who listens."""
        row = {
            "id": job.id,
            "account_id": account_id,
            "version": job.version,
            "status": job.status,
            "attempt": job.attempt,
            "error": job.error,
            "created_at": job.created_on,
            "completed_at": job.completed_at,
            "wake_at": wake_at,
        }
        return [Statement(self._write, row | own), Statement("SELECT pg_notify(%s, %s)", (CHANNEL, str(job.id)))]

    def state(self, cursor: Cursor[DictRow], job_id: UUID, account_id: UUID | None) -> State | None:
        """`account_id` None is for those who may see every account's."""
        row = cursor.execute(self._one, [job_id, account_id, account_id], prepare=True).fetchone()
        return None if row is None else self._from_row(row)

    def pages(self, cursor: Cursor[DictRow], asked: Sequence[PageOf]) -> Sequence[Sequence[State]]:
        """Of each, up to `first` jobs of an account, newest first: in one statement."""
        keys = [(each.account_id, each.first, *((each.after.created_at, each.after.id) if each.after else (None, None))) for each in asked]
        found: list[list[State]] = [[] for _ in asked]
        for row in cursor.execute(self._pages, [[*column] for column in zip(*keys, strict=True)], prepare=True):
            found[row.pop("place") - 1].append(self._from_row(row))
        return found

    def counts(self, cursor: Cursor[DictRow], account_ids: Sequence[UUID]) -> Sequence[int]:
        """How many jobs each account has: in one statement."""
        found = {row["account_id"]: row["n"] for row in cursor.execute(self._counts, [[*account_ids]], prepare=True)}
        return [found.get(each, 0) for each in account_ids]

    def unfinished(self, cursor: Cursor[DictRow], account_id: UUID) -> int:
        """How many jobs of an account are not over."""
        row = cursor.execute(self._unfinished, [account_id], prepare=True).fetchone()
        assert row is not None
        return row["n"]

    def report(self, cursor: Cursor[DictRow], job_id: UUID, attempt: int, done: int, total: int) -> bool:
        """Writes how far an attempt has come and tells followers; False where the attempt no longer holds the job."""
        return bool(cursor.execute(self._report, [done, total, job_id, attempt, CHANNEL], prepare=True).fetchall())

    def holds(self, cursor: Cursor[DictRow], job_id: UUID, attempt: int) -> bool:
        return bool(cursor.execute(self._holds, [job_id, attempt], prepare=True).fetchall())

    def wake_overdue(self, cursor: Cursor[DictRow], *, again_after: timedelta, limit: int) -> list[UUID]:
        """Jobs that somebody must look at now; they are overdue again when nobody did."""
        return [row["id"] for row in cursor.execute(self._wake, [again_after, limit], prepare=True)]

    def _from_row(self, row: DictRow) -> State:
        return self._state(**{**row, "status": JobStatus(row["status"])})


WRITE = """
    INSERT INTO {table} AS e ({names}) VALUES ({values})
    ON CONFLICT (id) DO UPDATE SET ({names}) = ROW ({excluded}),
        {done} = CASE WHEN e.attempt = excluded.attempt THEN e.{done} ELSE 0 END,
        {total} = CASE WHEN e.attempt = excluded.attempt THEN e.{total} END"""
ONE = "SELECT {columns} FROM {table} WHERE id = %s AND (%s::uuid IS NULL OR account_id = %s)"
PAGES = """
    SELECT asked.place, {columns} FROM unnest(%s::uuid[], %s::int8[], %s::timestamptz[], %s::uuid[]) WITH ORDINALITY
        AS asked (owner, most, past_created_at, past_id, place)
    CROSS JOIN LATERAL (
        SELECT * FROM {table}
        WHERE account_id = asked.owner AND (asked.past_id IS NULL OR (created_at, id) < (asked.past_created_at, asked.past_id))
        ORDER BY created_at DESC, id DESC LIMIT asked.most
    ) AS page
    ORDER BY asked.place, created_at DESC, id DESC"""
COUNTS = "SELECT account_id, count(*) AS n FROM {table} WHERE account_id = ANY(%s) GROUP BY account_id"
UNFINISHED = "SELECT count(*) AS n FROM {table} WHERE account_id = %s AND status IN ('PENDING', 'RUNNING')"
REPORT = """
    WITH moved AS (
        UPDATE {table} SET {done} = %s, {total} = %s
        WHERE id = %s AND attempt = %s AND status = 'RUNNING' RETURNING id
    )
    SELECT pg_notify(%s, id::text) FROM moved"""
HOLDS = "SELECT 1 FROM {table} WHERE id = %s AND attempt = %s AND status = 'RUNNING'"
# Timers of several processes take different jobs, and none waits for another.
WAKE = """
    UPDATE {table} SET wake_at = statement_timestamp() + %s
    WHERE id IN (
        SELECT id FROM {table} WHERE wake_at <= statement_timestamp() ORDER BY wake_at LIMIT %s FOR UPDATE SKIP LOCKED
    )
    RETURNING id"""
