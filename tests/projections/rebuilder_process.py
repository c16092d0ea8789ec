"""A process that carries out wished rebuilds in small batches, slowly, for as long as it lives."""

import sys
import threading
import time

from projections import rebuilds
from projections.runner import Runner

BATCH = 20
PAUSE_SECONDS = 0.02


class SlowRunner(Runner):
    """Gives a test the time to look."""

    def _project(self, connection, generation, change):
        time.sleep(PAUSE_SECONDS)
        return super()._project(connection, generation, change)


def main() -> None:
    rebuilds.attend(SlowRunner(sys.argv[1], batch=BATCH), threading.Event())


if __name__ == "__main__":
    main()
