"""What can be done to exports, and what can be asked about them. Blocking; graph/ uses `ExportDesk`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import msgspec

from jobs import export_states
from jobs.application import JobsLog, Statement
from jobs.export import Export, ExportFile
from jobs.export_states import EXPORTS, ExportState
from jobs.jobs import JobRules, Jobs
from jobs.request import ExportRequest, checked

MAX_UNFINISHED = 20  # exports that one account may wait for at a time


@dataclass(frozen=True, slots=True)
class ExportRules(JobRules):
    keep: timedelta = timedelta(days=7)
    """How long a finished file can be downloaded."""


class Exports(Jobs[Export, ExportState, ExportRules]):
    NOUN = Export.NOUN
    MAX_UNFINISHED = MAX_UNFINISHED

    def __init__(self, log: JobsLog, rules: ExportRules) -> None:
        super().__init__(log, rules, EXPORTS)

    def request(self, request: ExportRequest) -> ExportState:
        """Records the wish; ring for it afterwards. Raises InvalidRequestError, TooManyJobsError."""
        return self._ask(request.account_id, lambda now: Export.ask(uuid4(), checked(request), now))

    def requests(self, export_ids: Sequence[UUID]) -> Sequence[ExportRequest]:
        """What was asked for, as it stands in the log: of several exports, in one statement."""
        firsts = self._log.firsts(export_ids)
        return [_asked_for(firsts[id]) for id in export_ids]

    def complete(self, export_id: UUID, attempt: int, file: ExportFile) -> None:
        self._change(export_id, lambda export, now: export.complete(attempt, file, now, self.rules.keep))

    def _statements(self, job: Export, wake_at: datetime | None) -> list[Statement]:
        return export_states.statements(job, wake_at)


def _asked_for(first: object) -> ExportRequest:
    assert isinstance(first, Export.Requested), "an export begins with the wish for it"
    return msgspec.convert(first.request, ExportRequest)
