"""Durable: what was acknowledged is in the log, whatever is killed the moment after, and nothing is there by halves."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from tests.ledger.log import read
from tests.ledger.writer_process import SIZE

ROOT = Path(__file__).parents[2]
BOUND_SECONDS = 30


def writer(database_url: str, first: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.ledger.writer_process", database_url, str(first)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)})


def killed_after(process: "subprocess.Popen[bytes]", acknowledgements: int) -> set[int]:
    """The batches that the process had been told are recorded, when it was killed in the middle of the next."""
    assert process.stdout is not None
    with process:
        told = [int(process.stdout.readline()) for _ in range(acknowledgements)]
        process.send_signal(signal.SIGKILL)
        told += map(int, process.stdout.read().split())
    assert process.returncode == -signal.SIGKILL
    return set(told)


def wait_until_nobody_writes(database_url: str) -> None:
    deadline = time.monotonic() + BOUND_SECONDS
    with psycopg.connect(database_url, autocommit=True) as connection:
        while connection.execute(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'tallygraph ledger' AND datname = current_database()"
        ).fetchall():
            assert time.monotonic() < deadline


@pytest.mark.postgres
def test_durable_a_killed_writer_leaves_whole_batches_and_all_that_it_acknowledged(database_url):
    # Given two writers that are killed at once, at a moment of their own
    writers = [writer(database_url, first) for first in (0, 1_000_000)]
    acknowledged = set().union(*(killed_after(process, number) for process, number in zip(writers, (7, 12), strict=True)))
    wait_until_nobody_writes(database_url)
    # Then whole batches are there, and none that was acknowledged is missing
    log = read(database_url)
    log.assert_whole()
    sizes = Counter(int(event.id.split("/")[0]) for event in log.events)
    assert set(sizes.values()) == {SIZE}
    assert acknowledged <= set(sizes)
    assert len(sizes) - len(acknowledged) <= 2  # one more each, at most: committed, and not told any more
