"""The LiteLLM endpoint of a whole service: it answers without a database, and what it promised survives kill -9."""

import os
import signal
import time
from pathlib import Path

import httpx

from service.embedded_postgres import THROWAWAY, EmbeddedPostgres
from service.throwaway_postgres import wait_until_stopped
from tests.ingest.sending import log_held, rows
from tests.litellm import body, payload
from tests.service.running import ADMIN, BOUND_SECONDS, Command, Commands, bearer, eventually, linux_only


def post(served: Command, *call_ids: str, token: str = ADMIN) -> httpx.Response:
    content = body([payload(litellm_call_id=each) for each in call_ids])
    headers = bearer(token) | {"Content-Type": "application/json", "Tallygraph-Account": "acme"}
    return served.client.post(f"{served.url}/v1/litellm", content=content, headers=headers)


def recorded(database_url: str) -> int:
    return rows(database_url, "SELECT count(*) FROM cell_0.ledger_events")[0][0]


def spooled(data: Path) -> list[Path]:
    return sorted((data / "spool" / "litellm").glob("*.body"))


@linux_only
def test_durable_what_waits_on_disk_when_the_service_is_killed_is_recorded_by_the_next(tallygraph: Commands, database_url: str):
    # Given calls that the log does not take, and that were answered all the same
    data = tallygraph.folder / "data"
    served = tallygraph.serve()
    with log_held(database_url):
        answers = [post(served, f"call-{i}", f"call-{i}b") for i in range(5)]
        assert {answer.status_code for answer in answers} == {202}
        # When the service is killed
        os.kill(served.process.pid, signal.SIGKILL)
        served.ended()
    eventually(lambda: not served.living())
    assert spooled(data)
    # Then the next one records them, each once, and nothing is left on disk
    again = tallygraph.serve()
    eventually(lambda: not spooled(data))
    assert recorded(database_url) == 10
    assert post(again, "call-0", "call-0b").json()["duplicates"] == 2


def test_a_service_whose_database_is_away_takes_calls_of_those_it_knows(alone: Commands):
    # Given a proxy whose token was good a moment ago
    root = alone.folder / "elsewhere"
    with EmbeddedPostgres(root, settings=THROWAWAY) as postgres:
        served = alone.serve("--only", "web", DATABASE_URL=postgres.url)
        assert eventually(lambda: post(served, "before").json().get("duplicates")) == 1
    wait_until_stopped(root)
    # When the database is away, then it is answered, soon, that its calls are kept
    begun = time.monotonic()
    assert [post(served, f"call-{i}").status_code for i in range(10)] == [202] * 10
    assert time.monotonic() - begun < BOUND_SECONDS
    assert len(spooled(alone.folder / "data")) == 10
    # And others are not let in
    assert post(served, "stranger", token="another").status_code == 503
    # When it is back, then all of them are in the log
    with EmbeddedPostgres(root, settings=THROWAWAY) as postgres:
        eventually(lambda: not spooled(alone.folder / "data"))
        assert recorded(postgres.url) == 11
        served.interrupt()
        assert served.ended() == 0


def test_the_account_of_a_token_has_the_calls_in_its_figures(tallygraph: Commands):
    served = tallygraph.serve()
    token = tallygraph.run("tokens", "create", "--account", "acme", "--scope", "ingest", "--scope", "read").output.strip()
    headers = bearer(token) | {"Content-Type": "application/json"}
    told = body([payload(litellm_call_id="a"), payload(litellm_call_id="b", cache_hit=True)])
    receipts = [served.client.post(f"{served.url}/v1/litellm", content=told, headers=headers).json() for _ in range(2)]
    assert [served.accounts()] == [["acme"]]
    day = {"from": "2026-04-21T00:00:00Z", "to": "2026-04-22T00:00:00Z"}
    usage = eventually(lambda: figures(served, token, day, receipts[-1].get("position")))
    assert usage is not None
    assert (usage["totalRequests"], usage["totalTokens"]) == (2, 3400)


def figures(served: Command, token: str, day: dict[str, str], at: str | None) -> dict[str, int] | None:
    query = """query($range: TimeRange!, $at: Position) { account(atLeast: $at) {
        routerUsage(range: $range) { totalRequests totalTokens } } }"""
    usage = served.ask(query, token, range=day, at=at)["account"]["routerUsage"]
    return usage if usage["totalRequests"] == 2 else None
