"""`POST /v1/litellm`: bodies in, a receipt or a promise out, and no call lost."""

import asyncio
import gzip
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from domain import limits
from domain.access import Scope
from ingest import backlog
from ingest.bodies import Body
from ingest.litellm.dialect import LiteLLM
from ingest.outcomes import Sender
from ingest.reception import Reception
from ingest.spool import DRAFT, DRAFT_SECONDS, UNREADABLE, WAITING, Spool
from ingest.spooling import SPOOL_AFTER_SECONDS, SpoolingIntake
from tests.ingest.conftest import authenticate
from tests.ingest.sending import BOUND_SECONDS, execute, log_held, logged, rows, until
from tests.litellm import body, failed, payload

EMPTY = {"recorded": 0, "duplicates": 0, "conflicts": [], "rejected": [], "position": None}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@asynccontextmanager
async def service(reception: Reception, folder: Path, patience: float) -> AsyncIterator[httpx.AsyncClient]:
    """With a spool, as the proxy calls it."""
    intake = SpoolingIntake(LiteLLM(), reception, authenticate, Spool(folder), patience=patience)
    app = Starlette(routes=[Route("/v1/litellm", intake.respond, methods=["POST"])])
    async with intake.open(), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://tallygraph") as client:
        yield client
    await reception.close()


@pytest.fixture
async def client(reception: Reception, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Of a service that waits for the log, however busy the machine is."""
    async with service(reception, folder, BOUND_SECONDS) as client:
        yield client


@pytest.fixture
async def hurried(reception: Reception, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Of a service that waits as long as it does."""
    async with service(reception, folder, SPOOL_AFTER_SECONDS) as client:
        yield client


async def send(client: httpx.AsyncClient, content: bytes, token: str = "of-acme", **headers: str) -> httpx.Response:
    sent = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    return await client.post(
        "/v1/litellm", content=content, headers=sent | {name.replace("_", "-"): value for name, value in headers.items()}
    )


def waiting(folder: Path) -> list[Path]:
    return Spool(folder).waiting()


CALLS = [payload(litellm_call_id=f"call-{i}") for i in range(3)]
ARRAY = body(CALLS)
LINES = b"\n".join(map(body, CALLS))


# The three log formats


@pytest.mark.parametrize("content", [ARRAY, LINES, LINES + b"\n", b" \n" + ARRAY])
async def test_every_call_of_a_batch_is_in_the_log_when_it_is_answered(client, ledger, content):
    response = await send(client, content)
    assert (response.status_code, response.json()["recorded"]) == (200, 3)
    assert [event.request_id for event in logged(ledger)] == ["call-0", "call-1", "call-2"]


async def test_a_single_call_in_one_line_or_in_many_is_one(client, ledger):
    many = body(CALLS[0]).replace(b",", b",\n")
    for content in (body(CALLS[0]), many, gzip.compress(many)):
        encoding = "gzip" if content[:1] == b"\x1f" else "identity"
        assert (await send(client, content, Content_Encoding=encoding)).status_code == 200
    assert [event.request_id for event in logged(ledger)] == ["call-0"]


@pytest.mark.parametrize("content", [b"", b"[]", b" \n"])
async def test_a_body_of_nothing_is_taken(client, content):
    response = await send(client, content)
    assert (response.status_code, response.json()) == (200, EMPTY)


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"usage=1\nusage=2", {}, 400),
        (ARRAY[:-1], {}, 400),
        (gzip.compress(ARRAY, mtime=0)[:-4], {"Content_Encoding": "gzip"}, 400),
        (ARRAY, {"Content_Type": "text/csv"}, 415),
        (ARRAY, {"Content_Encoding": "br"}, 415),
        (b"[" + b"{}," * 10_000 + b"{}]", {}, 413),
    ],
)
async def test_a_body_that_is_none_is_an_error_that_a_person_sees(client, ledger, content, headers, status):
    response = await send(client, content, **headers)
    assert response.status_code == status
    assert response.json()["error"]["message"]
    assert logged(ledger) == []


@pytest.mark.parametrize("whole", [True, False])
async def test_nothing_lost_a_bad_call_is_kept_aside_and_the_others_stand(client, ledger, database_url, whole):
    bad = body(payload(litellm_call_id="bad", startTime=None))
    content = bad if whole else b"\n".join((body(CALLS[0]), bad, body(CALLS[1])[:-1], body(CALLS[2])))
    response = await send(client, content)
    receipt = response.json()
    assert (response.status_code, receipt["recorded"]) == (200, 0 if whole else 2)  # the proxy would drop what stands, too
    refused = {"index": 0 if whole else 1, "id": "bad", "field": "startTime", "message": "expected float | str, got null"}
    assert receipt["rejected"][0] == refused
    kept = rows(database_url, "SELECT account, dialect, field, body FROM tallygraph.rejections WHERE field IS NOT NULL")
    assert [row[:3] for row in kept] == [("acme", "litellm", "startTime")]
    # Whole, but for what people said: mended and sent again, it is taken
    assert b"secret" not in kept[0][3]
    mended = kept[0][3].replace(b'"startTime":null', b'"startTime":1776780187')
    assert (await send(client, mended)).json()["recorded"] == 1
    assert logged(ledger)[-1].input == logged(ledger)[0].input


