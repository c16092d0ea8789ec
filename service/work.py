"""`tallygraph work`: writes exports and makes audits, apart from the web process."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from jobs.actors import Workshop
from jobs.application import JobsLog
from jobs.auditing import ReplayEngine
from jobs.audits import Audits
from jobs.exports import ExportRules, Exports
from jobs.files import FileStore
from jobs.jobs import JobRules
from jobs.usage_source import RouterUsageSource
from jobs.worker import run_worker
from ledger.apart import collect_seldom
from service.broker import broker_of
from service.database import Database, database
from service.errors import SettingError
from service.options import DataDir
from service.settings import Settings
from service.tracing import tracing

Threads = Annotated[int, Parameter(validator=Number(gte=1, lte=16), help="How many exports and audits at a time.")]


def work(*, data_dir: DataDir = None, threads: Threads = 1) -> None:
    """Until told to stop; what is under way is given back, for another worker. Raises StartError."""
    collect_seldom()
    settings = Settings.from_environment(data_dir)
    if settings.broker_url is None:
        raise SettingError("BROKER_URL is not set: without a broker, exports and audits are made by `tallygraph serve` itself.")
    broker = broker_of(settings)
    with tracing("work"), database(settings) as found, workshop(settings, found) as open_workshop:
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, lambda *_: open_workshop.stopping.set())
        run_worker(broker, open_workshop, threads=threads)


@contextmanager
def workshop(settings: Settings, database: Database) -> Iterator[Workshop]:
    """All that the work on jobs needs, with a log of its own: what is given back at the end is written to it."""
    log = JobsLog(database.direct_url)
    try:
        source = RouterUsageSource(database.direct_url, settings.secret())
        engine = ReplayEngine(database.direct_url)
        yield Workshop(Exports(log, ExportRules()), FileStore(settings.export_folder), source, Audits(log, JobRules()), engine)
    finally:
        log.close()
