"""The parts of a service as processes of their own: any number of them, on one database, with a broker between them."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport
from python_calamine import CalamineWorkbook

from domain.access import Scope
from tests.events import line
from tests.service.exporting import APRIL
from tests.service.running import BOUND_SECONDS, Command, Commands, bearer

RABBITMQ = "amqp://guest:guest@127.0.0.1:5672/"


def events(start: int, end: int) -> list[bytes]:
    """Requests of an hour each, of three models."""
    return [
        line(subject="acme", id=f"e{i}", time=f"2026-04-{i // 24 + 1:02}T{i % 24:02}:10:00Z", data={"model": f"model-{i % 3}"})
        for i in range(start, end)
    ]


def stop(*commands: Command) -> None:
    for command in commands:
        command.interrupt()
    for command in commands:
        assert command.ended() == 0, command.errors
        assert command.errors == ""


def test_once_two_processes_that_project_count_each_event_once(tallygraph: Commands):
    served = tallygraph.serve("--only", "web")
    both = [tallygraph.start("project") for _ in range(2)]
    *_, last = [served.report(events(start, start + 20)) for start in range(0, 600, 20)]
    assert served.requests(last) == 600
    stop(*both, served)


def test_replayable_a_rebuild_while_events_come_in_gives_the_same_figures(tallygraph: Commands):
    # Given a service with figures
    served = tallygraph.serve()
    served.report(events(0, 300))
    rebuild = tallygraph.start("rebuild")
    # When they are built anew while events come in
    reported = 300
    while rebuild.process.poll() is None:
        receipt = served.report(events(reported, reported + 1)) if reported < 700 else served.report(events(0, 1))
        reported = min(reported + 1, 700)
        assert served.requests(receipt) == reported  # and nobody notices
    # Then they are the same, from other tables
    assert rebuild.ended() == 0
    assert "rebuilding usage" in rebuild.output
    assert served.requests(served.report(events(0, 1))) == reported
    stop(served)


@pytest.fixture
def rabbitmq() -> str:
    try:
        socket.create_connection(("127.0.0.1", 5672), timeout=3).close()
    except OSError:
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail("RabbitMQ does not answer on port 5672, and REQUIRE_SERVICES is set")
        pytest.skip("RabbitMQ does not answer on port 5672")
    return RABBITMQ


ASK = "mutation($input: ExportRouterUsageInput!) { exportRouterUsage(input: $input) { export { id } errors { message } } }"
FOLLOW = "subscription($id: ID!) { exportUpdated(id: $id) { status progress rowCount fileName downloadUrl } }"
FIGURES = """query($range: TimeRange!, $at: Position) { account(atLeast: $at) { routerUsage(range: $range) {
    totalRequests totalTokens errorCount
    buckets(interval: DAY, timeZone: "Asia/Kathmandu", groupBy: [MODEL], first: 1000) { nodes { model requests totalTokens } } } } }"""
WANTED = {"range": APRIL, "interval": "DAY", "timeZone": "Asia/Kathmandu", "groupBy": ["MODEL"]}


@pytest.mark.rabbitmq
async def test_adds_up_an_export_over_a_broker_has_the_figures_of_the_api(tallygraph: Commands, rabbitmq: str, tmp_path: Path):
    # Given a web process, projections and a worker, each by itself, and a client of one account
    served = tallygraph.serve("--only", "web", BROKER_URL=rabbitmq)
    others = [tallygraph.start("project"), tallygraph.start("work", BROKER_URL=rabbitmq)]
    scopes = ("--scope", Scope.INGEST.value, "--scope", Scope.READ.value)
    token = tallygraph.run("tokens", "create", "--account", "acme", *scopes).output.strip()
    receipt = served.report(events(0, 500), token)
    async with client(served, token) as asking, client(served, token, over_websocket=True) as following:
        answer = await asking.execute(GraphQLRequest(FIGURES, variable_values={"range": APRIL, "at": receipt["position"]}))
        usage = answer["account"]["routerUsage"]
        # When an export is asked for, and followed to its end
        payload = (await asking.execute(GraphQLRequest(ASK, variable_values={"input": WANTED})))["exportRouterUsage"]
        assert payload["errors"] == []
        async with asyncio.timeout(BOUND_SECONDS):
            updates = following.subscribe(GraphQLRequest(FOLLOW, variable_values={"id": payload["export"]["id"]}))
            told = [update["exportUpdated"] async for update in updates]
    # Then each update says how far it is, and the last one where the file is
    assert {update["status"] for update in told[:-1]} <= {"PENDING", "RUNNING"}
    last = told[-1]
    nodes = usage["buckets"]["nodes"]
    assert (last["status"], last["progress"], last["rowCount"]) == ("COMPLETED", 1.0, len(nodes))
    path = tmp_path / last["fileName"]
    path.write_bytes(served.get(last["downloadUrl"], headers=bearer(token)).content)
    # And the workbook says what the API says: in total, and row by row
    totals = summary(path)
    assert (usage["totalRequests"], usage["totalTokens"]) == (500, 155_000)
    assert [totals[name] for name in ("Requests", "Total tokens", "Errors")] == [
        usage[name] for name in ("totalRequests", "totalTokens", "errorCount")
    ]
    assert sorted((row["Model"], row["Requests"], row["Total tokens"]) for row in rows(path)) == sorted(
        (node["model"], node["requests"], node["totalTokens"]) for node in nodes
    )
    stop(served, others[0])
    others[1].interrupt()
    assert others[1].ended() == 0


@asynccontextmanager
async def client(served: Command, token: str, *, over_websocket: bool = False) -> AsyncIterator[AsyncClientSession]:
    """A client of the gql library."""
    url = f"{served.url}/graphql"
    if over_websocket:
        transport = WebsocketsTransport(
            url.replace("http:", "ws:"),
            init_payload={"authorization": f"Bearer {token}"},
            subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
        )
    else:
        transport = HTTPXAsyncTransport(url, headers=bearer(token))
    async with Client(transport=transport) as session:
        yield session


def summary(path: Path) -> dict[str, Any]:
    lines = CalamineWorkbook.from_path(path).get_sheet_by_name("Summary").to_python()
    return {str(name): value for name, value, *_ in lines}


def rows(path: Path) -> list[dict[str, Any]]:
    header, *found = CalamineWorkbook.from_path(path).get_sheet_by_name("Usage").to_python()
    return [dict(zip(map(str, header), row, strict=True)) for row in found]
