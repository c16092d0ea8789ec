"""What can be done to exports, and what can be asked about them. Blocking; graph/ uses `ExportDesk`."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from eventsourcing.application import AggregateNotFoundError
from eventsourcing.persistence import IntegrityError

from jobs import export_states
from jobs.application import JobsLog
from jobs.errors import ExportNotFoundError, TooManyExportsError
from jobs.export import Export, ExportFile, RetryRules
from jobs.export_states import ExportKey, ExportState
from jobs.request import ExportRequest, checked

MAX_UNFINISHED = 20  # exports that one account may wait for at a time

MAX_CONFLICTS = 20  # writers that may be faster than us in a row; exports have few, so more means a fault


@dataclass(frozen=True, slots=True)
class ExportRules:
    retry: RetryRules = field(default_factory=RetryRules)
    keep: timedelta = timedelta(days=7)
    """How long a finished file can be downloaded."""
    resend_after: timedelta = timedelta(seconds=120)
    """When a message without effect is sent again: longer than a lease, or every broker piles up duplicates."""


class Exports:
    def __init__(self, log: JobsLog, rules: ExportRules) -> None:
        self._log = log
        self.rules = rules

    def request(self, request: ExportRequest) -> ExportState:
        """Records the wish; ring for it afterwards. Raises InvalidExportRequestError, TooManyExportsError."""
        self._check_room(request.account_id)
        now = self._log.now()
        export = Export.ask(uuid4(), checked(request), now)
        with suppress(IntegrityError):  # Its id is random: a conflict can only be with our own commit, its answer lost.
            # Its first message is sent at once; only when that has had no effect is it overdue.
            self._save(export, wake_at=now + self.rules.resend_after)
        return self.state(export.id)

    def cancel(self, export_id: UUID, account_id: UUID | None) -> ExportState:
        """Ends an export that is not over; its worker stops within a second.

        Raises ExportNotFoundError, ExportFinishedError.
        """
        self.state(export_id, account_id)
        self._change(export_id, lambda export, now: export.cancel(now))
        return self.state(export_id)

    def take(self, export_id: UUID, worker: str) -> Export:
        """Does what is due; the caller holds the export if it `is_held_by` the worker afterwards."""
        return self._change(export_id, lambda export, now: export.take(worker, now, self.rules.retry))

    def renew(self, export_id: UUID, attempt: int) -> None:
        self._change(export_id, lambda export, now: export.renew(attempt, now, self.rules.retry))

    def complete(self, export_id: UUID, attempt: int, file: ExportFile) -> None:
        self._change(export_id, lambda export, now: export.complete(attempt, file, now, self.rules.keep))

    def fail_attempt(self, export_id: UUID, attempt: int, error: str) -> None:
        self._change(export_id, lambda export, now: export.fail_attempt(attempt, error, now, self.rules.retry))

    def give_back(self, export_id: UUID, attempt: int) -> None:
        self._change(export_id, lambda export, now: export.give_back(attempt, now))

    def refuse(self, export_id: UUID, attempt: int, error: str) -> None:
        self._change(export_id, lambda export, now: export.refuse(attempt, error, now))

    def state(self, export_id: UUID, account_id: UUID | None = None) -> ExportState:
        """`account_id` None is for those who may see every account's. Raises ExportNotFoundError."""
        with self._log.datastore.cursor() as cursor:
            state = export_states.state_of_export(cursor, export_id, account_id)
        if state is None:
            raise ExportNotFoundError(f"There is no export {export_id}.")
        return state

    def page(self, account_id: UUID, *, first: int, after: ExportKey | None = None) -> Sequence[ExportState]:
        """Up to `first` exports of the account, newest first."""
        with self._log.datastore.cursor() as cursor:
            return export_states.exports_of_account(cursor, account_id, first=first, after=after)

    def count(self, account_id: UUID) -> int:
        with self._log.datastore.cursor() as cursor:
            return export_states.count_of_account(cursor, account_id)

    def report(self, export_id: UUID, attempt: int, rows_done: int, rows_total: int) -> bool:
        """Tells followers how far an attempt has come; False where it no longer holds the export."""
        with self._log.datastore.cursor() as cursor:
            return export_states.report(cursor, export_id, attempt, rows_done, rows_total)

    def holds(self, export_id: UUID, attempt: int) -> bool:
        with self._log.datastore.cursor() as cursor:
            return export_states.holds(cursor, export_id, attempt)

    def wake_overdue(self, limit: int) -> Sequence[UUID]:
        """Exports that somebody must look at now. Each is named once until `resend_after` has passed."""
        with self._log.datastore.cursor() as cursor:
            return export_states.wake_overdue(cursor, again_after=self.rules.resend_after, limit=limit)

    def _check_room(self, account_id: UUID) -> None:
        # Not in the transaction that records: requests at the same instant may pass the limit by a few.
        with self._log.datastore.cursor() as cursor:
            unfinished = export_states.count_of_account(cursor, account_id, unfinished=True)
        if unfinished >= MAX_UNFINISHED:
            raise TooManyExportsError(f"{unfinished} exports are not finished yet; wait for one of them or cancel it.")

    def _change(self, export_id: UUID, decide: Callable[[Export, datetime], None]) -> Export:
        """Decides on the present state and records it; where another was first, decides again on what is then there.

        The library answers a commit whose answer was lost by trying again, and so with a conflict with itself.
        Deciding again covers that too: a decision recognises its own work and adds nothing, or may well be made twice.
        """
        for _ in range(MAX_CONFLICTS):
            try:
                export: Export = self._log.repository.get(export_id)
            except AggregateNotFoundError:
                raise ExportNotFoundError(f"There is no export {export_id}.") from None
            decide(export, self._log.now())
            if not export.pending_events:
                return export
            try:
                self._save(export, wake_at=export.due_at)
            except IntegrityError:
                continue
            return export
        raise IntegrityError(f"export {export_id} changed {MAX_CONFLICTS} times while it was being changed")

    def _save(self, export: Export, wake_at: datetime | None) -> None:
        self._log.save(export, beside=export_states.statements(export, wake_at))
