"""Reports are parsed, checked, and made ready to be appended."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Self

from domain import limits
from domain.events import UsageEvent, microseconds
from ingest.dialects import Reading
from ingest.outcomes import Refused, Sender, UnacceptableError
from ledger.entries import Entries


class Prepared(NamedTuple):
    """What became of reports: those that are events, with their places in the batch, and those that are refused."""

    indexes: list[int]
    entries: Entries
    refused: list[Refused]

    def extend(self, others: Self) -> None:
        """Add what became of those that follow."""
        self.indexes.extend(others.indexes)
        self.entries.extend(others.entries)
        self.refused.extend(others.refused)


def latest_time() -> int:
    """The last acceptable time of an event that is told now, in microseconds since 1970."""
    return microseconds(datetime.now(UTC) + limits.MAX_CLOCK_LEAD)


def prepare(reports: Sequence[bytes], sender: Sender, reading: Reading, latest: int, first: int = 0) -> Prepared:
    """Parse, check and encode each. `latest` is the last acceptable time, in microseconds since 1970; `first` the first one's index."""
    prepared = Prepared([], Entries(), [])
    for i, report in enumerate(reports, first):
        try:
            prepared.entries.append(_parsed(report, sender, reading, latest))
        except UnacceptableError as error:
            prepared.refused.append(Refused(i, reading.reported_id(report), error.field, str(error)))
        else:
            prepared.indexes.append(i)
    return prepared


def _parsed(report: bytes, sender: Sender, reading: Reading, latest: int) -> UsageEvent:
    try:
        return reading.parse(report, sender, latest)
    except RecursionError:  # of what is not looked at by compiled code, which has a bound of its own
        raise UnacceptableError(None, "is nested too deeply") from None
