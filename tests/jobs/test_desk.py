"""The asynchronous side: what graph/ asks, and what followers are told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from uuid import uuid4

import pytest
from dramatiq.brokers.stub import StubBroker

from jobs.actors import Workshop, attend
from jobs.brokers import Doorbell
from jobs.desk import ExportDesk
from jobs.errors import JobFinishedError, JobNotFoundError
from jobs.exports import Exports
from jobs.files import FileStore
from jobs.job import JobStatus
from jobs.job_states import CHANNEL
from jobs.news import MAX_FOLLOWERS, MAX_FOLLOWERS_PER_ACCOUNT, JobNews
from jobs.office import Office
from jobs.request import ExportRequest
from ledger.followers import TooManyFollowersError
from ledger.listening import Listener
from tests.jobs.conftest import BOUND_SECONDS

QUEUE = "exports"


@pytest.fixture
def broker() -> StubBroker:
    return StubBroker(middleware=[])


@pytest.fixture
async def desk(exports: Exports, broker: StubBroker, store: FileStore, jobs_database: str) -> AsyncIterator[ExportDesk]:
    listener = Listener(jobs_database)
    office = Office(Doorbell(broker, QUEUE), JobNews(listener))
    async with office.open(), listener.open():
        yield ExportDesk(exports, office, store)


async def test_a_request_is_recorded_and_rung_for(desk: ExportDesk, broker: StubBroker, wish: ExportRequest):
    state = await desk.request(wish)
    assert await desk.get(state.id, wish.account_id) == state
    message = await asyncio.to_thread(next, broker.consume(QUEUE, timeout=BOUND_SECONDS * 1_000))
    assert message is not None
    assert message.args == (str(state.id),)


async def test_a_file_is_there_once_it_is_completed(desk: ExportDesk, workshop: Workshop, wish: ExportRequest):
    export = await desk.request(wish)
    assert desk.file(export) is None
    await asyncio.to_thread(attend, workshop, export.id)
    completed = await desk.get(export.id, wish.account_id)
    assert completed is not None
    assert desk.file(completed) == workshop.store.path(export.id, 1, "XLSX")


def test_news_are_for_those_who_follow_that_job_and_a_gap_is_for_all():
    news = JobNews(listener := Listener("postgresql://nobody"))
    first, second, owner = uuid4(), uuid4(), uuid4()
    with news.about(first, owner) as of_first, news.about(second, owner) as of_second:

        def woken(payload: str | None) -> tuple[bool, bool]:
            of_first.clear()
            of_second.clear()
            listener._channels[CHANNEL](payload)
            return of_first._there, of_second._there

        assert woken(str(first)) == (True, False)
        assert woken(str(uuid4())) == (False, False)
        assert woken(None) == (True, True)


async def test_another_account_s_export_cannot_be_seen_followed_or_cancelled(desk: ExportDesk, wish: ExportRequest):
    export = await desk.request(wish)
    other = uuid4()
    assert await desk.get(export.id, other) is None
    assert await desk.page(other, first=10) == []
    assert await desk.counts([other]) == [0]
    with pytest.raises(JobNotFoundError):
        await desk.cancel(export.id, other)
    assert await desk.get(export.id, None) == export  # an operator's


async def test_what_is_over_cannot_be_cancelled(desk: ExportDesk, workshop: Workshop, wish: ExportRequest):
    export = await desk.request(wish)
    await asyncio.to_thread(attend, workshop, export.id)
    with pytest.raises(JobFinishedError):
        await desk.cancel(export.id, wish.account_id)
    assert [state.status for state in await desk.page(wish.account_id, first=10)] == [JobStatus.COMPLETED]
    assert await desk.counts([wish.account_id]) == [1]


def test_bounded_followers_of_one_account_leave_room_for_those_of_others():
    news = JobNews(Listener("postgresql://nobody"))
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
    assert len(news._followers) == 0
    assert (len(news._followers._of_accounts), len(news._followers._of)) == (0, 0)


def test_bounded_followers_of_one_process():
    news = JobNews(Listener("postgresql://nobody"))
    with ExitStack() as followers:
        for _ in range(MAX_FOLLOWERS):
            followers.enter_context(news.about(uuid4(), uuid4()))
        told = rf"^{MAX_FOLLOWERS:,} follow exports and audits here already \(MAX_FOLLOWERS\): ask for its state instead\.$"
        with pytest.raises(TooManyFollowersError, match=told), news.about(uuid4(), uuid4()):
            pass
    with news.about(uuid4(), uuid4()):
        pass
