"""`tallygraph project`: keeps the read models up with the log."""

import signal
import sys
import threading
from typing import Annotated

from cyclopts import Parameter

from ledger.apart import collect_seldom
from projections.runner import Runner
from service.database import database
from service.errors import StartError
from service.options import DataDir
from service.processes import stop_with_parent
from service.settings import Settings

FAREWELL_SECONDS = (
    1.0  # When `serve` is gone, so is its database; which of the two is noticed first is chance, and nobody is left to be told.
)


def project(*, data_dir: DataDir = None, companion: Annotated[bool, Parameter(show=False, negative="")] = False) -> None:
    """Until told to stop: by a signal, or, as a companion of `serve`, by the end of it. Raises StartError."""
    collect_seldom()
    stop = threading.Event()
    if companion:
        stop_with_parent(stop, sys.stdin.fileno())
    try:
        with database(Settings.from_environment(data_dir)) as found:
            for sign in (signal.SIGINT, signal.SIGTERM):
                signal.signal(sign, lambda *_: stop.set())
            Runner(found.direct_url, apart=True).follow(stop)
    except StartError:
        if not (companion and stop.wait(FAREWELL_SECONDS)):
            raise
