"""Once, for ever: writers that repeat, contradict, race, restart and crash, against a model of what the log has to hold.

Whatever they do, the log holds the first content of each source, id and time, each once, at positions without gaps; every receipt adds
up; conflicts are listed; and what is projected, batch by batch, by runners that come and go, counts each name once.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import permutations
from typing import Any

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.routing import Route

from domain.names import account_id
from domain.sealing import Seal
from ingest.dialects import Dialect
from ingest.endpoint import Intake
from ingest.reception import Reception
from ledger import recorder
from ledger.application import Ledger
from ledger.position import opened
from ledger.shapes import READERS
from projections import directory
from projections.runner import Runner
from projections.snapshot import Snapshots
from tests.ingest.conftest import authenticate
from tests.ingest.crashing_writer import LOCKS, Moment, crash
from tests.ingest.once_model import ACCOUNTS, Expected, Line, Model, Told, batches, echoes, written
from tests.ingest.sending import post, rows
from tests.ledger.log import read
from tests.ledger.lossy_proxy import LossyProxy
from tests.projections.fold import fold
from tests.projections.read_models import caught_up, log_of, rows_of, start_over

SEAL = Seal(b"a secret for tests")
DAY_SECONDS = 86_400
Receipt = dict[str, Any]
seeds = st.integers(0, 2**32)
WRITERS = 3
ON_A_BAD_LINE = 2
writers = st.integers(0, WRITERS - 1)


class Writer:
    """A web process, as far as it takes events."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._runner = asyncio.Runner()
        self._ledger = Ledger(database_url)
        self._reception = Reception(self._ledger, SEAL)
        route = Route("/v1/events", Intake(Dialect(), self._reception, authenticate).respond, methods=["POST"])
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(Starlette(routes=[route])), base_url="http://tallygraph")

    def send(self, *bodies: Sequence[bytes]) -> list[dict[str, Any]]:
        """The receipts of bodies that are sent at once."""

        async def sent() -> list[httpx.Response]:
            return await asyncio.gather(*(post(self._client, lines, token="of-all") for lines in bodies))

        answers = self._runner.run(sent())
        assert {answer.status_code for answer in answers} <= {200, 422}
        return [answer.json() for answer in answers]

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.run(self._reception.close())
        self._runner.close()
        self._ledger.close()


