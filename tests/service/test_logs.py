"""Logs: a line an event, from us and from libraries alike, and no local variables, which hold secrets."""

import json
import subprocess
import sys

import pytest

PROGRAM = """
import logging, sys, structlog
from service import logs

logs.configure()

def fail(password):
    raise ValueError("it failed")

structlog.get_logger("ours").warning("said", account="acme")
logging.getLogger("library").info("chatter")
logging.getLogger("library").warning("also %s", "said")
for log in (structlog.get_logger("ours"), logging.getLogger("library")):
    try:
        fail("a sec" + "ret")
    except ValueError:
        log.exception("broken")
"""


@pytest.fixture(scope="module")
def lines() -> list[dict[str, str]]:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert ended.stdout == ""
    return [json.loads(line) for line in ended.stderr.splitlines()]


def test_each_line_is_an_event_with_its_time_and_level(lines: list[dict[str, str]]):
    assert [(line["level"], line["event"]) for line in lines] == [
        ("warning", "said"),
        ("warning", "also said"),
        ("error", "broken"),
        ("error", "broken"),
    ]
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert lines[0]["account"] == "acme"
    assert lines[1]["logger"] == "library"


def test_a_traceback_shows_no_local_variables(lines: list[dict[str, str]]):
    for line in lines[2:]:
        assert line["exception"].endswith("ValueError: it failed")
        assert "a secret" not in json.dumps(line)
