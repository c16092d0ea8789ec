"""A process that records batches for as long as it lives, and prints the number of each that was acknowledged."""

import sys

from ledger.application import Ledger
from tests.events import request_completed

SIZE = 50


def main() -> None:
    database_url, first = sys.argv[1], int(sys.argv[2])
    ledger = Ledger(database_url)
    number = first
    while True:
        ledger.record([request_completed(id=f"{number}/{i}") for i in range(SIZE)])
        print(number, flush=True)
        number += 1


if __name__ == "__main__":
    main()
