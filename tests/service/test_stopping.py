"""Stopping: asked once, a service finishes what is under way; asked twice, or killed, it is gone; and nothing of it stays behind."""

import signal
import threading

import httpx
import pytest

from service.throwaway_postgres import wait_until_stopped
from tests.events import line
from tests.service.exporting import RENDERER, ask_for_export, completed, held_up
from tests.service.running import ADMIN, Command, Commands, bearer, eventually, linux_only

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
    # Given a service that cannot finish what is under way: its one export waits for a reader that never ends
    served = alone.serve()
    stuck = threading.Thread(target=never_ending, args=(served,), daemon=True)
    stuck.start()
    eventually(lambda: served.client.get(f"{served.url}/livez").text == "ok")
    # When Ctrl-C comes twice
    served.interrupt()
    served.interrupt()
    # Then it does not wait
    assert served.ended() == 130
    assert_nothing_is_left(alone, served)


def never_ending(served: Command) -> None:
    """A request whose body never ends."""

    def body() -> object:
        yield b"{"
        threading.Event().wait()

    try:
        httpx.post(f"{served.url}/v1/events", content=body(), headers=bearer(ADMIN))
    except httpx.TransportError:
        pass


@linux_only
def test_a_service_that_is_killed_leaves_no_process(alone: Commands):
    # Given a service that writes an export
    served = alone.serve("--demo")
    token = served.told("token")
    served.report([line(subject="acme")])
    ask_for_export(served, token, interval="QUARTER_HOUR", range={"from": "2026-01-01T00:00:00Z", "to": "2027-12-01T00:00:00Z"})
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


def test_followers_do_not_keep_a_service_from_stopping(tallygraph: Commands):
    # Given somebody who follows an export that nobody writes, as server-sent events
    served = tallygraph.serve("--only", "web")
    served.report([line(subject="acme")])
    with tallygraph_account(tallygraph) as token:
        pass
"""What is under way"""
