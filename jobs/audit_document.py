"""What an audit has found, as a JSON document: the verdict, then a line for each difference. It is in memory page by page."""

from collections.abc import AsyncIterator

import msgspec

from domain.notation import instant
from jobs.audit_states import AuditState
from jobs.desk import AuditDesk
from projections.audit_differences import Difference

MEDIA_TYPE = "application/json"
PAGE_SIZE = 1_000  # differences that are read at a time


async def document(desk: AuditDesk, state: AuditState, position: str) -> AsyncIterator[bytes]:
    """The document in parts, of a completed audit. `position` is its position as the API shows it to this account.

    Whoever has the closing bracket has all of it.
    """
    assert state.completed_at is not None, "there is a verdict"
    verdict = {
        "audit": str(state.id),
        "account": state.account_key,
        "range": {"from": instant(state.period_from), "to": instant(state.period_to)},
        "status": state.verdict,
        "completedAt": instant(state.completed_at),
        "position": position,
        "digest": state.digest,
        "eventsReplayed": state.events,
        "differenceCount": state.differences,
    }
    yield msgspec.json.encode(verdict)[:-1] + b',"differences":['
    after = 0
    while page := await desk.differences(state, first=PAGE_SIZE, after=after):
        lines = b",\n".join(map(_line, page))
        yield (b",\n" if after else b"\n") + lines
        after = page[-1].number
    yield b"\n]}\n"


def _line(found: Difference) -> bytes:
    difference = {
        "readModel": found.read_model,
        "key": found.key,
        "field": found.field,
        "replayed": found.replayed,
        "materialised": found.materialised,
    }
    return msgspec.json.encode(difference)
