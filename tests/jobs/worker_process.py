"""A worker as a process of its own, for tests that kill one: broker URL or nothing, queue, database URL, folder, seconds of a lease."""

import signal
import sys
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from jobs.actors import Workshop
from jobs.application import JobsLog
from jobs.audits import Audits
from jobs.brokers import broker_from_url
from jobs.exports import Exports
from jobs.files import FileStore
from jobs.jobs import JobRules
from jobs.worker import run_worker
from tests.jobs.conftest import RULES
from tests.jobs.engines import TableEngine
from tests.jobs.sources import TableSource


def main() -> None:
    broker_url, name, database_url, root, lease = sys.argv[1:]
    rules = replace(RULES, retry=replace(RULES.retry, lease=timedelta(seconds=float(lease))))
    with closing(JobsLog(database_url)) as log, closing(broker_from_url(broker_url or None, namespace=name)) as broker:
        exports = Exports(log, rules)
        audits = Audits(log, JobRules(rules.retry, rules.resend_after))
        workshop = Workshop(exports, FileStore(Path(root)), TableSource(database_url), audits, TableEngine(database_url))
        signal.signal(signal.SIGTERM, lambda *_: workshop.stopping.set())
        run_worker(broker, workshop, threads=1, queue=name, poll_every=timedelta(milliseconds=200))


if __name__ == "__main__":
    main()
