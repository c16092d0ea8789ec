"""`tallygraph project`: keeps the read models up with the log."""

import signal
import sys
import threading
from typing import Annotated

from cyclopts import Parameter

from projections.runner import Runner
from service.database import database
from service.errors import StartError
from service.options import DataDir
from service.processes import collect_seldom, stop_with_parent
from service.settings import Settings


def project(*, data_dir: DataDir = None, companion: Annotated[bool, Parameter(show=False, negative="")] = False) -> None:
    """Keep the read models up with the log. Any number may run: an event counts once."""
    stop = threading.Event()
    if companion:  # of `serve`, which may be gone already, with its database
        stop_with_parent(stop, sys.stdin.buffer)
    try:
        _follow(Settings.from_environment(data_dir), stop)
    except StartError:
        if not stop.is_set():
            raise


def _follow(settings: Settings, stop: threading.Event) -> None:
    collect_seldom()
    with database(settings) as found:
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, lambda *_: stop.set())
        Runner(found.direct_url).follow(stop)
