"""Law: adds up. The rows of a file are the buckets of the API at its position, whatever the format."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pytest
from python_calamine import CalamineWorkbook

from graph.node import Kind, name_of_kind
from jobs.actors import Workshop, attend
from jobs.files import FileStore
from jobs.usage_source import RouterUsageSource
from tests.events import added_up, at, price_set, request_completed
from tests.graph.conftest import Service
from tests.jobs.engines import TableEngine

RANGE = {"from": "2026-04-21T09:05:00Z", "to": "2026-04-21T12:00:00Z"}
START = """mutation($input: ExportRouterUsageInput!) { exportRouterUsage(input: $input) { export { id format } errors { message } } }"""
EXPORT = "query($id: ID!) { export(id: $id) { status error format fileName rowCount position } }"
BUCKETS = """query($range: TimeRange!, $at: Position!) { account { routerUsage(range: $range, asOf: $at) { totalRequests totalFee
    buckets(interval: HOUR, groupBy: [MODEL, PROVIDER], first: 100) {
        nodes { time model provider requests totalTokens totalFee errorCount unpricedRequests averageLatency partial } } } } }"""
COLUMNS = ("Time (UTC)", "Model", "Provider", "Requests", "Total tokens", "Fee (USD)", "Errors", "Unpriced requests")
COLUMNS += ("Average latency (s)", "Partial")
Rows = list[dict[str, Any]]


def rows_of_workbook(path: Path) -> Rows:
    header, *rows = CalamineWorkbook.from_path(path).get_sheet_by_name("Usage").to_python()
    return [{str(name): None if value == "" else value for name, value in zip(header, row, strict=True)} for row in rows]


def rows_by_duckdb(path: Path, function: str) -> Rows:
    columns = "Fee (USD)", "Time (UTC)"
    exact = f""" REPLACE ("{columns[0]}"::varchar AS "{columns[0]}", epoch("{columns[1]}")::bigint AS "{columns[1]}")"""
    with duckdb.connect() as connection:
        cursor = connection.execute(f"SELECT *{exact} FROM {function}", [str(path)])
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


READERS: dict[str, Callable[[Path], Rows]] = {
    "XLSX": rows_of_workbook,
    "CSV": lambda path: rows_by_duckdb(path, "read_csv(?, types = {'Fee (USD)': 'VARCHAR'})"),
    "PARQUET": lambda path: rows_by_duckdb(path, "read_parquet(?)"),
}


def told(row: dict[str, Any]) -> tuple[Any, ...]:
    """A row of a file as a bucket of the API. An unknown number of tokens, which is null in files, counts as none there."""
    time, model, provider, requests, tokens, fee, *others = (row[name] for name in COLUMNS)
    moment = time if isinstance(time, int) else time.replace(tzinfo=UTC).timestamp()
    exact = None if fee is None else Decimal(str(fee))
    return (moment, model.removeprefix("'"), provider or "", requests, tokens or 0, exact, *others)


def bucket(node: dict[str, Any]) -> tuple[Any, ...]:
    """The same of what the API tells."""
    fee = None if node["totalFee"] is None else Decimal(node["totalFee"])
    others = [node[name] for name in ("errorCount", "unpricedRequests", "averageLatency", "partial")]
    moment = datetime.fromisoformat(node["time"]).timestamp()
    return (moment, node["model"], node["provider"] or "", node["requests"], node["totalTokens"], fee, *others)


@pytest.mark.parametrize("format", READERS)
async def test_adds_up_a_file_has_the_buckets_of_the_api_at_its_position(format: str, service: Service, database_url: str, tmp_path: Path):
    # Given usage with a price, without one, failed, without a provider, of unknown tokens, and before and after what is exported
    await asyncio.to_thread(
        service.record,
        price_set(unit_price="0.000000123456789"),
        price_set(category="completion", unit_price="0.0000002"),
        *(request_completed(at(f"{hour:02}:{minute:02}")) for hour in range(8, 13) for minute in (4, 6, 30)),
        request_completed(at("09:10"), provider=None, input=None, output=None),
        request_completed(at("10:10"), model="=1+1", status_code=500),
    )
    # When it is exported, and read models move on while the file is written
    store = FileStore(tmp_path)
    input = {"range": RANGE, "groupBy": ["MODEL", "PROVIDER"], "format": format}
    payload = (await service.ask(START, input=input))["exportRouterUsage"]
    assert (payload["errors"], payload["export"]["format"]) == ([], format)
    id = payload["export"]["id"]
    name = name_of_kind(id, Kind.EXPORT)
    assert name is not None
    source = RouterUsageSource(database_url, b"a secret for tests")
    workshop = Workshop(service.exports, store, source, service.audits, TableEngine(database_url))
    await asyncio.to_thread(attend, workshop, UUID(bytes=name))
    await asyncio.to_thread(service.record, request_completed(at("09:20")))
    # Then the file says what the API says of the position that it shows
    export = (await service.ask(EXPORT, id=id))["export"]
    assert (export["status"], export["error"], export["format"]) == ("COMPLETED", None, format)
    assert export["fileName"] == f"acme-usage-2026-04-21-to-2026-04-21.{format.lower()}"
    usage = (await service.ask(BUCKETS, range=RANGE, at=export["position"]))["account"]["routerUsage"]
    nodes = usage["buckets"]["nodes"]
    assert (len(nodes), usage["totalRequests"]) == (export["rowCount"], 10)
    rows = READERS[format](store.path(UUID(bytes=name), 1, format))  # pyright: ignore[reportArgumentType] - it is one of them
    assert sorted(map(told, rows)) == sorted(map(bucket, nodes))
    if format != "XLSX":  # whose cells are numbers with 15 digits: it has the exact sum as text on its first sheet
        assert added_up(row["Fee (USD)"] for row in rows) == Decimal(usage["totalFee"])
