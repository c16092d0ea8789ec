import os
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import dramatiq
import pika
import psycopg
import pytest
from dramatiq.brokers.redis import RedisBroker
from dramatiq.common import dq_name, xq_name

from jobs.actors import Workshop
from jobs.application import JobsLog
from jobs.audits import Audits
from jobs.brokers import Doorbell, broker_from_url
from jobs.export_states import ExportState
from jobs.exports import ExportRules, Exports
from jobs.files import FileStore
from jobs.job import RetryRules
from jobs.jobs import JobRules
from jobs.request import ExportRequest
from jobs.schema import SCHEMA, STATEMENTS
from jobs.worker import run_worker
from ledger.schema import set_up
from tests.jobs.engines import TableEngine
from tests.jobs.sources import GATE, TableSource, fill_usage

BOUND_SECONDS = 30  # what a test waits for comes within this time, or never
SOON = timedelta(milliseconds=200)
RULES = ExportRules(
    retry=RetryRules(lease=timedelta(seconds=30), max_attempts=3, first_backoff=SOON, max_backoff=SOON), resend_after=timedelta(seconds=1)
)
AUDIT_RULES = JobRules(RULES.retry, RULES.resend_after)
SHORT_LEASE = replace(RULES, retry=replace(RULES.retry, lease=timedelta(milliseconds=1_500)))


@pytest.fixture
def jobs_database(database_url: str) -> str:
    set_up(database_url, [SCHEMA], STATEMENTS)
    return database_url


@pytest.fixture
def log(jobs_database: str) -> Iterator[JobsLog]:
    with closing(JobsLog(jobs_database)) as log:
        yield log


@pytest.fixture
def exports(log: JobsLog) -> Exports:
    return Exports(log, RULES)


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "exports")


@pytest.fixture
def account_id(jobs_database: str) -> UUID:
    """An account with 2,500 hours of usage."""
    account_id = uuid4()
    fill_usage(jobs_database, account_id, 2_500)
    return account_id


@pytest.fixture
def wish(account_id: UUID) -> ExportRequest:
    return ExportRequest(account_id, "acme", datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC), group_by=("MODEL",))


@pytest.fixture
def audits(log: JobsLog) -> Audits:
    return Audits(log, AUDIT_RULES)


@pytest.fixture
def workshop(exports: Exports, store: FileStore, audits: Audits, jobs_database: str) -> Workshop:
    return Workshop(exports, store, TableSource(jobs_database), audits, TableEngine(jobs_database))


@contextmanager
def closed_gate(database_url: str) -> Iterator[Callable[[], None]]:
    """Renderings stop half way until the gate is opened."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [GATE])
        yield lambda: connection.execute("SELECT pg_advisory_unlock(%s)", [GATE]) and None


def eventually(is_so: Callable[[], bool]) -> None:
    """Returns once it is so; fails when it is not within BOUND_SECONDS."""
    never = threading.Event()
    for _ in range(BOUND_SECONDS * 20):
        if is_so():
            return
        never.wait(0.05)
    pytest.fail(f"not so after {BOUND_SECONDS} seconds")


def wait_until(exports: Exports, export_id: UUID, is_so: Callable[[ExportState], bool]) -> ExportState:
    """The state of which it is so."""
    eventually(lambda: is_so(exports.state(export_id)))
    return exports.state(export_id)


def is_over(state: ExportState) -> bool:
    return state.status.is_final


@dataclass(frozen=True)
class Place:
    """A broker, and on it a queue and a namespace of `name` that nobody else has."""

    url: str | None
    name: str
    broker: dramatiq.Broker

    def ring(self, job_id: UUID, noun: str = "export") -> None:
        Doorbell(self.broker, self.name).ring(job_id, noun)


@pytest.fixture(
    params=[
        "in-process",
        pytest.param("rabbitmq", marks=pytest.mark.rabbitmq),
        pytest.param("redis", marks=pytest.mark.redis),
    ]
)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    name = f"test-{uuid4().hex[:12]}"
    url = BROKERS[request.param]
    if url is not None:
        _need(url)
    with closing(broker_from_url(url, namespace=name)) as broker:
        yield Place(url, name, broker)
    if url and request.param == "rabbitmq":
        with closing(pika.BlockingConnection(pika.URLParameters(url))) as connection:
            for queue in (name, dq_name(name), xq_name(name)):
                connection.channel().queue_delete(queue)
    elif url:
        assert isinstance(broker, RedisBroker)
        with broker.client as client:  # which the broker leaves open
            for key in client.scan_iter(f"{name}:*"):
                client.delete(key)


BROKERS = {"in-process": None, "rabbitmq": "amqp://guest:guest@127.0.0.1:5672", "redis": "redis://127.0.0.1:6379/15"}


def _need(url: str) -> None:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname, parts.port), timeout=2).close()
    except OSError:
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail(f"{parts.scheme} does not answer on port {parts.port}, and REQUIRE_SERVICES is set")
        pytest.skip(f"{parts.scheme} does not answer on port {parts.port}")


@contextmanager
def working(place: Place, workshop: Workshop, *, threads: int = 2) -> Iterator[None]:
    """A worker in a thread of this process, for as long as the block lasts."""
    workshop = replace(workshop, stopping=threading.Event())
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(run_worker, place.broker, workshop, threads=threads, queue=place.name, poll_every=SOON)
        try:
            yield
        finally:
            workshop.stopping.set()
        done.result(BOUND_SECONDS)
