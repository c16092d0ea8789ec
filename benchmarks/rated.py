"""What rating costs a projection: the same requests from a log without prices and from one in which every line has its price."""

from contextlib import ExitStack

from benchmarks.append import LATEST
from benchmarks.place import place
from benchmarks.projection import Following
from benchmarks.traces import batches
from domain.events import EPOCH, microseconds
from domain.price_events import PLATFORM, PriceSet
from ingest.cloudevents import parse
from ingest.outcomes import Sender
from ledger.application import Ledger

PRICES = (("input", "prompt", "0.00000125"), ("input", "image", "0.00000075"), ("output", "completion", "0.00001"))
MODEL = "mm-image"  # of the trace


def measure(events: list[bytes], round: int) -> tuple[float, float]:
    """Seconds to project `events` without prices, and with them, in turns of `round`."""
    seconds = [0.0, 0.0]
    with ExitStack() as stack:
        logs = []
        for prices in ((), PRICES):
            where = stack.enter_context(place())
            ledger = Ledger(where.database_url)
            stack.callback(ledger.close)
            ledger.record([_price(*each) for each in prices])
            following = Following(where)
            stack.callback(following.close)
            logs.append((ledger, following))
        for start in range(0, len(events), round):
            parsed = [parse(line, Sender(None), LATEST) for line in events[start : start + round]]
            for i, (ledger, following) in enumerate(logs):
                for batch in batches(parsed):
                    ledger.record(batch)
                seconds[i] += following.seconds()
    return seconds[0], seconds[1]


def _price(direction: str, category: str, amount: str) -> PriceSet:
    now = microseconds(EPOCH)
    return PriceSet(PLATFORM, "benchmark", category, now, MODEL, direction, category, "token", amount, now)
