"""What became of a batch that was taken in. What is not recorded is kept aside before anybody is told."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from domain import limits
from domain.names import account_id
from ingest.dialects import Reading
from ingest.outcomes import Refused, Sender
from ingest.preparing import Prepared
from ledger import aside
from ledger.application import Ledger, Outcome, Recording


class Taken(NamedTuple):
    """How many are new and how many known, what is not recorded and why, and a position that covers what is; null if nothing is."""

    recorded: int
    duplicates: int
    conflicts: list[Refused]
    rejected: list[Refused]
    position: int | None


class Batch(NamedTuple):
    """Reports as they came, and what there is to know of them to keep them aside."""

    reports: Sequence[bytes]
    sender: Sender
    reading: Reading


SAME_NAME = "this source and id already stand for another content: the first report stands"


def is_whole(prepared: Prepared, recording: Recording | None) -> bool:
    """Whether there is nothing to keep aside."""
    return not prepared.refused and (recording is None or not recording.conflicts)


def kept_and_told(ledger: Ledger, batch: Batch, prepared: Prepared, recording: Recording | None) -> Taken:
    """The whole of it. `recording` is null where there was nothing to append."""
    whole = is_whole(prepared, recording)
    not_kept = aside.NotKept(set(), set()) if whole else _kept(ledger, batch, prepared, recording)
    rejected = _told(prepared.refused, not_kept.rejected, "MAX_REJECTED_BYTES_PER_ACCOUNT")
    if recording is None:
        return Taken(0, 0, [], rejected, None)
    indexes, entries = prepared.indexes, prepared.entries
    conflicts = [Refused(indexes[each.index], entries.event(each.index).id, None, SAME_NAME) for each in recording.conflicts]
    return Taken(
        recording.outcomes.count(Outcome.RECORDED),
        recording.outcomes.count(Outcome.DUPLICATE),
        _told(conflicts, not_kept.conflicting, "MAX_CONFLICT_BYTES_PER_ACCOUNT"),
        rejected,
        recording.position,
    )


def _kept(ledger: Ledger, batch: Batch, prepared: Prepared, recording: Recording | None) -> aside.NotKept:
    reports, sender, reading = batch
    rejected = [
        aside.Rejected(sender.account, reading.name, each.field, each.message, body)
        for each in prepared.refused
        for body in (reading.kept(reports[each.index])[: limits.MAX_EVENT_BYTES],)  # a longer one is no event, whatever its rest says
    ]
    conflicting = [
        aside.Conflicting(account_id(event.account), event.originator_id, each.standing_topic, each.standing, event.TOPIC, each.refused)
        for each in (recording.conflicts if recording else ())
        for event in (prepared.entries.event(each.index),)
    ]
    return ledger.beside(lambda connection: aside.keep(connection, rejected, conflicting))


def _told(refused: Sequence[Refused], not_kept: set[int], limit: str) -> list[Refused]:
    """The same, but those that are not kept aside say so: then it is the sender's to keep them."""
    reason = f"; not kept aside, for {getattr(limits, limit)} bytes of this account are already ({limit}): keep it yourself"
    return [msgspec.structs.replace(each, message=each.message + reason) if i in not_kept else each for i, each in enumerate(refused)]
