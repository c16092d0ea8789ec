"""`make bench`, or `python -m benchmarks --events 100000` for a first impression."""

import argparse
import asyncio

import httpx

from benchmarks import append, as_of, audit, crowd, flood, head_lock, live, projection, queries, rated, rating, rebuild
from benchmarks.place import Place, place
from benchmarks.traces import BATCH, Questions, lines, totals
from domain.access import Scope
from ledger.apart import collect_seldom

TRACE = "servegen-mm-image"
ROUND = 100_000  # events: what is compared is measured in turns, so that a machine that slows down slows down both
STAGES = 20_000
RATED = 200_000
PAST = 100_000
CROWD = 100_000


def main() -> None:
    """Print every measurement."""
    collect_seldom()  # as the service does
    arguments = argparse.ArgumentParser(prog="benchmarks")
    arguments.add_argument("--events", type=int, help="of the trace; all of them unless said")
    events = lines(TRACE, arguments.parse_args().events)
    print(f"{len(events):,} events of {TRACE}, in turns of {ROUND:,}, batches of {BATCH:,}\n", flush=True)
    with place() as where:
        _write(where, events)
        asyncio.run(queries.measure(where))
        seconds, much, little = audit.measure(where, events)
        tell("audit: replayed and compared", len(events), seconds)
        print(f"  in {much:.0f} MiB, where one of {audit.FEW:,} events takes {little:.0f}\n", flush=True)
        _tell_stages(where)
        head_lock.measure(where)
    crowd.measure(events[:CROWD])
    with place() as where:
        flood.measure(where, events, [len(events)])
    with place() as where:
        live.measure(where)
    _tell_rating(events)
    asyncio.run(as_of.measure(events[:PAST]))


def _write(where: Place, events: list[bytes]) -> None:
    copied = appended = projected = 0.0
    raw, following = append.RawCopy(where), projection.Following(where)
    headers = {"Authorization": f"Bearer {append.token(where, Scope.INGEST)}"}
    with append.web(where) as url, httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        for start in range(0, len(events), ROUND):
            turn = events[start : start + ROUND]
            copied += raw.seconds(turn)
            appended += append.through_http(client, turn)
            projected += following.seconds()
        again = append.through_http(client, events)
        following.seconds()
        if len(events) == totals(TRACE)["events"]:
            asyncio.run(_check(where, url))
    raw.close()
    following.close()
    count = len(events)
    tell("raw COPY into a table like the log", count, copied)
    tell("append through HTTP", count, appended, "raw COPY", copied)
    tell("append through HTTP, all known already", count, again, "raw COPY", copied)
    tell("projection of all read models", count, projected, "append through HTTP", appended)
    copied = projection.raw_copy(where)
    tell("raw COPY into tables like the read models", count, copied)
    tell("projection of all read models", count, projected, "that raw COPY", copied)
    rebuilt = rebuild.measure(where)
    rebuild.tell(rebuilt, projection.raw_copy(where, rebuilt.generation))
    print(flush=True)


async def _check(where: Place, url: str) -> None:
    """Every total of the trace, after it was sent twice."""
    headers = {"Authorization": f"Bearer {append.token(where, Scope.READ, 'servegen')}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
        async for name, expected, found in Questions(client, totals(TRACE)).figures():
            assert found == expected, f"{name}: {found} instead of {expected}"
    print("every total of the trace comes out of GraphQL, exactly, after it was sent twice\n", flush=True)


def _tell_rating(events: list[bytes]) -> None:
    speed = rating.measure()
    print(f"\nrating alone, with a list of 48,205 prices: {speed:,.0f} requests/s, {1e6 / speed:.2f} µs each")
    some = events[:RATED]
    without, priced = rated.measure(some, ROUND)
    tell("projection without prices", len(some), without)
    tell("projection with every request rated", len(some), priced, "that without prices", without)


def _tell_stages(where: Place) -> None:
    others = [line.replace(b'"id":"', b'"id":"other-') for line in lines(TRACE, STAGES)]
    print("\nwhere the time of an append goes, in one process, one after the other:")
    for stage, seconds in append.stages(where, others).items():
        print(f"  {stage:<34} {seconds / len(others) * 1e6:6.2f} µs an event")
    print()


def tell(name: str, count: int, seconds: float, yardstick: str = "", yardstick_seconds: float = 0.0) -> None:
    """A rate, and a ratio to the yardstick's."""
    ratio = f"{yardstick_seconds / seconds:6.2f} of {yardstick}" if yardstick else ""
    print(f"{name:<44} {count / seconds:10,.0f} events/s {ratio}", flush=True)


if __name__ == "__main__":
    main()
