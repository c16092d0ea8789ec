"""`make bench`, or `python -m benchmarks --events 100000` for a first impression."""

import argparse

from benchmarks import append, head_lock, projection, queries
from benchmarks.place import place
from benchmarks.traces import BATCH, lines


def main() -> None:
    """Print every measurement."""
    arguments = argparse.ArgumentParser(prog="benchmarks")
    arguments.add_argument("--events", type=int, help="of the trace; all of them unless said")
    limit = arguments.parse_args().events
    events = lines("servegen-mm-image", limit)
    count = len(events)
    print(f"{count:,} events of servegen-mm-image, batches of {BATCH:,}\n")
    with place() as where:
        copied = append.raw_copy(where, events)
        appended = append.through_http(where, events)
        tell("raw COPY into the log's table", count, copied)
        tell("append through HTTP", count, appended, "raw COPY", copied)
        projected = projection.project(where)
        copied = projection.raw_copy(where)
        tell("raw COPY into the read models' tables", count, copied)
        tell("projection of all read models", count, projected, "raw COPY", copied)
        tell("projection of all read models", count, projected, "append through HTTP", appended)
        print()
        queries.measure(where)
        print("\nwhere the time of an append goes, in one process, one after the other:")
        for stage, seconds in append.stages(where, events).items():
            print(f"  {stage:<34} {seconds / count * 1e6:6.2f} µs an event")
        print()
        head_lock.measure(where)


def tell(name: str, count: int, seconds: float, yardstick: str = "", yardstick_seconds: float = 0.0) -> None:
    """A rate, and a ratio to the yardstick's."""
    ratio = f"{yardstick_seconds / seconds:6.2f} of {yardstick}" if yardstick else ""
    print(f"{name:<40} {count / seconds:10,.0f} events/s {ratio}")


if __name__ == "__main__":
    main()
