"""A process that carries out wished rebuilds in small batches, slowly, for as long as it lives."""

import sys
import threading
import time

from projections import rebuilds
from projections.runner import Runner
from tests.projections.read_models import watched

BATCH = 20
PAUSE_SECONDS = 0.02


def main() -> None:
    slow = watched(Runner(sys.argv[1], batch=BATCH), lambda: time.sleep(PAUSE_SECONDS))  # gives a test the time to look
    rebuilds.attend(slow, threading.Event())


if __name__ == "__main__":
    main()
