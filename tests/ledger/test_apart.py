"""Processes of their own end with the one that started them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from ledger.apart import executor
from tests.projections.read_models import wait_until

ROOT = Path(__file__).parents[2]
STARTER = """
import os, sys
from ledger.apart import executor
if __name__ == "__main__":
    print(executor(1).submit(os.getpid).result(), flush=True)
    sys.stdin.read()
"""


def test_a_process_apart_is_gone_when_its_starter_was_killed(tmp_path):
    script = tmp_path / "starter.py"
    script.write_text(STARTER)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as starter:
        assert starter.stdout is not None
        apart = psutil.Process(int(starter.stdout.readline()))
        starter.kill()
    wait_until(lambda: not apart.is_running() or apart.status() == psutil.STATUS_ZOMBIE)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_a_terminal_sends_to_all_does_not_end_it(sign):
    with executor(1) as processes:
        pid = processes.submit(os.getpid).result()
        os.kill(pid, sign)
        assert processes.submit(os.getpid).result() == pid


def test_a_process_whose_own_were_killed_while_it_sent_them_something_can_end():
    program = """if True:
        import os, signal
        from concurrent.futures.process import BrokenProcessPool
        from ledger.apart import executor, give_up
        if __name__ == "__main__":
            pool = executor(1)
            os.kill(pool.submit(os.getpid).result(), signal.SIGKILL)
            try:
                pool.submit(len, bytes(10_000_000)).result()
            except BrokenProcessPool:
                give_up(pool)
                print("given up")"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout == "given up\n"
