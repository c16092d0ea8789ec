"""What asking for jobs, cancelling, following and listing them have in common: exports and audits alike."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from graph.context import Info
from graph.cursors import Cursors, Key, Listing
from graph.database_errors import AWAY
from graph.errors import ApiError, LimitError, NotFoundError
from graph.following import Following
from graph.pages import fetched
from graph.paging import Connection, page_of
from graph.user_error import UserError, user_error
from jobs.desk import Desk
from jobs.errors import InvalidRequestError, JobFinishedError, JobNotFoundError, TooManyJobsError
from jobs.job_states import JobKey, JobState, PageOf
from ledger.followers import TooManyFollowersError

State = TypeVar("State", bound=JobState)
Node = TypeVar("Node")


async def jobs_of(
    info: Info, desk: Desk[State], account_id: UUID, kind: str, *, first: int, after: str | None, node: Callable[[State], Node]
) -> Connection[Node]:
    """A page of the account's jobs, newest first. `kind` tells their cursors from those of other lists.

    Accounts that are asked at the same moment are asked together.
    """
    pages, counts = info.context.loader((desk, "pages"), desk.pages), info.context.loader((desk, "counts"), desk.counts)
    cursors = Cursors(info.context.services.seal, Listing(account_id.bytes, kind, b"", ""))
    page = page_of(cursors, first=first, after=after)
    start = None if page.start is None else JobKey(*page.start)
    rows = await fetched(info, page, lambda: pages.load(PageOf(account_id, page.limit, start)))

    async def count() -> int:
        return await counts.load(account_id)

    return Connection[Node].of(rows, page, cursors, key=_key, node=node, count=count)


async def followed(info: Info, desk: Desk[State], name: bytes | None, missing: str) -> AsyncGenerator[State, None]:
    """The job with this name of 16 bytes, if it is another than was told: the operation is asked anew, through `Context.following`,
    for each message, until the job is over. Raises NotFoundError, which says `missing`, and LimitError.
    """
    context = info.context
    if name is None:
        raise NotFoundError(missing, field=("id",))
    id, account_id = UUID(bytes=name), context.viewer.account_id
    if context.following is None:
        context.following = await _begun(desk, id, account_id, missing)
    following = context.following
    following.pause_seconds = 0.0
    following.news.clear()
    try:
        state = await _found(desk, id, account_id, missing)
    except AWAY:
        if following.told is None:
            raise
        following.look_again()
        return
    following.is_over = state.status.is_final
    if (digest := hash(state)) != following.told:  # all of it would be kept for every follower
        following.told = digest
        yield state


async def _begun(desk: Desk[State], id: UUID, account_id: UUID | None, missing: str) -> Following:
    owner = (await _found(desk, id, account_id, missing)).account_id
    try:
        return Following(owner, desk.news_of(id, owner))
    except TooManyFollowersError as error:
        raise LimitError("FOLLOWERS", str(error)) from None


async def _found(desk: Desk[State], id: UUID, account_id: UUID | None, missing: str) -> State:
    state = await desk.get(id, account_id)
    if state is None:
        raise NotFoundError(missing, field=("id",))
    return state


async def asked(asking: Awaitable[State], limit: str) -> tuple[State | None, list[UserError]]:
    """The job that was asked for, or why there is none. `limit` is the code where an account waits for too many."""
    try:
        return await asking, []
    except ApiError as error:
        return None, [user_error(error)]
    except InvalidRequestError as error:
        return None, refusal("BAD_INPUT", str(error), ["input", error.field])
    except TooManyJobsError as error:
        return None, refusal(limit, str(error))


async def cancelled(
    info: Info, desk: Desk[State], name: bytes | None, *, missing: str, finished: str
) -> tuple[State | None, list[UserError]]:
    """The job with this name of 16 bytes as it is then; and why it was not cancelled.

    `missing` tells that there is none, the code `finished` that it is over.
    """
    if name is None:
        return None, refusal("NOT_FOUND", missing, ["id"])
    id, account_id = UUID(bytes=name), info.context.viewer.account_id
    try:
        return await desk.cancel(id, account_id), []
    except JobNotFoundError:
        return None, refusal("NOT_FOUND", missing, ["id"])
    except JobFinishedError as error:
        return await desk.get(id, account_id), refusal(finished, str(error), ["id"])


def refusal(code: str, message: str, field: list[str] | None = None) -> list[UserError]:
    """The errors of a payload, of which this is the one."""
    return [UserError(code=code, message=message, field=field)]


NO_ACCOUNT = "There is no such account: give the id of one that you see, or none for your own."


def _key(row: JobState) -> Key:
    return (row.created_at, row.id)
