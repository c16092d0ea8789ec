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
from graph.receipt import RecordUsage
from jobs.desk import AuditDesk, ExportDesk
from ledger.application import CELL
from ledger.position import Position, PositionUnknownError, opened
from projections.snapshot import Snapshot, Snapshots

K = TypeVar("K")
V = TypeVar("V")
MAX_NODES_PER_OPERATION = 10_000  # of all lists together, as many as their pages may hold
AT_LEAST_SECONDS = 5.0  # how long `atLeast` waits: shorter than an operation may take, so that the client learns what it waited for


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What outlives an operation, as the composition root has made it."""

    snapshots: Snapshots
    seal: Seal
    exports: ExportDesk
    audits: AuditDesk
    record_usage: RecordUsage
    ask_for_rebuild: Callable[[], Awaitable[None]]  # of the read models, durably
    is_good: Callable[[Viewer], Awaitable[bool]]  # whether a viewer's token has neither expired nor been revoked since
    public_url: str = ""  # put before the paths of links; empty where a link is followed on the host that gave it
    at_least_seconds: float = AT_LEAST_SECONDS
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


class Context:
    """Of one operation; a subscription's lives as long as it does."""

    def __init__(self, viewer: Viewer, services: Services, *, introspection: bool = True) -> None:
        self.viewer = viewer
        self.services = services
        self.introspection = introspection
        self._loaders: dict[object, DataLoader[Any, Any]] = {}  # by what they load
        self._nodes = 0
        self._at_least = 0
        self._opening = asyncio.Lock()
        self._snapshot: Snapshot | None = None
        self._late: OperationTimeoutError | None = None

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

    def read_at_least(self, position: str) -> None:
        """Let the snapshot, which is not open yet, include `position`. Raises BadInputError where that is not a position."""
        try:
            self._at_least = max(self._at_least, opened(position, self.services.seal).id)
        except PositionUnknownError as error:
            raise BadInputError(f"atLeast: {error}.", field=("atLeast",)) from None

    async def snapshot(self) -> Snapshot:
        """The one snapshot of this operation. Raises OperationTimeoutError where it does not come to include what it should."""
        async with self._opening:
            if self._late is not None:
                raise self._late
            if self._snapshot is None:
                await self._wait()
                self._snapshot = self.services.snapshots.open()
        return self._snapshot

    async def read_on(self, position: str) -> bool:
        """Let what is read from now on include `position`, which a change of this operation came to; false where it does not in time."""
        async with self._opening:
            await self.aclose()
            self._snapshot = None
            return await self.services.snapshots.wait_for(opened(position, self.services.seal).id, self.services.at_least_seconds)

    async def recheck(self) -> None:
        """Raises UnauthenticatedError once the viewer's token is good no more."""
        if not await self.services.is_good(self.viewer):
            raise UnauthenticatedError(
                f"The token {self.viewer.token_name!r} has expired or was revoked: connect again with one that is good."
            )

    async def aclose(self) -> None:
        """Let go of the snapshot."""
        if self._snapshot is not None:
            await self._snapshot.close()

    def sealed(self, position: int) -> str:
        """A place in the log, in the form for the outside."""
        return Position(CELL, position).sealed(self.services.seal)

    async def _wait(self) -> None:
        seconds = self.services.at_least_seconds
        if self._at_least and not await self.services.snapshots.wait_for(self._at_least, seconds):
            self._late = OperationTimeoutError(
                f"The read models did not include the position of atLeast within {seconds:g} s: ask again, or leave it out."
            )
            raise self._late


Info: TypeAlias = strawberry.Info[Context, None]
