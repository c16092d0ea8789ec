"""Exports and audits, followed over real connections: the present first, then each change, to the end. Who waits does nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from websockets.exceptions import ConnectionClosedError

from graph.node import Kind, name_of_kind
from jobs.actors import Workshop, attend
from jobs.application import JobsLog
from jobs.audits import Audits
from jobs.exports import ExportRules, Exports
from jobs.files import FileStore
from jobs.jobs import JobRules, Jobs
from ledger.listening import APPLICATION_NAME
from tests.cutting import CUT
from tests.graph.conftest import Service, viewer_of
from tests.graph.followers import BOUND_SECONDS, Follower, following, serving
from tests.jobs.conftest import closed_gate, eventually
from tests.jobs.engines import TableEngine
from tests.jobs.sources import TableSource, fill_usage

TOKEN = "acme:read+billing"
RANGE = {"from": "2026-04-21T00:00:00Z", "to": "2026-04-22T00:00:00Z"}
EXPORT = "mutation($input: ExportRouterUsageInput!) { asked: exportRouterUsage(input: $input) { job: export { id } } }"
AUDIT = "mutation($input: StartAuditInput!) { asked: startAudit(input: $input) { job: audit { id } } }"


@dataclass(frozen=True)
class JobsOf:
    """What there is to follow, of one kind of job."""

    service: Service
    kind: Kind
    ask: str
    field: str
    jobs: Jobs[Any, Any, Any]

    @property
    def follow(self) -> str:
        return f"subscription($id: ID!) {{ {self.field}(id: $id) {{ status progress }} }}"

    async def new(self) -> str:
        return (await self.service.ask(self.ask, TOKEN, input={"range": RANGE}))["asked"]["job"]["id"]

    def uuid(self, id: str) -> UUID:
        name = name_of_kind(id, self.kind)
        assert name is not None
        return UUID(bytes=name)

    async def start(self, id: str) -> None:
        await asyncio.to_thread(self.jobs.take, self.uuid(id), "worker")

    async def report(self, id: str, done: int) -> None:
        assert await asyncio.to_thread(self.jobs.report, self.uuid(id), 1, done, 4)

    async def cancel(self, id: str) -> None:
        await asyncio.to_thread(self.jobs.cancel, self.uuid(id), None)

    @asynccontextmanager
    async def followed(self, id: str, token: str = TOKEN) -> AsyncIterator[Follower]:
        async with serving(self.service) as address, following(address, self.follow, token, id=id) as follower:
            yield follower

    def of_another_process(self, log: JobsLog) -> Jobs[Any, Any, Any]:
        return Exports(log, ExportRules()) if self.kind is Kind.EXPORT else Audits(log, JobRules())

    def looks(self) -> int:
        """How often the state of a job was asked for."""
        return self.service.office.asked.count("Jobs.state")


@pytest.fixture(params=["export", "audit"])
def of(request: pytest.FixtureRequest, service: Service) -> JobsOf:
    if request.param == "export":
        return JobsOf(service, Kind.EXPORT, EXPORT, "exportUpdated", service.exports)
    return JobsOf(service, Kind.AUDIT, AUDIT, "auditUpdated", service.audits)


async def test_a_follower_is_told_the_present_each_change_and_the_end(of: JobsOf):
    id = await of.new()
    async with of.followed(id) as follower:
        assert await follower.job() == {"status": "PENDING", "progress": 0.0}
        await of.start(id)
        assert await follower.job() == {"status": "RUNNING", "progress": 0.0}
        for done in (1, 2, 3):
            await of.report(id, done)
            assert await follower.job() == {"status": "RUNNING", "progress": done / 4}
        await of.cancel(id)
        assert (await follower.job())["status"] == "CANCELLED"
        await follower.ended()


async def test_who_begins_to_follow_half_way_or_at_the_end_is_told_the_present(of: JobsOf):
    id = await of.new()
    await of.start(id)
    await of.report(id, 1)
    async with of.followed(id) as follower:
        assert await follower.job() == {"status": "RUNNING", "progress": 0.25}
    await of.cancel(id)
    async with of.followed(id) as follower:
        assert (await follower.job())["status"] == "CANCELLED"
        await follower.ended()
    assert len(of.service.office.news._followers) == 0


async def test_an_idle_subscription_looks_only_when_its_job_changes(of: JobsOf):
    idle, busy = await of.new(), await of.new()
    async with of.followed(busy) as other, of.followed(idle) as follower:
        for each in (follower, other):
            assert (await each.job())["status"] == "PENDING"
        await of.start(busy)  # Given that all listen
        assert (await other.job())["status"] == "RUNNING"
        before = of.looks()
        # When another job changes
        for done in (1, 2, 3, 4):
            await of.report(busy, done)
            assert (await other.job())["progress"] == done / 4
        # Then nobody has looked at this one
        assert of.looks() == before + 4
        await of.start(idle)
        assert (await follower.job())["status"] == "RUNNING"
        assert of.looks() == before + 5


async def test_changes_that_come_faster_than_they_are_told_are_told_as_one_and_the_last_is_told(of: JobsOf):
    id = await of.new()
    async with of.followed(id) as follower:
        assert (await follower.job())["status"] == "PENDING"
        await of.start(id)
        for done in (1, 2, 3, 4):
            await of.report(id, done)
        told = [await follower.job()]
        while told[-1]["progress"] < 1:
            told.append(await follower.job())
        assert [each["progress"] for each in told] == sorted({each["progress"] for each in told})


async def test_nothing_is_lost_while_the_listening_connection_is_away(of: JobsOf, database_url: str):
    id = await of.new()
    async with of.followed(id) as follower, await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        assert (await follower.job())["status"] == "PENDING"
        await connection.execute(CUT, [APPLICATION_NAME])
        await of.start(id)
        assert (await follower.job())["status"] == "RUNNING"
        await connection.execute(CUT, [APPLICATION_NAME])
        await of.cancel(id)
        assert (await follower.job())["status"] == "CANCELLED"
        await follower.ended()


async def test_a_database_that_is_away_for_a_moment_ends_no_subscription(of: JobsOf, database_url: str):
    id = await of.new()
    pool: Any = of.jobs._log.datastore.pool
    async with of.followed(id) as follower:
        assert (await follower.job())["status"] == "PENDING"
        pool.timeout = 0.01  # Given a database that has no connection for it in time
        held = [await asyncio.to_thread(pool.getconn, BOUND_SECONDS) for _ in range(pool.max_size)]
        with closing(JobsLog(database_url)) as log:
            before = of.looks()
            of.of_another_process(log).take(of.uuid(id), "worker")
            await asyncio.to_thread(eventually, lambda: of.looks() > before + 1)  # When it has looked in vain
        for connection in held:
            pool.putconn(connection)
        assert (await follower.job())["status"] == "RUNNING"


async def test_many_followers_of_one_job_are_all_told(of: JobsOf):
    id = await of.new()
    async with serving(of.service) as address, AsyncExitStack() as stack:
        followers = [await stack.enter_async_context(following(address, of.follow, TOKEN, id=id)) for _ in range(20)]
        for follower in followers:
            assert (await follower.job())["status"] == "PENDING"
        await of.cancel(id)
        for follower in followers:
            assert (await follower.job())["status"] == "CANCELLED"
            await follower.ended()


async def test_yours_alone_another_account_s_job_cannot_be_followed(of: JobsOf):
    id = await of.new()
    async with serving(of.service) as address:
        for token, wanted in (("rival:read+billing", id), (TOKEN, "nonsense")):
            async with following(address, of.follow, token, id=wanted) as follower:
                assert await follower.refusal() == {"code": "NOT_FOUND", "field": ["id"]}
        async with following(address, of.follow, "*:read+billing", id=id) as operator:
            assert (await operator.job())["status"] == "PENDING"


async def test_a_token_that_was_revoked_is_told_nothing_more(of: JobsOf):
    id = await of.new()
    async with of.followed(id) as follower:
        assert (await follower.job())["status"] == "PENDING"
        of.service.revoked.add(TOKEN)
        await of.start(id)
        with pytest.raises(ConnectionClosedError, match="4403"):
            await follower.heard()


async def test_bounded_an_operator_s_following_counts_for_the_account_it_is_about(of: JobsOf):
    id = await of.new()
    of.service.office.news._followers._most_per_account = 1
    async with serving(of.service) as address, following(address, of.follow, "*:read+billing", id=id) as operator:
        assert (await operator.job())["status"] == "PENDING"
        async with following(address, of.follow, TOKEN, id=id) as second:
            assert await second.refusal() == {"code": "LIMIT_FOLLOWERS"}
        async with following(address, of.follow, "rival:read+billing", id=id) as other:  # who may not see it is not told that others do
            assert await other.refusal() == {"code": "NOT_FOUND", "field": ["id"]}


async def test_progress_of_a_worker_is_told_as_it_comes(service: Service, database_url: str, tmp_path: Path):
    of = JobsOf(service, Kind.EXPORT, EXPORT, "exportUpdated", service.exports)
    account_id = viewer_of(TOKEN).account_id
    await asyncio.to_thread(fill_usage, database_url, account_id, 2_500)
    source, engine = TableSource(database_url), TableEngine(database_url)
    workshop = Workshop(service.exports, FileStore(tmp_path), source, service.audits, engine)
    id = await of.new()
    async with of.followed(id) as follower:
        told = [await follower.job()]
        with closed_gate(database_url) as open_gate:
            working = asyncio.create_task(asyncio.to_thread(attend, workshop, of.uuid(id)))
            while told[-1]["progress"] < 0.4:
                told.append(await follower.job())
            open_gate()
            while told[-1]["progress"] < 1 or told[-1]["status"] == "RUNNING":
                told.append(await follower.job())
            await working
        await follower.ended()
    assert [each["status"] for each in (told[0], told[1], told[-1])] == ["PENDING", "RUNNING", "COMPLETED"]
    assert [each["progress"] for each in told] == sorted(each["progress"] for each in told)