# Whose it is


async def test_the_token_or_a_header_says_whose_usage_it_is(client, ledger):
    assert (await send(client, body(CALLS[0]), "of-all")).status_code == 400
    assert (await send(client, body(CALLS[0]), "of-all", Tallygraph_Account="globex")).status_code == 200
    assert (await send(client, body(CALLS[0]), "of-other")).status_code == 200
    assert (await send(client, body(CALLS[0]), "of-acme", Tallygraph_Account="globex")).status_code == 403
    assert (await send(client, body(CALLS[0]), "of-reader")).status_code == 403
    assert (await send(client, body(CALLS[0]), "unheard-of")).status_code == 401
    assert [event.account for event in logged(ledger)] == ["globex", "other"]


async def test_an_account_in_a_header_is_read_as_the_bytes_that_were_sent(client, ledger):
    for account in ("Zürich", "東京"):
        headers = [("Content-Type", "application/json"), ("Authorization", "Bearer of-all"), ("Tallygraph-Account", account.encode())]
        assert (await client.post("/v1/litellm", content=body(CALLS[0]), headers=headers)).status_code == 200
    assert [event.account for event in logged(ledger)] == ["Zürich", "東京"]
    headers[-1] = ("Tallygraph-Account", "Zürich".encode("latin-1"))
    assert (await client.post("/v1/litellm", content=body(CALLS[0]), headers=headers)).status_code == 400


# Once


async def test_once_a_batch_that_is_sent_again_counts_nothing_in_whatever_format(client, ledger):
    await send(client, ARRAY)
    for content in (ARRAY, LINES, ARRAY.replace(b'{"id"', b'{ "id"')):
        receipt = (await send(client, content)).json()
        assert (receipt["recorded"], receipt["duplicates"], receipt["conflicts"]) == (0, 3, [])
    assert len(logged(ledger)) == 3


async def test_a_fallback_counts_as_the_failure_and_the_success_that_it_was(client, ledger):
    pair = [failed(model_id="a", startTime=1776780187.0), payload(model_id="b")]
    assert (await send(client, body(pair))).json()["recorded"] == 2
    assert [(event.request_id, event.status_code, event.input is None) for event in logged(ledger)] == [
        ("call-1", 429, True),
        ("call-1", 200, False),
    ]


async def test_nothing_lost_of_a_batch_with_one_call_that_is_nested_too_deeply(client, ledger):
    tags = b'"request_tags":' + b"[" * 995 + b"]" * 995 + b","
    deep = body(payload(litellm_call_id="deep")).replace(b'"litellm_call_id"', tags + b'"litellm_call_id"', 1)
    receipt = (await send(client, b"[" + deep + b"," + body(CALLS[0]) + b"]")).json()
    assert (receipt["recorded"], [each["index"] for each in receipt["rejected"]]) == (1, [0])
    assert [event.request_id for event in logged(ledger)] == ["call-0"]


# When the log does not take it


async def test_durable_what_the_log_does_not_take_in_time_is_on_disk_when_it_is_answered(hurried, ledger, database_url, folder):
    with log_held(database_url):
        response = await send(hurried, ARRAY)
        assert (response.status_code, response.json()) == (202, {"spooled": True})
        assert len(waiting(folder)) == 1
        assert waiting(folder)[0].read_bytes().endswith(b"\n" + ARRAY)
        assert logged(ledger) == []
    await until(lambda: not waiting(folder))
    assert [event.request_id for event in logged(ledger)] == ["call-0", "call-1", "call-2"]


async def test_under_pressure_nobody_is_told_to_slow_down_and_nothing_is_lost(hurried, ledger, database_url, folder, monkeypatch):
    monkeypatch.setattr(backlog, "MAX_EVENTS_WAITING", 5)
    with log_held(database_url):
        many = [body(payload(litellm_call_id=f"call-{i}")) for i in range(30)]
        statuses = [response.status_code for response in await asyncio.gather(*(send(hurried, each) for each in many))]
        assert set(statuses) == {202}
        # And while the log is known to fail nobody waits for it
        await until(lambda: bool(waiting(folder)))
    await until(lambda: not waiting(folder))
    assert sorted(event.request_id for event in logged(ledger)) == sorted(f"call-{i}" for i in range(30))


async def test_a_batch_counts_once_though_it_is_sent_again_while_it_waits(hurried, ledger, database_url, folder):
    with log_held(database_url):
        for _ in range(3):
            assert (await send(hurried, ARRAY)).status_code == 202
    await until(lambda: not waiting(folder))
    assert len(logged(ledger)) == 3


async def test_while_the_database_is_away_bodies_wait_and_then_the_log_has_them(hurried, ledger, database_url, folder):
    execute(database_url, "ALTER TABLE cell_0.ledger_head RENAME TO away")  # what every append needs
    try:
        response = await send(hurried, ARRAY)
        assert response.status_code == 202
    finally:
        execute(database_url, "ALTER TABLE cell_0.away RENAME TO ledger_head")
    await until(lambda: not waiting(folder))
    assert len(logged(ledger)) == 3


