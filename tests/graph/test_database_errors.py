"""When the database is slow or away: the client is told so, and nothing of our insides."""

import psycopg
from psycopg.errors import QueryCanceled
from psycopg.sql import SQL, Identifier
from structlog.testing import capture_logs

from tests.events import at, request_completed
from tests.graph.conftest import Service

RANGE = '{from: "2026-04-21T00:00:00Z", to: "2026-04-22T00:00:00Z"}'
QUERY = f"{{ account {{ key one: routerUsage(range: {RANGE}) {{ totalRequests }} two: history(range: {RANGE}) {{ nodes {{ id }} }} }} }}"


async def test_a_query_that_takes_too_long_is_a_timeout_and_what_stood_beside_it_is_asked_for_again(service: Service, database_url: str):
    service.record(request_completed(at("09:00")))
    with psycopg.connect(database_url) as blocking:
        blocking.execute(SQL("LOCK TABLE cell_0.{}").format(Identifier(f"router_buckets_{service.live.number}")))
        async with service.snapshots._pool.connection() as connection:
            await connection.execute("SELECT set_config('statement_timeout', '50ms', false)")
        with capture_logs() as logs:
            answer = await service.answer(QUERY)
    assert {(error["path"][1], error["extensions"]["code"]) for error in answer["errors"]} == {("one", "TIMEOUT"), ("two", "UNAVAILABLE")}
    assert [entry["log_level"] for entry in logs] == ["warning", "warning"]
    assert QueryCanceled.__name__ not in str(answer)


async def test_a_database_that_is_away_is_unavailable(service: Service):
    with capture_logs() as logs:
        await service.snapshots._pool.close()
        answer = await service.answer(f"{{ account {{ history(range: {RANGE}) {{ totalCount }} }} }}")
    [error] = answer["errors"]
    assert error["extensions"] == {"code": "UNAVAILABLE"}
    assert error["message"] == "The database cannot be reached now: try again in a moment."
    assert [entry["log_level"] for entry in logs] == ["warning"]
