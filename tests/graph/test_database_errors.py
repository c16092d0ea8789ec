"""When the database is slow or away: the client is told so, and nothing of our insides."""

from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier
from structlog.testing import capture_logs

from domain.sealing import Seal
from tests.events import at, request_completed
from tests.graph.conftest import Service, serving

RANGE = '{from: "2026-04-21T00:00:00Z", to: "2026-04-22T00:00:00Z"}'
USAGE = f"{{ routerUsage(range: {RANGE}) {{ totalRequests }} }}"
TOKENS = f"{{ routerUsage(range: {RANGE}) {{ totalTokens }} }}"


async def test_a_query_that_takes_too_long_is_a_timeout_and_what_stood_beside_it_can_be_asked_for_again(
    database_url: str, seal: Seal, tmp_path: Path
):
    async with serving(database_url, seal, tmp_path, statement_timeout_ms=50) as service:
        service.record(request_completed(at("09:00")))
        with psycopg.connect(database_url) as blocking, capture_logs() as logs:
            blocking.execute(SQL("LOCK TABLE cell_0.{}").format(Identifier(f"router_model_buckets_{service.live.number}")))
            answer = await service.answer(f"{{ one: account {USAGE} two: account {TOKENS} }}")
        codes = {error["path"][0]: error["extensions"]["code"] for error in answer["errors"]}
        assert codes == {"one": "TIMEOUT", "two": "UNAVAILABLE"}
        assert [entry["log_level"] for entry in logs] == ["warning", "warning"]
        assert "cell_0" not in str(answer)
        assert "transaction" not in str(answer)
        one, two = {"routerUsage": {"totalRequests": 1}}, {"routerUsage": {"totalTokens": 15}}
        assert await service.ask(f"{{ one: account {USAGE} two: account {TOKENS} }}") == {"one": one, "two": two}


async def test_a_database_that_is_away_is_unavailable(service: Service):
    with capture_logs() as logs:
        await service.snapshots._pool.close()
        answer = await service.answer(f"{{ account {{ history(range: {RANGE}) {{ totalCount }} }} }}")
    [error] = answer["errors"]
    assert error["extensions"] == {"code": "UNAVAILABLE"}
    assert error["message"] == "The database cannot be reached now: try again in a moment."
    assert [entry["log_level"] for entry in logs] == ["warning"]


async def test_a_connection_that_broke_while_it_lay_in_the_pool_is_noticed_by_nobody(service: Service, database_url: str):
    query = f"{{ account {{ history(range: {RANGE}) {{ totalCount }} }} }}"
    expected = await service.ask(query)
    async with service.snapshots._pool.connection() as pooled:
        process = pooled.info.backend_pid
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [process])
    assert await service.ask(query) == expected