class Once(RuleBasedStateMachine):
    """Three writers, one of them on a line that breaks; others that are killed; a runner; and the model."""

    _url: str
    _proxy: LossyProxy

    def __init__(self) -> None:
        super().__init__()
        start_over(self._url)
        with psycopg.connect(self._url) as connection:
            connection.execute("TRUNCATE tallygraph.rejections, tallygraph.conflicts, tallygraph.kept_aside")
        self._writers = [self._writer(number) for number in range(WRITERS)]
        self._runner = Runner(self._url, batch=2)
        self._model = Model()
        self._sent: list[Told] = []

    def _writer(self, number: int) -> Writer:
        return Writer(self._proxy.url if number == ON_A_BAD_LINE else self._url)

    # What is sent

    @rule(number=writers, batch=batches, seed=seeds)
    def send(self, number: int, batch: list[Line], seed: int) -> None:
        self._take([number], [batch], seed)

    @precondition(lambda self: self._sent)
    @rule(number=writers, data=st.data(), seed=seeds)
    def send_again(self, number: int, data: st.DataObject, seed: int) -> None:
        self._take([number], [data.draw(echoes(self._sent))], seed)

    @precondition(lambda self: self._sent)
    @rule(data=st.data(), first=batches, second=batches, numbers=st.lists(writers, min_size=4, max_size=4), seed=seeds)
    def send_at_once(self, data: st.DataObject, first: list[Line], second: list[Line], numbers: list[int], seed: int) -> None:
        """By several writers, or by several clients of one; two send the same."""
        again = data.draw(echoes(self._sent))
        self._take(numbers, [first, second, again, first], seed)

    @rule(batch=batches, losses=st.integers(1, 3), before=st.booleans(), seed=seeds)
    def send_on_a_line_that_breaks(self, batch: list[Line], losses: int, before: bool, seed: int) -> None:
        """Commits are lost, or their answers: the writer cannot know which, and does all again."""
        lose = self._proxy.lose_commits if before else self._proxy.lose_answers_to_commit
        lose(losses)
        try:
            self._take([ON_A_BAD_LINE], [batch], seed, lossy=True)
        finally:
            lose(0)

    @rule(batch=batches, moment=st.sampled_from(Moment), milliseconds=st.integers(0, 20), data=st.data(), seed=seeds)
    def crash_while_recording(self, batch: list[Line], moment: Moment, milliseconds: int, data: st.DataObject, seed: int) -> None:
        """A whole batch is there, or nothing of it."""
        sent = batch + (data.draw(echoes(self._sent)) if self._sent else [])
        expected = self._model.expected(sent)
        if moment in LOCKS and not expected.recorded:
            moment = Moment.DONE
        crash(self._url, written(sent, seed), moment, milliseconds)
        found = self._appended()
        match moment:
            case Moment.WAITING | Moment.COPIED:
                assert found == []
            case Moment.DONE:
                assert found == expected.recorded
                self._model.refused |= {*expected.conflicts.values()}
            case _:
                assert found in ([], expected.recorded)
                self._model.perhaps_refused |= {*expected.conflicts.values()}
        self._model.take(found)
        self._remember(sent)

    # Who comes and goes

    @rule(number=writers)
    def restart(self, number: int) -> None:
        self._writers[number].close()
        self._writers[number] = self._writer(number)

    @rule(batch=st.integers(1, 9))
    def restart_the_runner(self, batch: int) -> None:
        self._runner = Runner(self._url, batch=batch)

    @rule(batches=st.integers(1, 3))
    def project_for_a_while(self, batches: int) -> None:
        with self._runner.connect() as connection, self._runner.workers() as workers:
            for _ in range(batches):
                self._runner.catch_up_with(workers, connection, self._runner.ensure_live(connection), stop=lambda: True)

    # What holds

    @invariant()
    def the_log_holds_each_event_once_without_gaps(self) -> None:
        log = read(self._url)
        log.assert_whole()
        assert [*map(Told.of, log.events)] == self._model.log

    @invariant()
    def what_conflicts_is_kept_aside(self) -> None:
        refused, model = self._kept_aside(), self._model
        assert model.refused <= {*refused} <= model.refused | model.perhaps_refused
        assert len(refused) == len({*refused})

    def teardown(self) -> None:
        """In the end, everything is projected, and then as the model has it."""
        try:
            self._compare_figures()
        finally:
            for writer in self._writers:
                writer.close()

    def _compare_figures(self) -> None:
        model = self._model
        caught_up(self._runner)
        found = rows_of(self._url)
        assert found == fold(log_of(self._url))
        names = {account_id(account): account for account in ACCOUNTS}
        history = [Told(names[row[0]], row[10], row[1], row[13], row[24]) for row in found["history"]]
        assert sorted(history) == sorted(model.counted.values())
        days = [(names[row[0]], row[4], int(row[8])) for row in found["router_buckets"] if row[1] == DAY_SECONDS]
        for name in ACCOUNTS:
            counted = [told.tokens for told in model.counted.values() if told.account == name]
            of_account = [(requests, tokens) for account, requests, tokens in days if account == name]
            assert [sum(each) for each in zip((0, 0), *of_account, strict=True)] == [len(counted), sum(counted)]
        assert asyncio.run(_listed_conflicts(self._url)) == Counter([*self._kept_aside(), *model.under_another_time])

    # How it is done

    def _take(self, numbers: Sequence[int], sent: Sequence[list[Line]], seed: int, *, lossy: bool = False) -> None:
        """Send each batch by one of the writers, all at once, and hold what came of it against the model, in any order of theirs."""
        tasks = {}
        for number in {*numbers}:
            mine = [i for i, each in enumerate(numbers) if each == number]
            tasks[tuple(mine)] = lambda number=number, mine=mine: self._writers[number].send(*(written(sent[i], seed + i) for i in mine))
        with ThreadPoolExecutor(len(tasks)) as threads:
            answers = {tuple(mine): threads.submit(task) for mine, task in tasks.items()}
        receipts = {i: receipt for mine, answer in answers.items() for i, receipt in zip(mine, answer.result(), strict=True)}
        appended = self._appended()
        for order in permutations(range(len(sent))):
            expected, recorded = self._in_order(order, sent)
            if recorded == appended and all(_says(receipts[i], each, lossy=lossy) for i, each in expected.items()):
                break
        else:
            pytest.fail(f"no order of {sent} gives {appended} and {receipts}")
        self._model.take(appended)
        self._model.refused |= {told for each in expected.values() for told in each.conflicts.values()}
        positions = {told.key: position for position, told in enumerate(self._model.log, 1)}
        for i, batch in enumerate(sent):
            least = max((positions[told.key] for told in batch if told), default=0)
            if least:
                assert least <= opened(receipts[i]["position"], SEAL).id <= len(positions)
            self._remember(batch)

    def _in_order(self, order: Sequence[int], sent: Sequence[list[Line]]) -> tuple[dict[int, Expected], list[Told]]:
        expected: dict[int, Expected] = {}
        recorded: list[Told] = []
        for i in order:
            expected[i] = self._model.expected(sent[i], recorded)
            recorded += expected[i].recorded
        return expected, recorded

    def _appended(self) -> list[Told]:
        """What the log has that the model does not have yet."""
        return [*map(Told.of, read(self._url).events[len(self._model.log) :])]

    def _kept_aside(self) -> list[Told]:
        return [Told.of(READERS[topic](state)) for topic, state in rows(self._url, "SELECT topic, refused FROM tallygraph.conflicts")]

    def _remember(self, batch: Sequence[Line]) -> None:
        self._sent += [told for told in batch if told]


