"""GraphQL answers against a handler written by hand, and against PostGraphile 5: same database, same data, one server process each.

`python -m benchmarks.graphql`. It takes the trace, and installs PostGraphile with npm the first time. What asks is benchmarks/load.py.
Rounds take turns, and of each the best counts: what else the machine does slows down one as often as another.
"""

import asyncio
import json
import os
import pickle
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, LiteralString, cast

import httpx
import psycopg

from benchmarks import append, postgraphile, projection
from benchmarks.handwritten import Question
from benchmarks.load import Load, load, rendered
from benchmarks.place import Place, place
from benchmarks.traces import lines
from domain.access import Scope
from ledger.application import CELL
from projections.beginning import beginning
from projections.snapshot import Parameters, Rows, Snapshot
from service.settings import Settings
from service.web import Parts, application

TRACE, EVERY = "servegen-mm-image", 8  # one in so many of its events: its day has 35 keys, and 3,360 quarter-hours of them
RANGE = {"from": "2026-04-21T00:00:00Z", "to": "2026-04-22T00:00:00Z"}
PRICES = [("INPUT", "prompt", "0.0000025"), ("INPUT", "image", "0.0000031"), ("OUTPUT", "completion", "0.00001")]
SET_PRICES = "mutation ($input: SetPricesInput!) { setPrices(input: $input) { errors { message } } }"
FIELDS = "requestId source eventId version model provider technology channel inputTokens outputTokens totalTokens timestamp fee"
QUERIES = {
    "history": f"""query ($from: DateTime!, $to: DateTime!) {{ account {{ history(range: {{from: $from, to: $to}}, first: 100) {{
        edges {{ cursor node {{ {FIELDS} }} }} pageInfo {{ hasNextPage endCursor }} }} }} }}""",
    "buckets": """query ($from: DateTime!, $to: DateTime!) { account { routerUsage(range: {from: $from, to: $to}) {
        buckets(interval: QUARTER_HOUR, groupBy: [MODEL, API_KEY], first: 1000) { nodes {
            time model apiKey { id name } requests totalTokens totalFee
            input { category label count fee } output { category label count fee } } } } } }""",
}
NAMES = {"history": "a page of 100 requests x 13 fields, with cursors", "buckets": "1,000 buckets with both breakdowns"}
REQUESTS = {"history": 400, "buckets": 40}  # of a round
CONNECTIONS = (1, 32)
ROUNDS = 5
WARM_UP = 40


@dataclass
class Server:
    """One that answers both questions."""

    name: str
    pid: int
    url: str
    requests: Mapping[str, bytes]
    loads: list[tuple[Load, float]] = field(default_factory=list)  # with the CPU seconds that a request took

    def run(self, query: str, connections: int) -> None:
        """One round."""
        before = _cpu_seconds(self.pid)
        found = load(self.url, self.requests[query], connections, REQUESTS[query])
        self.loads.append((found, (_cpu_seconds(self.pid) - before) / REQUESTS[query]))

    @property
    def rate(self) -> float:
        """Requests a second."""
        return max(found.rate for found, _ in self.loads)

    @property
    def late(self) -> float:
        """Seconds within which 99 of 100 were answered."""
        return min(found.percentile(0.99) for found, _ in self.loads)

    @property
    def cpu(self) -> float:
        """Seconds of the server's own, without Postgres, for a request."""
        return min(cpu for _, cpu in self.loads)


def main() -> None:
    """Print how they compare."""
    with place() as where, ExitStack() as stack:
        _fill(where)
        token = append.token(where, Scope.READ, "servegen")
        history, buckets = asyncio.run(_questions(where, token))
        postgraphile.prepare(where.database_url, buckets)
        headers = {"Authorization": f"Bearer {token}"}
        bodies = {name: json.dumps({"query": query, "variables": RANGE}).encode() for name, query in QUERIES.items()}
        web, url = stack.enter_context(append.web_process(where))
        ours = {name: rendered("/graphql", body, headers) for name, body in bodies.items()}
        by_hand = {name: rendered(f"/{name}", b"{}", {}) for name in QUERIES}
        account = str(history.parameters["account"])
        asked = {"history": (postgraphile.HISTORY, {**RANGE, "account": account}), "buckets": (postgraphile.BUCKETS, {})}
        theirs = {
            name: rendered("/graphql", json.dumps({"query": query, "variables": variables}).encode(), {})
            for name, (query, variables) in asked.items()
        }
        servers = [Server("tallygraph", web.pid, url, ours)]
        openings: dict[str, LiteralString | None] = {"by hand": beginning(CELL), "by hand, without a snapshot": None}
        for name, opening in openings.items():
            process, address = stack.enter_context(_by_hand(where, history, buckets, opening))
            servers.append(Server(name, process.pid, address, by_hand))
        port = _free_port()
        process = stack.enter_context(postgraphile.serving(where.database_url, port))
        servers.append(Server("PostGraphile 5", process.pid, f"http://127.0.0.1:{port}", theirs))
        for query in QUERIES:
            _check(query, servers)
            for connections in CONNECTIONS:
                _compare(query, connections, servers)


