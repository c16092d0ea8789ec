"""Law: adds up. Σ rows = totals = Σ series, in every zone, wherever the range cuts; and the order of arrival changes nothing."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.deployment_events import DeploymentEvent
from domain.events import RequestCompleted, microseconds
from tests import events
from tests.domain import lives
from tests.graph.conftest import Service

START = datetime.fromisoformat("2026-03-28T00:00Z")  # the clocks go forward in Berlin a day later, and back on Lord Howe a week later
SPAN = timedelta(days=9)
NOW = START + timedelta(days=7, hours=5, minutes=7)
FIGURES = "requests tokens gpuSeconds fee"
QUERY = f"""
    query(
        $range: TimeRange!, $filter: DeploymentFilter, $interval: Interval!, $timeZone: TimeZone!, $orderBy: DeploymentOrder, $after: String
    ) {{ account {{ deploymentUsage(range: $range, filter: $filter) {{
        totalRequests totalTokens allocatedGpuSeconds allocatedGpuHours idleGpuHours activeDeployments fineTunings totalFee utilization
        series(interval: $interval, timeZone: $timeZone) {{ {FIGURES} gpuHours }}
        deployments(orderBy: $orderBy, first: 2, after: $after) {{
            nodes {{ {FIGURES} gpuHours idleGpuHours utilization deployment {{ key status contradictions {{ totalCount }} }} }}
            totalCount pageInfo {{ hasNextPage endCursor }}
        }}
    }} }} }}"""
HISTORY = "query($range: TimeRange!) { account { history(range: $range, filter: {channel: DEPLOYMENT}) { totalCount } } }"

zones = st.sampled_from(("UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"))
intervals = st.sampled_from(("HOUR", "DAY", "WEEK", "MONTH"))
filters = st.fixed_dictionaries({}, optional={"types": st.just(["DEPLOYMENT"]), "statuses": st.just(["RUNNING", "PENDING", "STOPPED"])})
orders = st.fixed_dictionaries(
    {
        "field": st.sampled_from(("NAME", "REQUESTS", "TOKENS", "DURATION", "GPU_HOURS", "FEE", "CREATED_AT")),
        "direction": st.sampled_from(("ASC", "DESC")),
    }
)
instants = events.around(START, SPAN)
prices = st.lists(st.builds(lives.price, st.sampled_from(("0", "1.99", "12.3456789")), instants.map(microseconds)), max_size=2)
keys = st.sampled_from(("gpu-1", "gpu-2", "gpu-3"))
accounts = count(1)


@st.composite
def logs(draw: st.DrawFn) -> list[DeploymentEvent | RequestCompleted]:
    """Lives of a few deployments, and requests that they and others served."""
    told: list[DeploymentEvent] = [
        msgspec.structs.replace(event, deployment=key)
        for key in ("gpu-1", "gpu-2")
        for event in draw(lives.events(instants.map(microseconds)))
    ]
    served = [
        msgspec.structs.replace(each, channel="deployment", deployment=draw(keys), id=f"request-{i}")
        for i, each in enumerate(draw(st.lists(events.requests(instants), max_size=12)))
    ]
    return [*told, *served]


@st.composite
def ranges(draw: st.DrawFn) -> dict[str, str]:
    """Anywhere, also within a quarter-hour."""
    start = draw(instants)
    end = start + draw(st.timedeltas(timedelta(microseconds=1), timedelta(hours=1)) | st.timedeltas(timedelta(hours=1), SPAN))
    return {"from": start.isoformat(), "to": end.isoformat()}


@pytest.mark.postgres
@settings(max_examples=25)
@given(data=st.data(), log=logs(), prices=prices, time_zone=zones)
async def test_rows_and_series_add_up_to_the_totals_whatever_came_first(
    service: Service, data: st.DataObject, log: list[Any], prices: list[Any], time_zone: str
):
    # Given two accounts with the same events, one of them in another order and in other batches
    tokens = [f"account-{next(accounts)}:read" for _ in range(2)]
    record(service, [prices, of_account(tokens[0], log)])
    cut = data.draw(st.integers(0, len(log)))
    shuffled = of_account(tokens[1], data.draw(st.permutations(log)))
    record(service, [shuffled[:cut], shuffled[cut:]])
    for _ in range(3):
        # When a range is asked for
        asked = {
            "range": data.draw(ranges()),
            "filter": data.draw(filters),
            "interval": data.draw(intervals),
            "timeZone": time_zone,
            "orderBy": data.draw(orders),
        }
        usage, rows = await usage_and_rows(service, tokens[0], **asked)
        # Then it adds up
        total = (usage["totalRequests"], usage["totalTokens"], Decimal(usage["allocatedGpuSeconds"]), Decimal(usage["totalFee"] or 0))
        assert summed(rows) == summed(usage["series"]) == total
        hours = sum((Decimal(row["gpuHours"]) - Decimal(row["idleGpuHours"]) for row in rows), Decimal(0))
        assert abs(hours - (Decimal(usage["allocatedGpuHours"]) - Decimal(usage["idleGpuHours"]))) <= Decimal("1e-8")
        if not asked["filter"]:
            history = await service.ask(HISTORY, tokens[0], range=asked["range"])
            assert history["account"]["history"]["totalCount"] == usage["totalRequests"]
        # And so do the same figures for the other account
        assert await usage_and_rows(service, tokens[1], **asked) == (usage, rows)


def record(service: Service, batches: Iterable[Sequence[Any]]) -> None:
    """As if it were NOW, and all had been recorded long ago: prices hold from their effective instants on."""
    with psycopg.connect(service.projecting.info.dsn, autocommit=True) as connection:
        for batch in filter(None, batches):
            service.record(*batch, project=False)
            connection.execute("UPDATE cell_0.ledger_appends SET recorded_at = '2026-01-01T00:00:00Z'")
            service.project()
        connection.execute("UPDATE cell_0.generations SET complete_through = %s", [NOW])


def of_account(token: str, log: Sequence[Any]) -> list[Any]:
    return [msgspec.structs.replace(each, account=token.removesuffix(":read")) for each in log]


async def usage_and_rows(service: Service, token: str, **asked: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The totals and the series, and all rows of the table, page by page."""
    rows: list[dict[str, Any]] = []
    after = None
    while True:
        usage = (await service.ask(QUERY, token, after=after, **asked))["account"]["deploymentUsage"]
        page = usage.pop("deployments")
        rows += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert len(rows) == page["totalCount"] == len({row["deployment"]["key"] for row in rows})
    return usage, rows


def summed(figures: list[dict[str, Any]]) -> tuple[int, int, Decimal, Decimal]:
    return (
        sum(each["requests"] for each in figures),
        sum(each["tokens"] for each in figures),
        sum((Decimal(each["gpuSeconds"]) for each in figures), Decimal(0)),
        sum((Decimal(each["fee"] or 0) for each in figures), Decimal(0)),
    )
