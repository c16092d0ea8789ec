"""How a change of a request is told: of the version that its teller has seen, and once, however often it is tried."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.notation import instant
from graph.context import Context, Info
from graph.errors import ApiError, ConflictError, NotFoundError
from graph.history import Request, request_by_name
from graph.node import Kind, name_of_kind
from graph.user_error import bad_input
from projections import history_pages, log_streams
from projections.log_streams import Told

SOURCE = "graphql/corrections"
ATTEMPTS = 2  # another change may be recorded after we have looked; the second look sees it
RENAMED = {"id": "idempotencyKey", "data.version": "expectedVersion", "data": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be told of a request: `data` is what its event says beside the request and the version."""

    topic: str
    id: str
    expected_version: int
    key: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Changed:
    """The request as it is then, null where the read models did not include the change in time."""

    request: Request | None
    position: str


class RequestVoidedError(ApiError):
    """Raised when a request that is voided is to be changed: it counts in no figure, whatever it says."""

    code = "REQUEST_VOIDED"


async def changed(info: Info, change: Change) -> Changed:
    """The request with the change. Raises NotFoundError, ConflictError, RequestVoidedError, BadInputError."""
    context = info.context
    name = name_of_kind(change.id, Kind.REQUEST)
    if name is None or not context.viewer.reaches(UUID(bytes=name[:16])):
        raise _not_found()
    position = await _told(context, name, change)
    if not await context.read_on(position):
        return Changed(None, position)
    bearer = await log_streams.bearer_of(await context.snapshot(), UUID(bytes=name[:16]), SOURCE, change.key)
    if bearer != UUID(bytes=name[16:]):  # at the same moment, and it came first
        raise _key_of_another()
    return Changed(await request_by_name(info, name), position)


async def _told(context: Context, name: bytes, change: Change) -> str:
    """The position that covers the change."""
    for _ in range(ATTEMPTS):
        standing = await _standing(context, name, change.key)
        own = standing.checked(change)
        time = context.services.clock() if own is None else own.event.time  # what was told already is told as it was
        receipt = await context.services.record_usage([standing.cloudevent(change, instant(time))], context.viewer)
        if receipt.rejected:
            raise bad_input(receipt.rejected[0], "input", renamed=RENAMED)
        assert receipt.position is not None, "what is not rejected has a position"
        if not receipt.conflicts:
            return receipt.position if own is None else context.sealed(own.position)
        if own is not None:
            raise _key_of_another()
        await context.read_on(receipt.position)
    raise ConflictError("Others change this request at the same moment: look at it again.", field=("input", "expectedVersion"))


@dataclass(frozen=True, slots=True)
class _Standing:
    """A request as history and the log have it, with whoever bears the key of the change."""

    voided: bool
    told: list[Told]
    bearer: UUID | None

    @property
    def version(self) -> int:
        """A later one may wait for those between."""
        version = 0
        for each in self.told:
            version += each.event.originator_version == version + 1
        return version

    def checked(self, change: Change) -> Told | None:
        """The same change, or another one of its key, where one is in the log already. Raises what keeps a new one from being told."""
        own = next((each for each in self.told if (each.event.source, each.event.id) == (SOURCE, change.key)), None)
        if own is not None and own.event.originator_version == change.expected_version + 1:
            return own
        if own is not None or self.bearer is not None:
            raise _key_of_another()
        if change.expected_version != self.version:
            raise ConflictError(
                f"Version {self.version} of the request stands now, and not version {change.expected_version}: look at it again,"
                " then change that.",
                field=("input", "expectedVersion"),
            )
        if self.voided:
            raise RequestVoidedError("The request is voided: it counts in no figure, so nothing is changed.", field=("input", "id"))
        return None

    def cloudevent(self, change: Change, time: str) -> dict[str, Any]:
        """The change as the log takes it."""
        first = self.told[0].event
        of = {"source": first.source, "id": first.id, "time": instant(first.time)}
        return {
            "specversion": "1.0",
            "type": change.topic,
            "source": SOURCE,
            "id": change.key,
            "subject": first.account,
            "time": time,
            "data": {"of": of, "version": change.expected_version, **change.data},
        }


async def _standing(context: Context, name: bytes, key: str) -> _Standing:
    """As it is now: the operation's own snapshot is for what comes after the change."""
    account_id, id = UUID(bytes=name[:16]), UUID(bytes=name[16:])
    snapshot = context.services.snapshots.open()
    snapshot.use = context.use
    try:
        row = await history_pages.one(snapshot, account_id, id)
        if row is None:
            raise _not_found()
        return _Standing(
            row.voided, await log_streams.told_of(snapshot, id), await log_streams.bearer_of(snapshot, account_id, SOURCE, key)
        )
    finally:
        await snapshot.close()


def _not_found() -> NotFoundError:
    return NotFoundError("There is no such request: give the id of one that you see.", field=("input", "id"))


def _key_of_another() -> ConflictError:
    return ConflictError(
        "The idempotencyKey was used for another change: use another key for another change.", field=("input", "idempotencyKey")
    )
