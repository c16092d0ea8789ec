"""`GET /metrics`: what this process counts, what waits in the spool, and what the database knows of the whole service, for Prometheus.

The figures are of all accounts together, and for those who look after the service: no label names an account.
"""

import asyncio
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

from prometheus_client import REGISTRY, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from domain.limits import MAX_SPOOL_BYTES
from ingest.backlog import MAX_EVENTS_WAITING, Backlog
from jobs.unfinished import Unfinished, unfinished
from projections.lag import Lag, lags
from service.metrics_readers import CHECK_SECONDS, NotForThemError, Readers
from service.spool_depth import SpoolDepth, spool_depth
from service.tokens import Gatekeeper
from service.unavailable import AWAY

HEADERS = {"Cache-Control": "no-store"}


class Metrics:
    """The endpoint."""

    def __init__(
        self, gatekeeper: Gatekeeper, pool: AsyncConnectionPool[AsyncConnection[Any]], backlog: Backlog, spool_folder: Path
    ) -> None:
        self._readers = Readers(gatekeeper)
        self._pool = pool
        self._backlog = backlog
        self._spool_folder = spool_folder

    async def respond(self, request: Request) -> Response:
        """In the format that is asked for: Prometheus' text or OpenMetrics."""
        try:
            is_up = await self._readers.admit(request.headers.get("authorization"))
        except NotForThemError as error:
            challenge = {"WWW-Authenticate": "Bearer"} if error.status == HTTPStatus.UNAUTHORIZED else {}
            return JSONResponse({"error": {"code": error.status.name, "message": str(error)}}, error.status, HEADERS | challenge)
        found = await self._found() if is_up else None
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        scrape = Scrape(self._waiting(), _of_the_spool(await self._spooled()), _of_the_database(found))
        return Response(encode(scrape), headers=HEADERS | {"Content-Type": content_type})

    async def _found(self) -> tuple[list[Lag], list[Unfinished]] | None:
        """What the database knows; null where it does not answer."""
        try:
            async with asyncio.timeout(CHECK_SECONDS), self._pool.connection() as connection:
                return await lags(connection), await unfinished(connection)
        except (TimeoutError, *AWAY):
            return None

    async def _spooled(self) -> SpoolDepth | None:
        """What waits on disk; null where that does not answer."""
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                return await asyncio.to_thread(spool_depth, self._spool_folder)
        except (TimeoutError, OSError):
            return None

    def _waiting(self) -> Iterator[Metric]:
        waiting = self._backlog.events
        yield GaugeMetricFamily("tallygraph_append_queue_events", "Events that are accepted and not durable yet.", waiting)
        yield GaugeMetricFamily("tallygraph_append_queue_limit_events", "How many may: MAX_EVENTS_WAITING.", MAX_EVENTS_WAITING)


class Scrape:
    """What is counted while the process runs, then what is only found out when somebody asks: together a registry to be written down."""

    def __init__(self, *found: Iterable[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        """Everything."""
        yield from REGISTRY.collect()
        for metrics in self._found:
            yield from metrics


def _of_the_spool(depth: SpoolDepth | None) -> Iterator[Metric]:
    """Of the data directory, which processes may share. Nothing where it cannot be read."""
    yield GaugeMetricFamily(
        "tallygraph_spool_limit_bytes", "How large the files of the spool may be together: MAX_SPOOL_BYTES.", MAX_SPOOL_BYTES
    )
    if depth is not None:
        yield GaugeMetricFamily("tallygraph_spool_bodies", "Bodies that were acknowledged and wait on disk to be recorded.", depth.bodies)
        yield GaugeMetricFamily("tallygraph_spool_oldest_seconds", "Age of the oldest of them.", depth.oldest_seconds)
        yield GaugeMetricFamily("tallygraph_spool_failed_bodies", "Bodies on disk that nobody could make sense of.", depth.failed_bodies)
        yield GaugeMetricFamily("tallygraph_spool_bytes", "Size of all files of the spool.", depth.bytes)


def _of_the_database(found: tuple[list[Lag], list[Unfinished]] | None) -> Iterator[Metric]:
    """With the database away, that; unknown is not zero."""
    yield GaugeMetricFamily("tallygraph_database_up", "Whether the database answers within a second.", int(found is not None))
    if found is None:
        return
    behind, jobs = found
    events = GaugeMetricFamily("tallygraph_projection_lag_events", "Events of the log that are not in the read models.", labels=["group"])
    seconds = GaugeMetricFamily("tallygraph_projection_lag_seconds", "Age of the oldest of them, since it was recorded.", labels=["group"])
    for lag in behind:
        events.add_metric([lag.group], lag.events)
        seconds.add_metric([lag.group], lag.seconds)
    log = CounterMetricFamily("tallygraph_log_events", "Events in the log, whichever process recorded them.", behind[0].head)
    unfinished = GaugeMetricFamily("tallygraph_jobs", "Exports and audits that wait, or are worked on.", labels=["kind", "status"])
    for each in jobs:
        unfinished.add_metric([each.kind, "pending"], each.pending)
        unfinished.add_metric([each.kind, "running"], each.running)
    yield from (log, events, seconds, unfinished)
