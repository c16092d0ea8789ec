"""The asynchronous side: what graph/ asks, and what followers are told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, aclosing
from uuid import UUID, uuid4

import psycopg
import pytest
from dramatiq.brokers.stub import StubBroker

from jobs.actors import Workshop, attend
from jobs.brokers import Doorbell
from jobs.desk import ExportDesk
from jobs.errors import JobFinishedError, JobNotFoundError, TooManyFollowersError
from jobs.export_states import ExportState
from jobs.exports import Exports
from jobs.files import FileStore
from jobs.job import JobStatus
from jobs.news import MAX_FOLLOWERS, MAX_FOLLOWERS_PER_ACCOUNT, JobNews
from jobs.office import Office
from jobs.request import ExportRequest
from tests.jobs.conftest import BOUND_SECONDS, closed_gate

QUEUE = "exports"


@pytest.fixture
def broker() -> StubBroker:
    return StubBroker(middleware=[])


@pytest.fixture
async def desk(exports: Exports, broker: StubBroker, store: FileStore, jobs_database: str) -> AsyncIterator[ExportDesk]:
    office = Office(Doorbell(broker, QUEUE), JobNews(jobs_database))
    async with office.open():
        yield ExportDesk(exports, office, store)


async def followed(desk: ExportDesk, export_id: UUID, account_id: UUID) -> list[ExportState]:
    return [state async for state in desk.follow(export_id, account_id)]


async def test_a_request_is_recorded_and_rung_for(desk: ExportDesk, broker: StubBroker, wish: ExportRequest):
    state = await desk.request(wish)
    assert await desk.get(state.id, wish.account_id) == state
    message = await asyncio.to_thread(next, broker.consume(QUEUE, timeout=BOUND_SECONDS * 1_000))
    assert message is not None
    assert message.args == (str(state.id),)


async def test_a_follower_is_told_the_present_then_progress_then_completion(
    desk: ExportDesk, workshop: Workshop, jobs_database: str, wish: ExportRequest
):
    export = await desk.request(wish)
    told: list[ExportState] = []
    with closed_gate(jobs_database) as open_gate:
        async with asyncio.timeout(BOUND_SECONDS), asyncio.TaskGroup() as group:
            work = None
            async for state in desk.follow(export.id, wish.account_id):
                told.append(state)
                if work is None:
                    work = group.create_task(asyncio.to_thread(attend, workshop, export.id))
                if state.rows_done == 1_000:
                    open_gate()
    assert told[0] == export
    statuses = [state.status for state in told]
    assert statuses[-1] is JobStatus.COMPLETED
    assert set(statuses[1:-1]) == {JobStatus.RUNNING}
    progress = [state.progress for state in told]
    assert progress == sorted(progress)
    assert 0.4 in progress
    assert desk.file(told[-1]) == workshop.store.path(export.id, 1)


async def test_who_follows_what_is_over_is_told_so_and_no_more(desk: ExportDesk, wish: ExportRequest):
    export = await desk.request(wish)
    cancelled = await desk.cancel(export.id, wish.account_id)
    assert await followed(desk, export.id, wish.account_id) == [cancelled]


async def test_many_followers_of_one_export_are_all_told(desk: ExportDesk, wish: ExportRequest):
    export = await desk.request(wish)
    async with asyncio.timeout(BOUND_SECONDS), asyncio.TaskGroup() as group:
        followers = [group.create_task(followed(desk, export.id, wish.account_id)) for _ in range(20)]
        await asyncio.to_thread(lambda: None)
        await desk.cancel(export.id, wish.account_id)
    assert {follower.result()[-1].status for follower in followers} == {JobStatus.CANCELLED}


async def test_a_follower_misses_nothing_when_the_listening_connection_breaks(desk: ExportDesk, jobs_database: str, wish: ExportRequest):
    export = await desk.request(wish)
    following = desk.follow(export.id, wish.account_id)
    assert await anext(following) == export
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tallygraph job news'"
    async with await psycopg.AsyncConnection.connect(jobs_database, autocommit=True) as connection:
        await connection.execute(kill)
    cancelled = await desk.cancel(export.id, wish.account_id)
    async with asyncio.timeout(BOUND_SECONDS):
        assert [state async for state in following] == [cancelled]


async def test_another_account_s_export_cannot_be_seen_followed_or_cancelled(desk: ExportDesk, wish: ExportRequest):
    export = await desk.request(wish)
    other = uuid4()
    assert await desk.get(export.id, other) is None
    assert await desk.page(other, first=10) == []
    assert await desk.count(other) == 0
    with pytest.raises(JobNotFoundError):
        await followed(desk, export.id, other)
    with pytest.raises(JobNotFoundError):
        await desk.cancel(export.id, other)
    assert await desk.get(export.id, None) == export  # an operator's


async def test_what_is_over_cannot_be_cancelled(desk: ExportDesk, workshop: Workshop, wish: ExportRequest):
    export = await desk.request(wish)
    await asyncio.to_thread(attend, workshop, export.id)
    with pytest.raises(JobFinishedError):
        await desk.cancel(export.id, wish.account_id)
    assert [state.status for state in await desk.page(wish.account_id, first=10)] == [JobStatus.COMPLETED]
    assert await desk.count(wish.account_id) == 1


async def test_an_export_without_a_file_has_none_to_send(desk: ExportDesk, wish: ExportRequest):
    assert desk.file(await desk.request(wish)) is None


def test_bounded_followers_of_one_account_leave_room_for_those_of_others():
    news = JobNews("postgresql://nobody")
    acme, rival = uuid4(), uuid4()
    with ExitStack() as followers:
        for _ in range(MAX_FOLLOWERS_PER_ACCOUNT - 1):
            followers.enter_context(news.about(uuid4(), acme))
        with news.about(uuid4(), acme):
            told = rf"^{MAX_FOLLOWERS_PER_ACCOUNT} follow exports and audits of this account already \(MAX_FOLLOWERS_PER_ACCOUNT\): ask for"
            with pytest.raises(TooManyFollowersError, match=told), news.about(uuid4(), acme):
                pass
            followers.enter_context(news.about(uuid4(), rival))
        followers.enter_context(news.about(uuid4(), acme))  # in the place of the one that left
    assert (len(news._of_accounts), len(news._followers)) == (0, 0)


def test_bounded_followers_of_one_process():
    news = JobNews("postgresql://nobody")
    with ExitStack() as followers:
        for _ in range(MAX_FOLLOWERS):
            followers.enter_context(news.about(uuid4(), uuid4()))
        told = rf"^{MAX_FOLLOWERS} follow exports and audits here already \(MAX_FOLLOWERS\): ask for its state instead\.$"
        with pytest.raises(TooManyFollowersError, match=told), news.about(uuid4(), uuid4()):
            pass
    with news.about(uuid4(), uuid4()):
        pass


async def test_bounded_an_operator_s_following_counts_for_the_account_it_is_about(desk: ExportDesk, wish: ExportRequest):
    export = await desk.request(wish)
    async with AsyncExitStack() as following:
        for _ in range(MAX_FOLLOWERS_PER_ACCOUNT):
            states = await following.enter_async_context(aclosing(desk.follow(export.id, None)))
            assert await anext(states) == export
        with pytest.raises(TooManyFollowersError):
            await followed(desk, export.id, wish.account_id)
        with pytest.raises(JobNotFoundError):
            await followed(desk, export.id, uuid4())  # who may not see it is not told that others do
