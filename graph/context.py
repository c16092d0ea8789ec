"""What resolvers have at hand: who asks, what outlives the operation, and the one snapshot that the operation reads from."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypeVar

import strawberry
from strawberry.dataloader import DataLoader

from domain.access import Scope, Viewer
from domain.sealing import Seal
from graph.errors import BadInputError, ForbiddenError, LimitError, OperationTimeoutError, UnauthenticatedError
from graph.following import Following
from graph.receipt import RecordUsage
from jobs.desk import AuditDesk, ExportDesk
from ledger.application import CELL
from ledger.position import Position, PositionUnknownError, opened
from projections.generations import Generation
from projections.snapshot import Snapshot, Snapshots, Use
from projections.usage_news import UsageNews

K = TypeVar("K")
V = TypeVar("V")
MAX_NODES_PER_OPERATION = 10_000  # of all lists together, as many as their pages may hold
AT_LEAST_SECONDS = 5.0  # how long `atLeast` waits: shorter than an operation may take, so that the client learns what it waited for


IsGood = Callable[[], Awaitable[bool]]
"""Whether what let the viewer in, a token or session, has neither expired nor been revoked since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What outlives an operation, as the composition root has made it."""

    snapshots: Snapshots
    usage_news: UsageNews
    seal: Seal
    exports: ExportDesk
    audits: AuditDesk
    record_usage: RecordUsage
    ask_for_rebuild: Callable[[], Awaitable[None]]  # of the read models, durably
    public_url: str = ""  # put before the paths of links; empty where a link is followed on the host that gave it
    at_least_seconds: float = AT_LEAST_SECONDS
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


class Context:
    """Of one operation; a subscription's lives as long as it does."""

    __slots__ = (
        "_at_least",
        "_late",
        "_loaders",
        "_named",
        "_nodes",
        "_opening",
        "_presumed",
        "_shown",
        "_snapshot",
        "following",
        "introspection",
        "is_good",
        "services",
        "use",
        "viewer",
    )

    def __init__(self, viewer: Viewer, services: Services, is_good: IsGood, *, introspection: bool = True) -> None:
        self.viewer = viewer
        self.is_good = is_good
        self.services = services
        self.introspection = introspection
        self._loaders: dict[object, DataLoader[Any, Any]] = {}  # by what they load
        self._nodes = 0
        self._shown = 0
        self.use = Use()  # of the database
        self._at_least = 0
        self._named = "atLeast"  # what the client calls that
        self.following: Following | None = None  # of a subscription that is asked for anew for each message
        self._opening = asyncio.Lock()
        self._snapshot: Snapshot | None = None
        self._presumed: Generation | None = None
        self._late: OperationTimeoutError | None = None

    @property
    def account(self) -> str | None:
        """The key of the account that the viewer speaks for; null: for all."""
        return self.viewer.account

    def require(self, scope: Scope, thing: str) -> None:
        """Raises ForbiddenError where the viewer's token lacks the scope that `thing` needs."""
        if not self.viewer.may(scope):
            raise ForbiddenError(
                f"The token {self.viewer.token_name!r} lacks the scope {scope.name}, which {thing} needs: use one that has it."
            )

    def require_operator(self, thing: str) -> None:
        """Raises ForbiddenError where the viewer does not look after the whole service."""
        self.require(Scope.OPERATE, thing)
        if not self.viewer.operates:
            raise ForbiddenError(
                f"The token {self.viewer.token_name!r} is of one account, and {thing} is for those of all: use such a one."
            )

    def loader(self, what: object, load: Callable[[list[K]], Awaitable[Sequence[V]]]) -> DataLoader[K, V]:
        """Loads in one go all of `what` that is asked for at a time. Nothing is kept: the operation may change what there is."""
        found = self._loaders.get(what)
        if found is None:
            found = self._loaders[what] = DataLoader(load, cache=False)
        return found

    def spend(self, nodes: int) -> None:
        """Count a page of so many nodes. Raises LimitError where the operation asks for too many: pages within pages multiply."""
        self._nodes += nodes
        if self._nodes > MAX_NODES_PER_OPERATION:
            raise LimitError(
                "NODES",
                f"The operation's pages may hold more than {MAX_NODES_PER_OPERATION:,} nodes together (MAX_NODES_PER_OPERATION):"
                " ask for smaller pages, or in several operations.",
            )

    def show(self, nodes: int) -> None:
        """Count so many nodes that the answer has."""
        self._shown += nodes

    def used(self) -> tuple[int, Use]:
        """How many nodes the answer has, and what was asked of the database for it, since this was asked last."""
        shown, self._shown = self._shown, 0
        return shown, self.use.taken()

    def read_at_least(self, position: str, name: str = "atLeast") -> None:
        """Let the snapshot, which is not open yet, include `position`. Raises BadInputError, which says `name`, where it is not one."""
        try:
            place = opened(position, self.services.seal).id
        except PositionUnknownError as error:
            raise BadInputError(f"{name}: {error}.", field=(name,)) from None
        if place > self._at_least:
            self._at_least, self._named = place, name

    async def snapshot(self) -> Snapshot:
        """The one snapshot of this operation. Raises OperationTimeoutError where it does not come to include what it should."""
        async with self._opening:
            if self._late is not None:
                raise self._late
            if self._snapshot is None:
                await self._wait()
                self._snapshot = self.services.snapshots.open(follows=self.following is not None)
                self._snapshot.use = self.use
                if self._presumed is not None:
                    self._snapshot.presume(self._presumed)
        return self._snapshot

    def presume(self, live: Generation | None) -> None:
        """Let the snapshot be opened for one question, asked of these read models; null where more may be asked."""
        self._presumed = live

    @property
    def of_one_question(self) -> Generation | None:
        """What the next snapshot for the same may presume, by what was asked of this one."""
        return None if self._snapshot is None else self._snapshot.of_one_question

    @property
    def is_misjudged(self) -> bool:
        """Whether that did not do: what was made of it is to be forgotten, and all of it to be executed anew."""
        return self._snapshot is not None and self._snapshot.is_misjudged

    async def begin_anew(self) -> None:
        """As if nothing had been asked, and without presuming anything."""
        self._presumed = None
        await self.release()
        self.used()

    async def read_on(self, position: str) -> bool:
        """Let what is read from now on include `position`, which a change of this operation came to; false where it does not in time."""
        async with self._opening:
            await self._close()
            return await self.services.snapshots.wait_for(opened(position, self.services.seal).id, self.services.at_least_seconds)

    async def recheck(self) -> None:
        """Raises UnauthenticatedError once the viewer's token is good no more."""
        if not await self.is_good():
            raise UnauthenticatedError(
                f"The token {self.viewer.token_name!r} has expired or was revoked: connect again with one that is good."
            )

    async def release(self) -> None:
        """Let go of the snapshot, and count anew: the next message of a subscription is read from another one."""
        self._loaders.clear()
        self._nodes = 0
        await self._close()

    def renewed(self) -> Awaitable[bool]:
        """Whether the operation follows something, and is to be asked anew: then, not before there may be something new."""
        return _ended() if self.following is None else self.following.due()

    async def aclose(self) -> None:
        """The operation has ended."""
        try:
            await self._close()
        finally:
            if self.following is not None:
                self.following.close()

    def sealed(self, position: int) -> str:
        """A place in the log, in the form for the outside."""
        return Position(CELL, position).sealed(self.services.seal)

    async def _close(self) -> None:
        snapshot, self._snapshot = self._snapshot, None
        if snapshot is not None:
            await snapshot.close()

    async def _wait(self) -> None:
        seconds = self.services.at_least_seconds
        if self._at_least and not await self.services.snapshots.wait_for(self._at_least, seconds):
            self._late = OperationTimeoutError(
                f"The read models did not include the position of {self._named} within {seconds:g} s: ask again, or leave it out."
            )
            raise self._late
        self._at_least = 0  # whatever is read from now on includes it, too


async def _ended() -> bool:
    return False


Info: TypeAlias = strawberry.Info[Context, None]
