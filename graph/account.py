"""An account: whose usage it is, and every way to it."""

from typing import Annotated
from uuid import UUID

import strawberry

from domain.access import Scope
from domain.price_events import CURRENCY
from graph import audits, conflicts, deployment_usage, exports, history, router_usage, waiting
from graph.as_of import AsOf, RecordedBefore, snapshot_of
from graph.audits import Audit
from graph.bill import Bill, bill_at
from graph.bill_changes import BillChanges, Since, UpTo, bill_changes_of
from graph.conflicts import Conflict
from graph.context import Info
from graph.deployment_inputs import DeploymentFilter, deployment_filter
from graph.deployment_usage import DeploymentUsage
from graph.event_log import Event
from graph.exports import Export
from graph.history import Pages, Request
from graph.history_inputs import HistoryFilter, HistoryOrder, history_filter
from graph.inputs import UTC, After, First, Range, Zone, given
from graph.node import Kind, Node, global_id
from graph.paging import Connection, LongConnection
from graph.reach import Reached
from graph.router_inputs import RouterFilter, router_filter
from graph.router_usage import RouterUsage
from graph.what_if import Prices, hypothetical
from projections.bill import BillOf
from projections.history_matching import HistoryOf


@strawberry.type(description="An account: a customer of the platform, whose usage is counted apart from all others'.")
class Account(Node):
    key: str = strawberry.field(description='The account\'s name in usage events, their "subject".')
    currency: str = strawberry.field(description="The currency of its fees: an ISO 4217 code.")
    account_id: strawberry.Private[UUID]

    @strawberry.field(description="What it used through the router.")
    async def router_usage(
        self,
        info: Info,
        range: Range,
        filter: Annotated[
            RouterFilter | None, strawberry.argument(description="Which requests count; all where absent.")
        ] = strawberry.UNSET,
        *,
        as_of: AsOf = strawberry.UNSET,
        recorded_before: RecordedBefore = strawberry.UNSET,
        prices: Prices = strawberry.UNSET,
    ) -> RouterUsage:
        info.context.require(Scope.READ, "routerUsage")
        asked, what_if = (range.checked("range"), router_filter(filter)), hypothetical(prices)
        snapshot = await snapshot_of(info.context, as_of, recorded_before)
        return await router_usage.router_usage(info, snapshot, self.account_id, *asked, prices=what_if)

    @strawberry.field(description="What its usage costs. It needs the scope BILLING.")
    async def bill(
        self,
        info: Info,
        range: Range,
        time_zone: Zone = UTC,
        *,
        as_of: AsOf = strawberry.UNSET,
        recorded_before: RecordedBefore = strawberry.UNSET,
        prices: Prices = strawberry.UNSET,
    ) -> Bill:
        info.context.require(Scope.BILLING, "bill")
        asked, what_if = range.checked("range"), hypothetical(prices)
        snapshot = await snapshot_of(info.context, as_of, recorded_before)
        return await bill_at(info, snapshot, self.account_id, asked, zone=time_zone, prices=what_if, currency=self.currency)

    @strawberry.field(description="What changed on the bill of a range between two positions of the log, and which events changed it.")
    async def bill_changes(
        self, info: Info, range: Range, since: Since, up_to: UpTo = strawberry.UNSET, time_zone: Zone = UTC
    ) -> BillChanges:
        info.context.require(Scope.BILLING, "billChanges")
        of = BillOf(self.account_id, range.checked("range"), time_zone)
        return await bill_changes_of(info, of, self.currency, since, given(up_to))

    @strawberry.field(description="What its own deployments and fine-tunings used.")
    async def deployment_usage(
        self,
        info: Info,
        range: Range,
        filter: Annotated[
            DeploymentFilter | None, strawberry.argument(description="Which deployments count; all where absent.")
        ] = strawberry.UNSET,
        *,
        as_of: AsOf = strawberry.UNSET,
        recorded_before: RecordedBefore = strawberry.UNSET,
    ) -> DeploymentUsage:
        info.context.require(Scope.READ, "deploymentUsage")
        asked = (range.checked("range"), deployment_filter(filter))
        snapshot = await snapshot_of(info.context, as_of, recorded_before)
        return await deployment_usage.deployment_usage_of(info, snapshot, self.account_id, *asked)

    @strawberry.field(description="Its requests, one by one.")
    async def history(
        self,
        info: Info,
        range: Range,
        *,
        filter: Annotated[
            HistoryFilter | None, strawberry.argument(description="Which requests; all but voided ones where absent.")
        ] = strawberry.UNSET,
        order_by: Annotated[
            HistoryOrder | None, strawberry.argument(description="The order; newest first where absent.")
        ] = strawberry.UNSET,
        first: Annotated[
            int | None, strawberry.argument(description="How many from the beginning, up to 1,000; 50 where absent.")
        ] = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Annotated[
            int | None, strawberry.argument(description="How many from the end, up to 1,000, in place of `first`.")
        ] = strawberry.UNSET,
        before: Annotated[
            str | None,
            strawberry.argument(description="The cursor that the page ends before, with `last`; the end of the list where absent."),
        ] = strawberry.UNSET,
    ) -> LongConnection[Request]:
        info.context.require(Scope.READ, "history")
        of = HistoryOf(self.account_id, range.checked("range"), history_filter(self.account_id, filter))
        pages = Pages(first=given(first), after=given(after), last=given(last), before=given(before))
        return await history.requests(info, await info.context.snapshot(), of, given(order_by) or HistoryOrder(), pages)

    @strawberry.field(description="The exports that were asked for, newest first.")
    async def exports(self, info: Info, first: First = 20, after: After = strawberry.UNSET) -> Connection[Export]:
        info.context.require(Scope.READ, "exports")
        return await exports.exports_of(info, self.account_id, first, given(after))

    @strawberry.field(description="The audits that were asked for, newest first. It needs the scope BILLING.")
    async def audits(self, info: Info, first: First = 20, after: After = strawberry.UNSET) -> Connection[Audit]:
        info.context.require(Scope.BILLING, "audits")
        return await audits.audits_of(info, self.account_id, first, given(after))

    @strawberry.field(
        description="Corrections and voidings whose request, or whose version of it, has not been reported yet: they count once it is."
        " It needs the scope BILLING."
    )
    async def waiting_changes(self, info: Info, first: First = 50, after: After = strawberry.UNSET) -> Connection[Event]:
        info.context.require(Scope.BILLING, "waitingChanges")
        return await waiting.waiting_changes(info, self.account_id, first, given(after))

    @strawberry.field(
        description="Reports that bear a name already used for another content, newest first. The first report stands; these count nothing."
    )
    async def conflicts(self, info: Info, first: First = 50, after: After = strawberry.UNSET) -> Connection[Conflict]:
        info.context.require(Scope.READ, "conflicts")
        return await conflicts.conflicts(info, self.account_id, first, given(after))


def account(reached: Reached) -> Account:
    """The account as the answer shows it."""
    return Account(id=global_id(Kind.ACCOUNT, reached.id.bytes), key=reached.key, currency=CURRENCY, account_id=reached.id)