def _says(receipt: Receipt, expected: Expected, *, lossy: bool) -> bool:
    """Whether a receipt says what it has to. On a line that breaks, a writer may find its own work as a duplicate."""
    known = receipt["recorded"], receipt["duplicates"]
    due = len(expected.recorded), expected.duplicates
    refused = [[each["index"] for each in receipt[kind]] for kind in ("conflicts", "rejected")]
    return (known == due or (lossy and sum(known) == sum(due))) and refused == [[*expected.conflicts], expected.rejected]


async def _listed_conflicts(database_url: str) -> Counter[Told]:
    """What `Account.conflicts` has, of all accounts."""
    pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(database_url, min_size=1, max_size=1, open=False)
    found: list[Told] = []
    async with pool:
        snapshot = Snapshots(pool).open()
        for account in ACCOUNTS:
            for each in await directory.conflicts(snapshot, account_id(account), 1_000):
                data = each.refused["data"]
                tokens = sum(line["quantity"] for line in data["input"])
                found.append(Told(account, each.event_id, datetime.fromisoformat(each.refused["time"]), data["model"], tokens))
                assert each.standing["id"] == each.event_id
        await snapshot.close()
    return Counter(found)


BOUNDED = settings(
    max_examples=15,
    stateful_step_count=12,
    phases=[Phase.generate],  # twelve steps can be read as they are: to make them fewer takes minutes
    suppress_health_check=[HealthCheck.filter_too_much],
)


def test_once_whatever_writers_and_runners_do(database_url, monkeypatch):
    monkeypatch.setattr(recorder, "RETRY_WAIT_SECONDS", 0.01)
    with LossyProxy(database_url) as proxy:
        here = type("OnceHere", (Once,), {"_url": database_url, "_proxy": proxy})
        run_state_machine_as_test(here, settings=BOUNDED)