def _compare(query: str, connections: int, servers: list[Server]) -> None:
    print(f"{NAMES[query]}, {connections} connection{'s' if connections > 1 else ''}")
    for server in servers:
        server.loads.clear()
        load(server.url, server.requests[query], connections, WARM_UP)
    for _ in range(ROUNDS):
        for server in servers:
            server.run(query, connections)
    ours = servers[0]
    for server in servers:
        told = f"  {server.name:<28} {server.rate:8,.0f}/s {server.late * 1e3:8.1f} ms (99 of 100) {server.cpu * 1e3:7.2f} ms CPU"
        if server is not ours:
            told += f"; tallygraph: {ours.rate / server.rate:5.2f} of its rate, {ours.cpu / server.cpu:5.2f} of its CPU"
        print(told, flush=True)


def _fill(where: Place) -> None:
    """The trace with prices, projected."""
    prices = [
        {"model": "mm-image", "direction": d, "category": c, "unitPrice": p, "effectiveFrom": "2026-01-01T00:00:00Z"} for d, c, p in PRICES
    ]
    following = projection.Following(where)
    with append.web(where) as url, httpx.Client(base_url=url, timeout=60) as client:
        client.headers["Authorization"] = f"Bearer {append.token(where, Scope.OPERATE)}"
        answer = client.post("/graphql", json={"query": SET_PRICES, "variables": {"input": {"prices": prices}}}).json()
        assert answer["data"]["setPrices"]["errors"] == [], answer
        client.headers["Authorization"] = f"Bearer {append.token(where, Scope.INGEST)}"
        append.through_http(client, lines(TRACE)[::EVERY])
    following.seconds()
    following.close()
    with psycopg.connect(where.database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


async def _questions(where: Place, token: str) -> list[Question]:
    """What the service asks the database for each query."""
    asked: list[tuple[LiteralString, dict[str, Any]]] = []
    send = Snapshot.send

    async def kept(snapshot: Snapshot, text: str, parameters: Parameters) -> Rows:
        rows = await send(snapshot, text, parameters)
        asked.append((cast("LiteralString", (await snapshot.state()).tables(snapshot.cell).text(text)), dict(parameters)))
        return rows

    parts = Parts(Settings(where.folder), where.database_url)
    transport, headers = httpx.ASGITransport(application(parts)), {"Authorization": f"Bearer {token}"}
    Snapshot.send = kept  # pyright: ignore[reportAttributeAccessIssue] - self goes by another name
    try:
        async with parts.open(), httpx.AsyncClient(transport=transport, base_url="http://bench", headers=headers) as client:
            for query in QUERIES.values():
                response = await client.post("/graphql", json={"query": query, "variables": RANGE})
                assert "errors" not in response.json(), response.text
    finally:
        Snapshot.send = send
    with psycopg.connect(where.database_url) as connection:
        described = [connection.execute(*each).description or () for each in asked]
    return [Question(*each, [column.name for column in columns]) for each, columns in zip(asked, described, strict=True)]


@contextmanager
def _by_hand(
    where: Place, history: Question, buckets: Question, opening: LiteralString | None
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Its process and address, once it answers."""
    port, questions = _free_port(), where.folder / f"questions-{opening is None}"
    questions.write_bytes(pickle.dumps((where.database_url, history, buckets, opening)))
    with subprocess.Popen([sys.executable, "-m", "benchmarks.handwritten", str(questions), str(port)]) as process:
        try:
            _wait_for(port)
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _check(query: str, servers: list[Server]) -> None:
    """All give the same answer, but for cursors and for how numbers and instants are written."""
    answers = [_normal(_leaves(_answer(server, query))) for server in servers]
    for server, answer in zip(servers, answers, strict=True):
        assert answer == answers[0], f"{server.name} answers {query} in another way"


def _answer(server: Server, query: str) -> Any:
    head, _, body = server.requests[query].partition(b"\r\n\r\n")
    path, headers = head.split(b" ")[1].decode(), [line.split(b": ") for line in head.split(b"\r\n")[1:]]
    response = httpx.post(f"{server.url}{path}", content=body, headers=[(name, value) for name, value in headers], timeout=60)
    assert response.status_code == 200, response.text
    return response.json()["data"]


def _leaves(answer: Any) -> Iterator[tuple[str, Any]]:
    """Names and values, in their order."""
    items = answer.items() if isinstance(answer, dict) else (("", each) for each in answer)
    for name, value in items:
        if isinstance(value, dict | list):
            yield from _leaves(value)
        elif name not in ("cursor", "endCursor"):
            yield name, value


def _normal(leaves: Iterator[tuple[str, Any]]) -> list[tuple[str, Any]]:
    numbers = ("inputTokens", "outputTokens", "totalTokens", "requests", "count", "fee", "totalFee")
    return [
        (name, Decimal(value) if name in numbers else datetime.fromisoformat(value) if name in ("time", "timestamp") else value)
        if value is not None
        else (name, None)
        for name, value in leaves
    ]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens at port {port}")


def _cpu_seconds(pid: int) -> float:
    """That a process has used, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
