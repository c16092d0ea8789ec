"""The yardstick: what somebody writes by hand for exactly two answers. The service's own SQL, a Starlette handler, msgspec.

The SQL is that of a query which has no plan yet, and gives columns: once it has one, Postgres writes the rows as the answer shows them.

It knows no token, no limits and no selection, it answers nothing else, its cursors are not sealed, and it lets msgspec write instants
and amounts. Run as a process of its own: `python -m benchmarks.handwritten QUESTIONS PORT`, with what benchmarks/graphql.py has kept.
"""

import pickle
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, LiteralString, NamedTuple

import msgspec
import uvicorn
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.quantities import label, rank
from service.pools import OPTIONS

POOL_SIZE = 10
PAGE, BUCKETS = 100, 1_000
HISTORY = (
    *("request_id", "source", "event_id", "version", "model", "provider", "technology", "channel"),
    *("input_tokens", "output_tokens", "total_tokens", "occurred_at", "fee", "id"),
)
encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(list[tuple[str, str, str, int, str | None]], strict=False).decode


class Question(NamedTuple):
    """A statement as the service sends it, with its parameters, and the columns that it gives."""

    statement: LiteralString
    parameters: dict[str, Any]
    columns: list[str]


class Handlers:
    """Both answers, to a POST of any JSON: what is asked is fixed. With an `opening` the rows are read in a transaction that it begins."""

    def __init__(self, database_url: str, history: Question, buckets: Question, opening: LiteralString | None) -> None:
        self.pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
            database_url, min_size=1, max_size=POOL_SIZE, open=False, kwargs={"autocommit": True, "options": OPTIONS}
        )
        self._opening: LiteralString | None = opening
        self._history = history
        self._buckets = buckets
        self._at = [history.columns.index(name) for name in HISTORY]

    async def history(self, request: Request) -> Response:
        """A page of requests."""
        msgspec.json.decode(await request.body())
        rows = await self._rows(self._history)
        one, two, three, four, five, six, seven, eight, nine, ten, eleven, at, fee, id = self._at
        edges = [
            {
                "cursor": f"{row[at].isoformat()}/{row[id].hex}",
                "node": {
                    "requestId": row[one],
                    "source": row[two],
                    "eventId": row[three],
                    "version": row[four],
                    "model": row[five],
                    "provider": row[six],
                    "technology": row[seven],
                    "channel": row[eight].upper(),
                    "inputTokens": row[nine],
                    "outputTokens": row[ten],
                    "totalTokens": row[eleven],
                    "timestamp": row[at],
                    "fee": row[fee],
                },
            }
            for row in rows[:PAGE]
        ]
        info = {"hasNextPage": len(rows) > PAGE, "endCursor": edges[-1]["cursor"] if edges else None}
        return _json({"data": {"account": {"history": {"edges": edges, "pageInfo": info}}}})

    async def buckets(self, request: Request) -> Response:
        """Buckets by time, model and API key, with both breakdowns."""
        msgspec.json.decode(await request.body())
        edges = self._buckets.parameters["edges"]
        rows, nodes = await self._rows(self._buckets), list[Any]()
        for bucket, model, _, api_key, requests, tokens, fee, unpriced, *_, lines, name in rows[:BUCKETS]:
            input, output = list[Any](), list[Any]()
            for direction, category, unit, count, line_fee in sorted(decode(lines), key=_place):
                side = input if direction == "input" else output
                side.append({"category": category, "label": label(direction, category, unit), "count": int(count), "fee": line_fee})
            nodes.append(
                {
                    "time": edges[bucket - 1],
                    "model": model,
                    "apiKey": {"id": api_key, "name": name or api_key},
                    "requests": int(requests),
                    "totalTokens": int(tokens),
                    "totalFee": fee if unpriced < requests else None,
                    "input": input,
                    "output": output,
                }
            )
        return _json({"data": {"account": {"routerUsage": {"buckets": {"nodes": nodes}}}}})

    async def _rows(self, question: Question) -> Sequence[tuple[Any, ...]]:
        async with self.pool.connection() as connection:
            if self._opening:  # the snapshot, as the service opens it
                await connection.execute(self._opening, prepare=False)
            cursor = await connection.execute(question.statement, question.parameters, binary=True)
            rows = await cursor.fetchall()
            if self._opening:
                await connection.rollback()
        return rows


def _place(line: tuple[str, str, str, int, str | None]) -> tuple[str, tuple[int, str, str]]:
    return line[0], rank(*line[:3])


def _json(content: object) -> Response:
    return Response(encode(content), media_type="application/json")


def main(questions: str, port: str) -> None:
    """Serve until killed."""
    handlers = Handlers(*pickle.loads(Path(questions).read_bytes()))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with handlers.pool:
            yield

    routes = [Route("/history", handlers.history, methods=["POST"]), Route("/buckets", handlers.buckets, methods=["POST"])]
    uvicorn.run(Starlette(routes=routes, lifespan=lifespan), port=int(port), log_level="error", access_log=False, server_header=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
