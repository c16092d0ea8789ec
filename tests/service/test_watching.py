"""Every request has an id that its answer and the log carry; what failed or was slow is told; and nothing that is secret."""

import json
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import httpx
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import LogCapture
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from domain.limits import MAX_REQUEST_ID_CHARACTERS
from service.request_ids import id_of
from service.watching import SLOW_SECONDS, Watched
from tests.events import line
from tests.service.running import ADMIN, Command, Commands, bearer, eventually

MADE = r"[0-9a-f]{32}"
HOSTILE = (b"", b"two words", b"forged\nline", b"a\r\nSet-Cookie: b", b"\x1b[31m", b"x" * 10_240, b"\xff\xfe", b"a;b", b"{}")


def scope(request_id: bytes | None = None, **others: Any) -> Scope:
    headers = [] if request_id is None else [(b"x-request-id", request_id)]
    return {"type": "http", "method": "GET", "path": "/", "headers": headers, **others}


def lines(command: Command) -> list[dict[str, Any]]:
    return [json.loads(each) for each in command.errors.splitlines()]


@pytest.fixture
def log() -> Iterator[LogCapture]:
    """What is logged meanwhile, with what is bound to the context."""
    before = structlog.get_config()
    capture = LogCapture()
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, capture], cache_logger_on_first_use=False)
    yield capture
    structlog.configure(**before)


@given(st.text("abcXYZ019._:/+=@-", min_size=1, max_size=MAX_REQUEST_ID_CHARACTERS))
def test_an_id_that_can_stand_in_a_log_is_kept(told: str):
    assert id_of(scope(told.encode())) == told


@pytest.mark.parametrize("told", HOSTILE, ids=repr)
def test_a_hostile_id_is_replaced(told: bytes):
    made = id_of(scope(told))
    assert len(made) == 32
    assert made.isalnum()
    assert made != id_of(scope(told))


@given(st.binary(max_size=200))
def test_whatever_is_sent_the_id_is_short_and_printable(told: bytes):
    found = id_of(scope(told))
    assert 0 < len(found) <= MAX_REQUEST_ID_CHARACTERS
    assert found.isascii()
    assert found.isprintable()
    assert " " not in found


async def test_the_answer_says_the_id(browser: httpx.AsyncClient):
    assert (await browser.get("/livez", headers={"X-Request-Id": "req-1"})).headers.get_list("x-request-id") == ["req-1"]
    made = {(await browser.get(path)).headers["x-request-id"] for path in ("/livez", "/livez", "/nowhere", "/graphql")}
    assert len(made) == 4


def answering(status: int, after: float = 0) -> tuple[Callable[[Scope, Receive, Send], Any], Callable[[], float]]:
    """An application that answers so, after so many seconds of a stopwatch."""
    seconds = count(0, after)

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})

    return app, lambda: next(seconds)


async def nothing() -> Message:
    return {"type": "http.disconnect"}


async def ignored(_: Message) -> None:
    pass


async def test_only_what_failed_or_was_slow_is_told_unless_there_is_an_access_log(log: LogCapture):
    for status, after, access_log, told in (
        (200, 0, False, None),
        (404, 0, False, None),
        (200, SLOW_SECONDS, False, None),
        (200, SLOW_SECONDS + 1, False, ("warning", "request was slow")),
        (500, 0, False, ("warning", "request failed")),
        (503, SLOW_SECONDS + 1, True, ("warning", "request failed")),
        (200, 0, True, ("info", "request")),
    ):
        log.entries.clear()
        app, stopwatch = answering(status, after)
        await Watched(app, access_log=access_log, stopwatch=stopwatch)(scope(b"req-1"), nothing, ignored)
        assert [(each["log_level"], each["event"]) for each in log.entries] == ([told] if told else [])
        for each in log.entries:
            assert (each["request_id"], each["status"], each["seconds"]) == ("req-1", status, after)


async def test_an_application_that_fails_is_told_of_and_its_error_goes_on(log: LogCapture):
    async def broken(*_: Any) -> None:
        raise ValueError("a secret")

    with pytest.raises(ValueError, match="a secret"):
        await Watched(broken)(scope(b"req-1"), nothing, ignored)
    [told] = log.entries
    assert (told["event"], told["status"], told["request_id"]) == ("request failed", 500, "req-1")
    assert "secret" not in str(told)


def test_the_access_log_tells_each_request_and_neither_address_nor_token(tallygraph: Commands):
    served = tallygraph.serve("--only", "web", TALLYGRAPH_ACCESS_LOG="1")
    headers = bearer(ADMIN) | {"Content-Type": "application/x-ndjson"}
    sent = line(subject="acme", id="hidden")
    answer = served.client.post(f"{served.url}/v1/events?key=hidden", content=sent, headers=headers | {"X-Request-Id": "req-1"})
    assert answer.headers["x-request-id"] == "req-1"
    served.get("/sign-in?code=hidden", headers={"X-Request-Id": "x" * 10_240})
    served.get("/hidden?token=hidden")
    told = eventually(lambda: found if len(found := lines(served)) >= 3 else [])  # a line is written after its answer
    assert [(each["level"], each["event"], each["method"], each["route"], each["status"]) for each in told] == [
        ("info", "request", "POST", "/v1/events", 200),
        ("info", "request", "GET", "/sign-in", 403),
        ("info", "request", "GET", "none", 404),
    ]
    assert told[0]["request_id"] == "req-1"
    assert len(told[1]["request_id"]) == 32
    assert "hidden" not in served.errors
    assert ADMIN not in served.errors


def test_websockets_and_streams_pass_through_and_have_ids_too(tallygraph: Commands):
    served = tallygraph.serve("--only", "web", TALLYGRAPH_ACCESS_LOG="1")
    told = {"X-Request-Id": "socket-1"}
    with connect(f"ws{served.url[4:]}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")], additional_headers=told) as socket:
        assert socket.response is not None
        assert socket.response.headers["x-request-id"] == "socket-1"
        socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {ADMIN}"}}))
        assert json.loads(socket.recv())["type"] == "connection_ack"
        socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": "{ viewer { tokenName } }"}}))
        assert json.loads(socket.recv())["type"] == "next"
    streamed = {"Accept": "text/event-stream", "X-Request-Id": "stream-1"}
    answer = served.client.post(f"{served.url}/graphql", json={"query": "{ viewer { tokenName } }"}, headers=bearer(ADMIN) | streamed)
    assert answer.headers["x-request-id"] == "stream-1"
    assert "event: next" in answer.text
    expected = [("stream-1", "POST", 200), ("socket-1", "WEBSOCKET", 101)]
    eventually(lambda: sorted(expected) == sorted((each["request_id"], each["method"], each["status"]) for each in lines(served)))
    assert {each["route"] for each in lines(served)} == {"/graphql"}


def test_without_an_access_log_nothing_is_told_of_requests_that_went_well(tallygraph: Commands):
    served = tallygraph.serve("--only", "web")
    served.report([line(subject="acme", id="a")])
    assert served.get("/nowhere").status_code == 404
    assert served.errors == ""
