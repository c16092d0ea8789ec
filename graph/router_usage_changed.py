"""Router usage, followed: as it is now, and then whenever it may have changed."""

from collections.abc import AsyncGenerator
from typing import Annotated

import psycopg
import strawberry
from psycopg.errors import QueryCanceled

from domain.access import Scope
from graph.context import Context, Info
from graph.desks import NO_ACCOUNT
from graph.errors import BadInputError, LimitError, NotFoundError
from graph.following import LOOK_SECONDS, Following
from graph.inputs import Range, given
from graph.reach import account_by_id
from graph.router_inputs import RouterFilter, router_filter
from graph.router_usage import RouterUsage, router_usage
from graph.scalars import Position
from ledger.followers import TooManyFollowersError
from projections import router_facts
from projections.router_mark import Mark, mark


async def router_usage_changed(
    info: Info,
    *,
    account_id: Annotated[
        strawberry.ID | None, strawberry.argument(description="The account's id; the viewer's own where absent.")
    ] = strawberry.UNSET,
    range: Range,
    filter: Annotated[RouterFilter | None, strawberry.argument(description="Which requests count; all where absent.")] = strawberry.UNSET,
    every: Annotated[int, strawberry.argument(description="The shortest time between two messages, in seconds: 1 or more.")] = 1,
    at_least: Annotated[
        Position | None,
        strawberry.argument(description="Wait (bounded) with the first message until the read models include this position of a receipt."),
    ] = strawberry.UNSET,
) -> AsyncGenerator[RouterUsage, None]:
    """The usage, if it may be another than was told: the operation is asked anew, through `Context.following`, for each message.

    Raises BadInputError, NotFoundError, LimitError.
    """
    context = info.context
    context.require(Scope.READ, "routerUsageChanged")
    asked = range.checked("range"), router_filter(filter)
    if every < 1:
        raise BadInputError("every is how many seconds lie between two messages at least: give 1 or more.", field=("every",))
    if context.following is None:
        context.following = await _begun(context, given(account_id), given(at_least))
    following = context.following
    found = await _looked(context, following, *asked)
    following.pause_seconds = LOOK_SECONDS  # whatever the account uses wakes all its followers
    if found is not None and found != following.told:
        following.told, following.pause_seconds = found, every
        yield await router_usage(info, await context.snapshot(), following.account_id, *asked, prices=None)


async def _begun(context: Context, account_id: str | None, at_least: str | None) -> Following:
    if at_least is not None:
        context.read_at_least(at_least)
    reached = await account_by_id(context, account_id)
    await context.release()
    if reached is None:
        raise NotFoundError(NO_ACCOUNT, field=("accountId",))
    try:
        return Following(reached.id, context.services.usage_news.about(reached.id))
    except TooManyFollowersError as error:
        raise LimitError("FOLLOWERS", str(error)) from None


async def _looked(context: Context, following: Following, range: router_facts.Range, filter: router_facts.RouterFilter) -> Mark | None:
    """The mark of a new snapshot; null where the database is away for a moment, after something was told."""
    following.news.clear()
    heard = context.services.usage_news.reached.position
    try:
        snapshot = await context.snapshot()
        if (await snapshot.state()).position < heard:  # a standby, which will be as far as that in a moment
            following.news.set()
        return await mark(snapshot, following.account_id, range, filter)
    except QueryCanceled:
        raise
    except psycopg.OperationalError:
        if following.told is None:
            raise
        following.news.set()
        return None
