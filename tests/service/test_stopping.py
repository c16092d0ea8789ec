"""Stopping: asked once, a service finishes what is under way; asked twice, or killed, it is gone; and nothing of it stays behind."""

import json
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from service.throwaway_postgres import wait_until_stopped
from tests.events import line
from tests.service.exporting import RENDERER, ask_for_export, completed, held_up
from tests.service.running import ADMIN, BOUND_SECONDS, Command, Commands, bearer, eventually, linux_only

FOLLOW_USAGE = """subscription($id: ID!, $at: Position!) { routerUsageChanged(
    accountId: $id, atLeast: $at, range: {from: "2026-04-01T00:00:00Z", to: "2026-05-01T00:00:00Z"}) { totalRequests } }"""
FOLLOW = "subscription($id: ID!) { exportUpdated(id: $id) { status } }"


def assert_nothing_is_left(commands: Commands, served: Command) -> None:
    eventually(lambda: not served.living())
    wait_until_stopped(commands.folder / "data" / "postgres")


@linux_only
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_service_that_is_asked_to_stop_ends_well_and_leaves_no_process(alone: Commands, sign: signal.Signals):
    served = alone.serve()
    served.part("project --companion")
    served.process.send_signal(sign)
    assert served.ended() == 0
    assert served.errors == ""
    assert_nothing_is_left(alone, served)


@linux_only
def test_a_service_that_is_asked_twice_ends_at_once(alone: Commands):
    # Given a service that cannot finish what is under way, because a client never ends what it sends
    served = alone.serve()
    with unfinished_request(served):
        # When it is asked a second time, having stopped to listen at the first
        served.interrupt()
        eventually(lambda: not listens(served))
        assert served.process.poll() is None
        served.interrupt()
        # Then it does not wait
        assert served.ended() == 130
    assert_nothing_is_left(alone, served)


@linux_only
def test_a_service_that_is_killed_leaves_no_process(alone: Commands):
    # Given a service that writes an export
    served = alone.serve("--demo")
    token = served.told("token")
    today = datetime.now(UTC)
    ask_for_export(served, token, range={"from": (today - timedelta(days=40)).isoformat(), "to": today.isoformat()})
    served.part(RENDERER)
    # When it is killed
    served.process.kill()
    served.process.wait()
    # Then Postgres, the projections and the renderer are gone, too
    assert_nothing_is_left(alone, served)


@linux_only
def test_a_service_that_is_killed_while_it_starts_leaves_no_process_and_says_nothing(alone: Commands):
    served = alone.start("serve", "--port", "0")
    served.part("project --companion")
    served.process.kill()
    served.process.wait()
    assert_nothing_is_left(alone, served)
    assert served.errors == ""


def test_a_service_that_is_asked_to_stop_while_it_loads_the_sample_account_stops(tallygraph: Commands):
    served = tallygraph.start("serve", "--port", "0", "--demo")
    served.part("project --companion")
    served.interrupt()
    assert served.ended() in (0, 130)  # 130 where it had not begun to serve
    assert "Traceback" not in served.errors
    assert served.output == ""


def test_followers_do_not_keep_a_service_from_stopping(tallygraph: Commands, database_url: str):
    # Given an export that does not get on, and one who follows it by server-sent events, another by WebSocket
    served = tallygraph.serve("--only", "web")
    served.report([line(subject="acme")])
    with held_up(database_url):
        body = {"query": FOLLOW, "variables": {"id": ask_for_export(served, accountId=served.account_id("acme"))}}
        headers = bearer(ADMIN) | {"Accept": "text/event-stream"}
        with (
            served.client.stream("POST", f"{served.url}/graphql", json=body, headers=headers) as stream,
            connect(served.url.replace("http:", "ws:") + "/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as messages,
        ):
            events = stream.iter_lines()
            assert next(events) == "event: next"
            messages.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {ADMIN}"}}))
            messages.send(json.dumps({"type": "subscribe", "id": "1", "payload": body}))
            assert [json.loads(messages.recv())["type"] for _ in range(2)] == ["connection_ack", "next"]
            # When the service is asked to stop
            served.interrupt()
            # Then both are told, and it ends well
            assert "event: complete" not in [*events]
            with pytest.raises(ConnectionClosedError, match="1012"):
                for _ in iter(messages.recv, None):
                    pass
        assert served.ended() == 0
    assert "graceful" not in served.errors  # what uvicorn says of answers that it had to cut


def test_who_follows_usage_is_told_what_is_reported_until_the_service_stops(tallygraph: Commands):
    # Given one who follows usage of a service with all its processes
    served = tallygraph.serve()
    receipt = served.report([line(subject="acme", id="first")])
    variables = {"id": served.account_id("acme"), "at": receipt["position"]}
    with connect(served.url.replace("http:", "ws:") + "/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as messages:
        messages.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {ADMIN}"}}))
        messages.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": FOLLOW_USAGE, "variables": variables}}))
        assert json.loads(messages.recv(BOUND_SECONDS))["type"] == "connection_ack"
        assert followed_requests(messages.recv(BOUND_SECONDS)) == 1
        # When something is reported, they are told
        served.report([line(subject="acme", id="second")])
        assert followed_requests(messages.recv(BOUND_SECONDS)) == 2
        # When the service is asked to stop, it ends well
        served.interrupt()
        with pytest.raises(ConnectionClosedError, match="1012"):
            messages.recv(BOUND_SECONDS)
    assert served.ended() == 0
    assert served.errors == ""


def followed_requests(message: str | bytes) -> int:
    return json.loads(message)["payload"]["data"]["routerUsageChanged"]["totalRequests"]


@linux_only
def test_an_export_that_is_under_way_is_given_back_and_written_after_the_next_start(tallygraph: Commands, database_url: str):
    # Given an export that is being written
    served = tallygraph.serve()
    receipt = served.report([line(subject="acme", time="2026-04-21T10:00:00Z")])
    assert served.requests(receipt) == 1  # and projected: a file shows what could be seen when it was asked for
    id = ask_for_export(served, accountId=served.account_id("acme"))
    with held_up(database_url):
        served.part(RENDERER)
        # When the service is asked to stop
        served.interrupt()
        assert served.ended() == 0
    eventually(lambda: not served.living())
    # Then the next one writes it, without waiting for a lease to run out
    again = tallygraph.serve()
    assert completed(again, id)["rowCount"] == 1


@contextmanager
def unfinished_request(served: Command) -> Iterator[None]:
    """A report of which the last byte does not come."""
    where = urlsplit(served.url)
    with socket.create_connection((where.hostname, where.port)) as connection:
        head = f"POST /v1/events HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {ADMIN}\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 100")  # it waits for the body
        connection.sendall(b"{")
        yield


def listens(served: Command) -> bool:
    where = urlsplit(served.url)
    try:
        socket.create_connection((where.hostname, where.port)).close()
    except ConnectionRefusedError:
        return False
    return True