async def test_bounded_a_spool_that_is_full_says_so(hurried, ledger, database_url, folder, monkeypatch):
    monkeypatch.setattr(limits, "MAX_SPOOL_BYTES", len(ARRAY) + 200)
    with log_held(database_url):
        assert (await send(hurried, ARRAY)).status_code == 202
        response = await send(hurried, ARRAY)
        assert response.status_code == 503
        assert response.headers["retry-after"]
        assert "MAX_SPOOL_BYTES" in response.json()["error"]["message"]
        assert len(waiting(folder)) == 1
    # And there is room again when what waited is recorded
    await until(lambda: not waiting(folder))
    with log_held(database_url):
        assert (await send(hurried, ARRAY)).status_code == 202


async def test_a_disk_that_takes_nothing_is_told_of(hurried, database_url, folder):
    folder.write_text("a file where the folder should be")
    with log_held(database_url):
        response = await send(hurried, ARRAY)
    assert (response.status_code, response.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")


# What waits on disk

SENDER = Sender("acme", "acme's gateway", frozenset({Scope.INGEST, Scope.READ}))


async def spooled(folder: Path, *contents: bytes, encoding: str = "") -> Spool:
    spool = Spool(folder)
    for content in contents:
        await spool.keep(Body(content, "application/json", encoding), SENDER)
    return spool


async def recorded_at_start(reception: Reception, folder: Path) -> None:
    """A service starts, and sees to what waits."""
    async with SpoolingIntake(LiteLLM(), reception, authenticate, Spool(folder)).open():
        await until(lambda: not waiting(folder))


async def test_what_waits_says_who_sent_it_and_how_and_nobody_else_can_read_it(folder):
    spool = await spooled(folder, b"\x1f\n\0", encoding="gzip")
    (path,) = spool.waiting()
    assert spool.read(path) == (Body(b"\x1f\n\0", "application/json", "gzip"), SENDER)
    assert (path.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    spool.close()


async def test_what_waited_when_the_service_ended_is_recorded_in_its_order_at_the_next_start(reception, ledger, folder):
    await spooled(folder, *map(body, CALLS), gzip.compress(b"["))
    await spooled(folder, gzip.compress(body(payload(litellm_call_id="call-3"))), encoding="gzip")
    await recorded_at_start(reception, folder)
    assert [event.request_id for event in logged(ledger)] == ["call-0", "call-1", "call-2", "call-3"]


async def test_nothing_lost_a_body_that_nobody_can_make_sense_of_is_kept_and_holds_up_no_other(reception, ledger, folder):
    await spooled(folder, gzip.compress(b"not what it says"), ARRAY)
    (folder / f"0{WAITING}").write_bytes(b"nor this")
    await recorded_at_start(reception, folder)
    assert len(logged(ledger)) == 3
    assert len([path for path in folder.iterdir() if path.suffix == UNREADABLE]) == 2


async def test_what_a_killed_process_did_not_finish_writing_is_dropped_when_it_is_old(reception, folder):
    await spooled(folder)
    folder.mkdir()
    for name, age in (("old", DRAFT_SECONDS + 5), ("new", 0)):
        draft = folder / f"{name}{DRAFT}"
        draft.write_bytes(b"half a bo")
        os.utime(draft, (time.time() - age, time.time() - age))
    await recorded_at_start(reception, folder)
    assert [path.name for path in folder.iterdir()] == [f"new{DRAFT}"]


async def test_durable_what_this_machine_cannot_read_now_waits_on_and_holds_up_no_other(reception, ledger, folder):
    spool = await spooled(folder, body(CALLS[0]), body(CALLS[1]))
    first, second = spool.waiting()
    first.rename(folder / "moved away")
    first.mkdir()  # which no read can open
    async with SpoolingIntake(LiteLLM(), reception, authenticate, Spool(folder)).open():
        await until(lambda: waiting(folder) == [first])
    assert [event.request_id for event in logged(ledger)] == ["call-1"]
    # And is recorded at the next start, when it can be read
    first.rmdir()
    (folder / "moved away").rename(first)
    await recorded_at_start(reception, folder)
    assert [event.request_id for event in logged(ledger)] == ["call-1", "call-0"]
    assert not second.exists()


async def test_bounded_while_one_is_late_the_others_wait_on_disk_and_not_in_memory(reception, ledger, database_url, folder):
    intake = SpoolingIntake(LiteLLM(), reception, authenticate, Spool(folder), patience=SPOOL_AFTER_SECONDS)
    app = Starlette(routes=[Route("/v1/litellm", intake.respond, methods=["POST"])])
    async with intake.open(), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://tallygraph") as client:
        with log_held(database_url):
            for each in CALLS:
                assert (await send(client, body(each))).status_code == 202
            assert len(intake._under_way) == 1
        await until(lambda: not waiting(folder))
    assert {event.request_id for event in logged(ledger)} == {"call-0", "call-1", "call-2"}
    await reception.close()
