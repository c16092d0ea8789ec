"""Logs that are cut at a position, and every answer that figures give: what as-of answers are compared with."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from psycopg.sql import SQL, Identifier

from domain.calendar import Interval
from domain.prices import Price
from projections import bill, deployment_series, deployment_table, history_pages, router_usage, what_if
from projections.bill import BillOf
from projections.bill_lines import BillDimension
from projections.deployment_table import DeploymentOrder, Wanted
from projections.deployment_usage import DeploymentFilter, DeploymentUsage
from projections.history_matching import HistoryFilter, HistoryOf
from projections.history_pages import HistoryOrderField
from projections.read_model import TABLES
from projections.router_facts import Dimension, Range, RouterFilter
from projections.router_usage import BucketsOf, Measure
from projections.snapshot import Snapshot


@dataclass(frozen=True)
class Question:
    """What every figure is asked about."""

    account_id: UUID
    range: Range
    filter: RouterFilter
    interval: Interval
    zone: ZoneInfo
    group_by: frozenset[Dimension]
    bill_by: frozenset[BillDimension]
    statuses: DeploymentFilter
    prices: Sequence[Price]


def dated(database_url: str, instant: datetime) -> None:
    """Let the last append have been recorded at `instant`. To be called before it is projected."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE cell_0.ledger_appends SET recorded_at = %s WHERE position = (SELECT max(position) FROM cell_0.ledger_appends)",
            [instant],
        )


def cut(database_url: str, position: int) -> None:
    """Let the log end at `position`, and the read models be empty."""
    with psycopg.connect(database_url) as connection:
        ((generation,),) = connection.execute("SELECT generation FROM cell_0.generations WHERE state = 'live'").fetchall()
        for table in TABLES:
            connection.execute(SQL("DELETE FROM {}").format(Identifier("cell_0", f"{table}_{generation}")))
        connection.execute("UPDATE cell_0.generations SET position = 0, complete_through = 'epoch'")
        connection.execute("DELETE FROM cell_0.ledger_events WHERE notification_id > %s", [position])
        connection.execute(
            "DELETE FROM cell_0.ledger_appends WHERE position > (SELECT min(position) FROM cell_0.ledger_appends WHERE position >= %s)",
            [position],
        )
        connection.execute("UPDATE cell_0.ledger_appends SET position = %s WHERE position > %s", [position, position])
        connection.execute("UPDATE cell_0.ledger_head SET position = %s", [position])


def idle_until(database_url: str, instant: datetime) -> None:
    """Let the log be known to be complete up to `instant`."""
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE cell_0.generations SET complete_through = %s", [instant])


async def answers(snapshot: Snapshot, of: Question) -> dict[str, Any]:
    """All of them, by name. Names of API keys are not of then, and left out."""
    state = await snapshot.state()
    found: dict[str, Any] = {"state": (state.position, state.complete_through)}
    found |= {f"router {name}": each for name, each in (await _router(snapshot, of, of.filter)).items()}
    found |= {f"all router {name}": each for name, each in (await _router(snapshot, of, RouterFilter())).items()}
    repriced = await what_if.repriced(snapshot, of.account_id, of.range, of.filter, of.prices)
    found["repriced"] = sorted(zip(repriced.ids, repriced.inputs, repriced.outputs, repriced.fees, strict=True), key=lambda each: each[0])
    found |= {f"what if {name}": each for name, each in (await _router(snapshot, of, of.filter, repriced)).items()}
    found |= {f"bill {name}": each for name, each in (await _bill(snapshot, of)).items()}
    found |= {f"deployments {name}": each for name, each in (await _deployments(snapshot, of)).items()}
    return found | {f"history {name}": each for name, each in (await _history(snapshot, of)).items()}


async def _router(snapshot: Snapshot, of: Question, filter: RouterFilter, repriced: Any = None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    totals = await router_usage.totals(snapshot, of.account_id, of.range, filter, repriced=repriced)
    found["totals"], found["throughput"] = totals, await router_usage.throughput(snapshot, of.range, totals)
    found["breakdown"] = await router_usage.breakdown(snapshot, of.account_id, of.range, filter, repriced)
    for interval in (of.interval, None):
        buckets_of = BucketsOf(of.account_id, of.range, filter, interval, of.zone, of.group_by, repriced)
        for order in Measure:
            buckets = await router_usage.buckets(snapshot, buckets_of, order=order, descending=True, limit=1_000)
            found[f"buckets {interval} {order}"] = [each._replace(api_key_name=None) for each in buckets]
        found[f"count {interval}"] = await router_usage.count_buckets(snapshot, buckets_of)
        found[f"stream {interval}"] = [each._replace(api_key_name=None) async for each in router_usage.all_buckets(snapshot, buckets_of)]
    return found


async def _bill(snapshot: Snapshot, of: Question) -> dict[str, Any]:
    bill_of = BillOf(of.account_id, of.range, of.zone)
    lines = await bill.lines(snapshot, bill_of, of.bill_by)
    totals = await bill.totals(snapshot, bill_of)
    assert sum((line.fee for line in lines), Decimal(0)) == totals.fee
    return {"totals": totals, "lines": [replace(each, api_key_name=None) for each in lines]}


async def _deployments(snapshot: Snapshot, of: Question) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for filter in (DeploymentFilter(), of.statuses):
        usage = DeploymentUsage(snapshot, of.account_id, of.range, filter)
        figures = [await usage.requests(), await usage.gpu_usage(priced=True), await usage.active(), await usage.fine_tunings()]
        lives = sorted(await usage.lives(), key=lambda each: each.key)
        rows = await deployment_table.rows(
            usage, Wanted(idle=True, prices=True), order=DeploymentOrder.FEE, descending=True, limit=100, after=None
        )
        points = await deployment_series.series(usage, of.interval, of.zone, requests=True, gpus=True, fees=True)
        known = [(*astuple(replace(each.deployment, phases=())), each.deployment.status, each.deployment.allocated_gpus) for each in rows]
        found[f"figures {filter}"] = figures
        found[f"idle {filter}"] = await usage.idle(lives)
        found[f"rows {filter}"] = [replace(each, deployment=None) for each in rows]  # pyright: ignore[reportArgumentType] - told apart
        found[f"known {filter}"] = known
        found[f"count {filter}"] = await deployment_table.count_rows(usage)
        found[f"series {filter}"] = points
    return found


async def _history(snapshot: Snapshot, of: Question) -> dict[str, Any]:
    history_of = HistoryOf(of.account_id, of.range, HistoryFilter(include_voided=True))
    page = await history_pages.page(snapshot, history_of, order=HistoryOrderField.FEE, descending=True, limit=1_000)
    return {"page": [each._replace(api_key_name=None) for each in page], "count": await history_pages.count(snapshot, history_of)}
