"""`tallygraph work`: writes exports apart from the web process."""

import signal

from jobs.actors import Workshop
from jobs.application import JobsLog
from jobs.brokers import broker_from_url
from jobs.exports import ExportRules, Exports
from jobs.files import FileStore
from jobs.usage_source import RouterUsageSource
from jobs.worker import run_worker
from service.errors import SettingError
from service.serve import database
from service.set_up import prepare
from service.settings import Settings


def run(settings: Settings, threads: int) -> None:
    """Work until told to stop. Raises StartError."""
    if settings.broker_url is None:
        raise SettingError("BROKER_URL is not set: without a broker, exports are written by `tallygraph serve` itself.")
    with database(settings) as database_url:
        direct_url = settings.database_direct_url or database_url
        prepare(direct_url)
        exports = Exports(JobsLog(direct_url), ExportRules())
        workshop = Workshop(exports, FileStore(settings.export_folder), RouterUsageSource(database_url, settings.secret()))
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, lambda *_: workshop.stopping.set())
        run_worker(broker_from_url(settings.broker_url), workshop, threads=threads)
