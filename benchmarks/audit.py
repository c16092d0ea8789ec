"""An audit of a whole trace: how fast, and how much memory it takes beside one of a few events."""

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from benchmarks.append import LATEST
from benchmarks.place import Place, place
from benchmarks.projection import Following
from benchmarks.traces import batches
from domain.names import account_id
from ingest.dialects import in_cloudevents
from ingest.outcomes import Sender
from ingest.preparing import prepare
from ledger.application import CELL, Ledger
from projections.audits import AuditOf, audit
from projections.router_facts import Range

ACCOUNT = "servegen"
EVER = Range(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
FEW = 10_000


def measure(where: Place, events: list[bytes]) -> tuple[float, float, float]:
    """Seconds for all that is in `where`; and the peak memory of that process, and of one with FEW of `events`, in MiB."""
    seconds, much = _apart(where)
    with place() as small:
        ledger, following = Ledger(small.database_url), Following(small)
        for batch in batches(events[:FEW]):
            ledger.append(prepare(batch, Sender(None), in_cloudevents("a benchmark"), LATEST).entries)
        following.seconds()
        following.close()
        ledger.close()
        _, little = _apart(small)
    return seconds, much, little


def _apart(where: Place) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.audit", where.database_url]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(answer[0]), float(answer[1])


def main(database_url: str) -> None:
    """In a process of its own: seconds, and its peak memory in MiB."""
    started = time.perf_counter()
    verdict = audit(database_url, CELL, uuid4(), AuditOf(account_id(ACCOUNT), ACCOUNT, EVER), lambda _done, _goal: None)
    assert verdict.differences == 0, f"{verdict.differences} figures are not what the log says"
    status = Path("/proc/self/status").read_text(encoding="ascii")
    print(time.perf_counter() - started, int(status.partition("VmHWM:")[2].split()[0]) / 1024)


if __name__ == "__main__":
    main(sys.argv[1])
