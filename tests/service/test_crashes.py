"""What crashes beside a service: a part is started again and catches up, and a database that was away is found again."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import httpx

from service.embedded_postgres import THROWAWAY, EmbeddedPostgres
from service.throwaway_postgres import wait_until_stopped
from tests.events import line
from tests.service.running import ADMIN, Commands, bearer, eventually, linux_only


@linux_only
def test_projections_that_crash_are_started_again_and_count_each_event_once(tallygraph: Commands):
    # Given events that are projected
    served = tallygraph.serve()
    first = served.part("project --companion")
    receipt = served.report([line(subject="acme", id=f"a{i}") for i in range(30)])
    assert served.requests(receipt) == 30
    # When the projections are killed, and events come meanwhile
    os.kill(first, signal.SIGKILL)
    served.report([line(subject="acme", id=f"b{i}") for i in range(20)])
    # Then others take over where they were
    eventually(lambda: served.part("project --companion") != first)
    position = served.report([line(subject="acme", id="a1"), line(subject="acme", id="c")])
    assert eventually(lambda: served.requests(position)) == 51
    assert "a part of the service is started again" in served.errors
    assert f"code -{signal.SIGKILL.value}" in served.errors


def test_a_database_that_goes_away_is_told_of_and_found_again(alone: Commands):
    # Given a service on a database that is not its own
    root = alone.folder / "elsewhere"
    with EmbeddedPostgres(root, settings=THROWAWAY) as postgres:
        served = alone.serve("--only", "web", DATABASE_URL=postgres.url)
        assert served.report([line(subject="acme", id="a")])["recorded"] == 1
        assert served.get("/readyz").json() == {"ready": True, "checks": {"database": "ok", "read_models": "ok"}}
    wait_until_stopped(root)
    # When the database is away
    # Then the process lives, is not ready, and says why; and every door says that it is a passing trouble
    assert (served.get("/livez").status_code, served.get("/livez").text) == (200, "ok")
    ready = served.get("/readyz")
    assert ready.status_code == 503
    assert [reason.partition(":")[0] for reason in ready.json()["checks"].values()] == ["does not answer"] * 2
    paths = ("/sign-in?code=x", "/v1/exports/00000000-0000-0000-0000-000000000001/x", "/graphql?query=%7Bviewer%7BtokenName%7D%7D")
    with ThreadPoolExecutor(4) as callers:  # each waits for a while whether it comes back
        got = callers.map(lambda path: httpx.get(served.url + path, headers=bearer("another"), timeout=60), paths)
        answers = [post(served.url), *got]
    for answer in answers:
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert "The database cannot be reached now" in answer.text
    # When it is back, then so is the service, and what is sent again counts once
    with EmbeddedPostgres(root, settings=THROWAWAY):
        eventually(lambda: served.get("/readyz").status_code == 200)
        assert eventually(lambda: post(served.url, ADMIN).status_code == 200)
        assert served.accounts() == ["acme"]
        served.interrupt()
        assert served.ended() == 0


def post(url: str, token: str = "another") -> httpx.Response:
    headers = bearer(token) | {"Content-Type": "application/json"}
    return httpx.post(f"{url}/v1/events", content=line(subject="acme", id="b"), headers=headers, timeout=60)


@linux_only
def test_a_service_whose_private_postgres_crashes_goes_on(alone: Commands):
    served = alone.serve()
    assert served.report([line(subject="acme", id="a")])["recorded"] == 1
    pid_file = alone.folder / "data" / "postgres" / "cluster" / "data" / "postmaster.pid"
    os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
    assert eventually(lambda: post(served.url, ADMIN).status_code == 200)
    receipt = eventually(lambda: post(served.url, ADMIN).json())
    assert receipt["duplicates"] == 1
    # A connection of before, when it is used, is found to be broken, once.
    eventually(lambda: "errors" not in served.answer("{ accounts { nodes { key } } eventLog { position } }"))
    eventually(lambda: served.get("/readyz").status_code == 200)
    assert served.requests(receipt) == 2
