"""A process that keeps the read models up for as long as it lives, in small batches."""

import sys
import threading

from projections.runner import Runner

BATCH = 20


def main() -> None:
    Runner(sys.argv[1], batch=BATCH).follow(threading.Event())


if __name__ == "__main__":
    main()
