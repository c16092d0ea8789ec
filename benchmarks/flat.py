"""Whether answers take as long over ten million requests as over one: overviews, pages and filters, of one account and the same 31 days.

`python -m benchmarks.flat --requests 1000000 10000000` makes that many requests of a trace, evenly over 31 days, with models, providers,
keys and failures of many frequencies, builds the read models, and asks everything over and over through the endpoint. Ten million take
about ten minutes and 12 GB of the disk.
"""

import argparse
import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from random import Random
from statistics import median, quantiles
from tempfile import TemporaryFile
from time import perf_counter
from typing import Any, NamedTuple

import httpx
import msgspec
import psycopg
from psycopg.sql import SQL, Identifier

from benchmarks.append import LATEST
from benchmarks.place import Place, place
from benchmarks.rebuild import _append
from benchmarks.traces import lines
from domain.access import Scope
from domain.events import RequestCompleted, UsageEvent, microseconds
from ingest.cloudevents import parse
from ingest.outcomes import Sender
from projections import history
from projections.read_model import Tables
from projections.runner import Runner
from service import tokens
from service.settings import Settings
from service.web import Parts, application

TRACE, OF_TRACE = "servegen-mm-image", 100_000
ACCOUNT = "servegen"
START, SPAN = datetime(2026, 4, 1, tzinfo=UTC), timedelta(days=31)
MODELS, PROVIDERS = [f"model-{i}" for i in range(12)], ["openai", "azure", "bedrock"]
SELDOM = 50_000  # requests, of which one has a model, a provider, a key or an error that few others have
FAILURES = ((429, "rate limit reached"), (500, "upstream failed"), (None, "connection reset"))
WARM_UP, TIMES, HUNDREDTH = 10, 60, 100
COPIED = 400_000  # rows, by which it is measured what an index costs those who write

REQUEST = "id requestId timestamp model provider apiKey { id name } inputTokens outputTokens totalTokens latency statusCode errorMessage"
HISTORY = "history(range: $range, first: 50, after: $after%s) { nodes { " + REQUEST + " } pageInfo { hasNextPage endCursor } }"
OVERVIEW = """routerUsage(range: $range) { totalRequests totalTokens usedModels averageLatency successRate errorCount totalFee throughput
    input { label count } output { label count } }"""
BY_DAY = """routerUsage(range: $range) { buckets(interval: DAY, groupBy: [MODEL], first: 400) {
    nodes { time model requests totalTokens totalFee averageLatency input { label count } output { label count } } } }"""
BEHIND = """routerUsage(range: $range) { buckets(interval: DAY, first: 50) { nodes { time model apiKey { name }
    input { label count } output { label count } history(first: 10) { nodes { requestId timestamp totalTokens } } } } }"""
FILTERS = {
    "a model": 'models: ["model-3"]',
    "a model of few": 'models: ["model-seldom"]',
    "a provider": 'providers: ["azure"]',
    "a provider of few": 'providers: ["provider-seldom"]',
    "an API key": 'apiKeys: ["client-14"]',
    "an API key of few": 'apiKeys: ["key-seldom"]',
    "a key that nobody has": 'apiKeys: ["key-never"]',
    "requests without a key": "apiKeys: [null]",
    "failures": "outcomes: [CLIENT_ERROR, SERVER_ERROR, UNKNOWN_ERROR]",
    "a status code": "statusCodes: [500]",
    "a status code of few": "statusCodes: [418]",
    "a text in errors": 'errorContains: "reset"',
    "a text in few errors": 'errorContains: "teapot"',
    "a request id": 'requestId: "%s"',
    "a model and a key": 'models: ["model-3"], apiKeys: ["client-14"]',
}
QUESTIONS = {
    "31 days: overview": OVERVIEW,
    "31 days by model in days": BY_DAY,
    "31 days by model and key in days, requests behind": BEHIND,
    "history: first page": HISTORY % "",
    **{f"history: {name}": HISTORY % f", filter: {{{filter}}}" for name, filter in FILTERS.items()},
    "history: hundredth page": HISTORY % "",
}


class Milliseconds(NamedTuple):
    """Half of the answers took `p50` at most, and 19 of 20 `p95`; half of them had Postgres work for `postgres` at most."""

    p50: float
    p95: float
    postgres: float


def main() -> None:
    """Print a line for each question, with the numbers of requests side by side."""
    arguments = argparse.ArgumentParser(prog="benchmarks.flat")
    arguments.add_argument("--requests", type=int, nargs="+", default=[200_000, 1_000_000], help="how many")
    sizes = arguments.parse_args().requests
    found: dict[str, list[Milliseconds]] = {}
    for number in sizes:
        with place() as where:
            started = perf_counter()
            fill(where, number)
            print(f"{number:,} requests recorded and projected in {perf_counter() - started:.0f} s", flush=True)
            for name, took in asyncio.run(asked(where, number)).items():
                found.setdefault(name, []).append(took)
            if number == sizes[-1]:
                tell(sizes, found)
                tell_write_cost(where)


def fill(where: Place, number: int) -> None:
    """Record so many requests, and build the read models."""
    _append(where, requests(number))
    with psycopg.connect(where.database_url) as connection:
        connection.execute("UPDATE cell_0.generations SET state = 'retired'")
    Runner(where.database_url, apart=True).rebuild(lambda _done, _total: None)


