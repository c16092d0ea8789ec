"""`tallygraph project`: keeps the read models up with the log, and rebuilds them beside that when somebody wishes it."""

import signal
import sys
import threading
from typing import Annotated

from cyclopts import Parameter

from ledger.apart import collect_seldom
from projections import rebuilds
from projections.runner import Runner
from service.database import database
from service.errors import StartError
from service.options import DataDir
from service.processes import stop_with_parent
from service.settings import Settings
from service.tracing import tracing

FAREWELL_SECONDS = (
    1.0  # When `serve` is gone, so is its database; which of the two is noticed first is chance, and nobody is left to be told.
)
REBUILD_SECONDS = 2.0  # for a rebuild to hear that it is to stop


def project(*, data_dir: DataDir = None, companion: Annotated[bool, Parameter(show=False, negative="")] = False) -> None:
    """Until told to stop: by a signal, or, as a companion of `serve`, by the end of it. Raises StartError."""
    collect_seldom()
    stop = threading.Event()
    if companion:
        stop_with_parent(stop, sys.stdin.fileno())
    try:
        with tracing("project"), database(Settings.from_environment(data_dir)) as found:
            for sign in (signal.SIGINT, signal.SIGTERM):
                signal.signal(sign, lambda *_: stop.set())
            wishes = Runner(found.direct_url, apart=True), stop
            rebuilding = threading.Thread(target=rebuilds.attend, args=wishes, name="rebuilds", daemon=True)
            rebuilding.start()
            Runner(found.direct_url, apart=True).follow(stop)
            rebuilding.join(REBUILD_SECONDS)  # what it has not swapped in is begun anew
    except StartError:
        if not (companion and stop.wait(FAREWELL_SECONDS)):
            raise
