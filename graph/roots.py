"""The roots of the schema: what can be asked, changed and followed."""

from collections.abc import AsyncGenerator, Awaitable
from typing import Annotated

import strawberry

from domain.access import Scope
from graph.account import Account, account
from graph.accounts import accounts
from graph.audit_requests import AuditPayload, cancel_audit, start_audit
from graph.audits import Audit, audit_by_id, audit_by_name, audit_updated
from graph.context import Context, Info
from graph.corrections import CorrectRequestPayload, VoidRequestPayload, correct_request, void_request
from graph.deployment import deployment_by_name
from graph.event_log import EventLog, event_log
from graph.export_requests import ExportPayload, cancel_export, export_router_usage
from graph.exports import Export, export_by_id, export_by_name, export_updated
from graph.history import request_by_name
from graph.inputs import given
from graph.node import Kind, Node, name_of
from graph.paging import Connection
from graph.prices import SetPricesPayload, set_prices
from graph.reach import account_by_id, account_by_name
from graph.rebuilding import RebuildPayload, rebuild_read_model
from graph.record_usage import RecordUsagePayload, record_usage
from graph.rejections import Rejection, rejection_by_name, rejections
from graph.rerating import ReratePayload, rerate
from graph.router_usage import RouterUsage
from graph.router_usage_changed import router_usage_changed
from graph.scalars import Position
from graph.viewer import Viewer, viewer


@strawberry.type(description="What can be asked. What stands in one answer was true at one time.")
class Query:
    viewer: Viewer = strawberry.field(resolver=viewer, description="Who asks.")
    accounts: Connection[Account] = strawberry.field(resolver=accounts, description="Every account, by key. Operators only.")
    export: Export | None = strawberry.field(
        resolver=export_by_id, description="The export with this id. Null when it is not there or not the viewer's: the two look alike."
    )
    audit: Audit | None = strawberry.field(
        resolver=audit_by_id, description="The audit with this id. Null when it is not there or not the viewer's: the two look alike."
    )
    event_log: EventLog = strawberry.field(resolver=event_log, description="How far the log is, and the read models. Operators only.")
    rejected_events: Connection[Rejection] = strawberry.field(
        resolver=rejections, description="What was refused, whole, newest first. Operators only."
    )

    @strawberry.field(
        graphql_type=Account | None,
        description="The account with this id, or the viewer's own. Null when it is not there or not theirs: the two look alike.",
    )
    def account(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID | None, strawberry.argument(description="The account's id; the viewer's own where absent.")
        ] = strawberry.UNSET,
        at_least: Annotated[
            Position | None,
            strawberry.argument(description="Wait (bounded) until the read models include this position of a receipt."),
        ] = strawberry.UNSET,
    ) -> Awaitable[Account | None]:
        # Not a coroutine itself: this runs before any field of the operation opens the snapshot that all of them read from.
        if (position := given(at_least)) is not None:
            info.context.read_at_least(position)
        return _account(info.context, given(id), waits=position is not None)

    @strawberry.field(
        description="The thing with this id, of whatever kind. Null when it is not there or not the viewer's: the two look alike."
    )
    async def node(self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The global id.")]) -> Node | None:
        match name_of(id):
            case Kind.ACCOUNT, name:
                reached = await account_by_name(info.context, name)
                found = None if reached is None else account(reached)
            case Kind.REQUEST, name:
                info.context.require(Scope.READ, "a request")
                found = await request_by_name(info, name)
            case Kind.DEPLOYMENT, name:
                info.context.require(Scope.READ, "a deployment")
                found = await deployment_by_name(info, name)
            case Kind.EXPORT, name:
                found = await export_by_name(info, name)
            case Kind.AUDIT, name:
                found = await audit_by_name(info, name)
            case Kind.REJECTION, name:
                found = await rejection_by_name(info, name)
            case None:
                found = None
        return found


async def _account(context: Context, id: str | None, *, waits: bool) -> Account | None:
    if waits:
        await context.snapshot()
    reached = await account_by_id(context, id)
    return None if reached is None else account(reached)


@strawberry.type(description="What can be changed.")
class Mutation:
    record_usage: RecordUsagePayload = strawberry.field(
        resolver=record_usage,
        description="Report requests. What is good of them is in the log when this returns; reporting it again counts nothing.",
    )
    correct_request: CorrectRequestPayload = strawberry.field(
        resolver=correct_request,
        description="Correct what was reported of a request. What it said before is kept; its fee is that of the prices it had.",
    )
    void_request: VoidRequestPayload = strawberry.field(
        resolver=void_request, description="Let a request count in no figure any more. What it said is kept."
    )
    set_prices: SetPricesPayload = strawberry.field(
        resolver=set_prices, description="Set prices, for requests that are recorded from now on. Operators only."
    )
    rerate: ReratePayload = strawberry.field(resolver=rerate, description="Rate requests again, with the prices known now. Operators only.")
    rebuild_read_model: RebuildPayload = strawberry.field(
        resolver=rebuild_read_model,
        description="Build read models anew from the first event, beside those that answer, and let them take their place. Operators only.",
    )
    export_router_usage: ExportPayload = strawberry.field(
        resolver=export_router_usage, description="Ask for a file of router usage. It is made apart: follow it with `exportUpdated`."
    )
    cancel_export: ExportPayload = strawberry.field(resolver=cancel_export, description="Stop making an export that is not finished.")
    start_audit: AuditPayload = strawberry.field(
        resolver=start_audit,
        description="Let the log be replayed, and compared with every figure of an account and range. It is done apart:"
        " follow it with `auditUpdated`. It needs the scope BILLING.",
    )
    cancel_audit: AuditPayload = strawberry.field(resolver=cancel_audit, description="Stop an audit that is not finished.")


@strawberry.type(description="What can be followed.")
class Subscription:
    export_updated: AsyncGenerator[Export, None] = strawberry.subscription(
        resolver=export_updated,
        description="The export as it is now, then each time it changes; ends once it has completed, failed or been cancelled.",
    )
    audit_updated: AsyncGenerator[Audit, None] = strawberry.subscription(
        resolver=audit_updated,
        description="The audit as it is now, then each time it changes; ends once there is a verdict, or it has failed or been cancelled.",
    )
    router_usage_changed: AsyncGenerator[RouterUsage, None] = strawberry.subscription(
        resolver=router_usage_changed,
        description="Router usage of the range, now and then each time the read models have moved on and something of it may have changed;"
        " at most one message per interval. Changes that come faster are told as one. That time goes by is no change.",
    )