def requests(number: int) -> Iterator[UsageEvent]:
    """Those of the trace, again and again, evenly over the span."""
    random, start, span = Random(number), microseconds(START), SPAN // timedelta(microseconds=1)
    trace = [parse(line, Sender(None), LATEST) for line in lines(TRACE, OF_TRACE)]
    for i, event in enumerate(islice(cycle(trace), number)):
        assert isinstance(event, RequestCompleted)
        fields = {"id": f"{event.id}-{i}", "request_id": request_id(i), "occurred_at": start + i * span // number}
        fields |= {
            "model": MODELS[min(int(random.expovariate(0.4)), len(MODELS) - 1)],
            "provider": random.choices(PROVIDERS, (70, 25, 5))[0],
        }
        if i % 97 == 0:
            fields["status_code"], fields["error_message"] = random.choice(FAILURES)
        fields |= SELDOM_FIELDS.get(i % SELDOM, {})
        yield msgspec.structs.replace(event, **fields)


SELDOM_FIELDS: dict[int, dict[str, Any]] = {
    1: {"model": "model-seldom"},
    2: {"provider": "provider-seldom"},
    3: {"api_key": "key-seldom"},
    4: {"status_code": 418, "error_message": "a teapot"},
    5: {"api_key": None, "api_key_name": None},
}


def request_id(i: int) -> str:
    """In no order, as those of gateways."""
    return f"req-{i * 2_654_435_761 % 2**32:08x}"


async def asked(where: Place, number: int) -> dict[str, Milliseconds]:
    """How long each question takes, one after the other."""
    with psycopg.connect(where.database_url) as connection:
        token = tokens.create(connection, "flat", [Scope.READ], ACCOUNT)
    parts = Parts(Settings(where.folder), where.database_url)
    transport = httpx.ASGITransport(application(parts))
    headers = {"Authorization": f"Bearer {token}"}
    range = {"from": START.isoformat(), "to": (START + SPAN).isoformat()}
    found: dict[str, Milliseconds] = {}
    in_postgres: list[float] = []
    async with parts.open(), httpx.AsyncClient(transport=transport, base_url="http://bench", headers=headers, timeout=60) as client:

        async def ask(selection: str, after: str | None) -> dict[str, Any]:
            declared = "$range: TimeRange!" + (", $after: String" if "$after" in selection else "")
            query = f"query ({declared}) {{ viewer {{ account {{ {selection} }} }} }}"
            response = await client.post("/graphql", json={"query": query, "variables": {"range": range, "after": after}})
            answer = response.json()
            assert "errors" not in answer, answer["errors"]
            in_postgres.append(answer["extensions"]["cost"]["used"]["databaseMilliseconds"])
            return answer["data"]["viewer"]["account"]

        cursor = None
        for _ in islice(cycle([None]), HUNDREDTH - 1):
            cursor = (await ask(HISTORY % "", cursor))["history"]["pageInfo"]["endCursor"]
        for name, question in QUESTIONS.items():
            selection = question.replace("%s", request_id(number // 2))
            after = cursor if "hundredth" in name else None
            took = []
            for _ in islice(cycle([None]), WARM_UP + TIMES):
                started = perf_counter()
                await ask(selection, after)
                took.append((perf_counter() - started) * 1e3)
            found[name] = Milliseconds(median(took[WARM_UP:]), quantiles(took[WARM_UP:], n=20)[-1], median(in_postgres[-TIMES:]))
    return found


def tell(sizes: list[int], found: dict[str, list[Milliseconds]]) -> None:
    """Milliseconds: p50 and p95, and p50 of what Postgres takes."""
    print(f"\n{'milliseconds: p50 / p95 (of that in Postgres)':<52}" + "".join(f"{size:>17,} requests" for size in sizes))
    for name, each in found.items():
        print(f"{name:<52}" + "".join(f"{took.p50:>10.1f} /{took.p95:>6.1f} ({took.postgres:>5.1f})" for took in each), flush=True)


def tell_write_cost(where: Place) -> None:
    """What each index of history costs those who write: COPY into a table with its key alone, and with that index beside it."""
    with psycopg.connect(where.database_url, autocommit=True) as connection, TemporaryFile() as rows:
        live = connection.execute("SELECT max(generation) FROM cell_0.generations WHERE state = 'live'").fetchone()
        assert live is not None
        table = Identifier("cell_0", f"history_{live[0]}")
        with connection.cursor().copy(SQL("COPY (SELECT * FROM {} LIMIT {}) TO STDOUT (FORMAT BINARY)").format(table, COPIED)) as copy:
            for part in copy:
                rows.write(part)
        alone = 0.0
        for index in ("", *history.INDEXES):
            tables = Tables("cell_0", 0)
            for statement in (f"CREATE TABLE {{history}} ({history.ROW})", *history.KEYS, *filter(None, [index])):
                connection.execute(tables.sql(statement))
            rows.seek(0)
            started, used = perf_counter(), _cpu(connection)
            with connection.cursor().copy(tables.sql("COPY {history} FROM STDIN (FORMAT BINARY)")) as copy:
                while part := rows.read(2**20):
                    copy.write(part)
            seconds, cpu = perf_counter() - started, _cpu(connection) - used
            alone = alone or cpu
            size = connection.execute("SELECT pg_indexes_size('cell_0.history_0') / count(*) FROM cell_0.history_0").fetchone()
            assert size is not None
            name = "COPY into history, its key alone" if not index else "  " + index.split("{history} ")[1]
            more = (cpu - alone) / COPIED * 1e6
            print(f"{name:<100} {COPIED / seconds:>10,.0f} rows/s  +{more:.1f} µs of Postgres  {size[0]:>4} bytes of index")
            connection.execute(tables.sql("DROP TABLE {history}"))


def _cpu(connection: psycopg.Connection[Any]) -> float:
    """Seconds of a processor that the connection's server has taken: other work on the machine does not count."""
    user, system = Path(f"/proc/{connection.info.backend_pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / 100


if __name__ == "__main__":
    main()
