"""`tallygraph serve`: everything on one machine, in the order in which it has to start, and stopped in the reverse."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Annotated, Literal

import dramatiq
from cyclopts import Parameter
from cyclopts.validators import Number

from jobs.actors import Workshop
from jobs.worker import run_worker
from ledger.apart import collect_seldom
from ledger.position import opened
from projections.beginning import NotReadyError
from projections.snapshot import Snapshots
from service import demo as sample
from service import server
from service.database import Database, database
from service.greeting import greet
from service.options import DataDir
from service.place import Place, listening
from service.processes import Companion
from service.settings import Settings
from service.tracing import tracing
from service.web import Parts, application
from service.work import workshop

JOB_THREADS = 2  # an audit of a large log takes minutes: an export need not wait for it
SAMPLE_SECONDS = 20.0  # how long people are kept waiting for a full picture

Demo = Annotated[bool, Parameter(negative="", help="Load a sample account. Without it the service starts empty.")]
Host = Annotated[str, Parameter(help="Address to listen on.")]
Port = Annotated[int, Parameter(validator=Number(gte=0, lte=65_535), help="Port to listen on.")]
ONLY = "web: leave projections to `tallygraph project`, and jobs to `tallygraph work` where BROKER_URL is set."
Only = Annotated[Literal["web"] | None, Parameter(help=ONLY)]


def serve(*, demo: Demo = False, host: Host = "127.0.0.1", port: Port = 8000, data_dir: DataDir = None, only: Only = None) -> None:
    """Until told to stop: once, to finish what is under way; twice, to end at once. Raises StartError."""
    settings = Settings.from_environment(data_dir)
    with ExitStack() as stack:
        stack.enter_context(tracing("serve"))
        listener = stack.enter_context(listening(Place(host, port)))
        settings.secret()  # finds out early whether the data directory can be used
        found = stack.enter_context(database(settings))
        parts = Parts(settings, found.url)
        if demo:
            sample.begin(parts.ledger)

        async def begin() -> None:
            told = await sample.load(parts.ledger, parts.reception) if demo else None
            if told is not None and only is None:
                await _projected(parts, told)
            await asyncio.to_thread(greet, settings, found, Place(host, port), with_demo=demo)

        serve_until_stopped = server.prepared(application(parts), listener, begin)
        _run_beside(stack, settings, found, parts.broker, only_web=only is not None)
        collect_seldom()
        serve_until_stopped()


async def _projected(parts: Parts, position: str) -> None:
    """Who is greeted finds the sample account whole, unless projections have more to do than that."""
    with suppress(NotReadyError):
        await Snapshots(parts.pool).wait_for(opened(position, parts.seal).id, SAMPLE_SECONDS)


def _run_beside(stack: ExitStack, settings: Settings, found: Database, broker: dramatiq.Broker, *, only_web: bool) -> None:
    """Projections in a process of their own; jobs in threads, whose work is done in processes of their own."""
    if only_web and settings.broker_url is not None:
        return
    if only_web:  # without a broker nobody else hears of a job
        stack.enter_context(_working(broker, stack.enter_context(workshop(settings, found))))
        return
    environment = {"DATABASE_URL": found.url, "TALLYGRAPH_DATA_DIR": str(settings.data_dir)}
    projections = stack.enter_context(Companion(["project", "--companion"], environment))
    stack.enter_context(_working(broker, stack.enter_context(workshop(settings, found))))
    stack.callback(projections.stop)  # both are told to stop before either is waited for


@contextmanager
def _working(broker: dramatiq.Broker, workshop: Workshop) -> Iterator[None]:
    options = {"threads": JOB_THREADS}
    worker = threading.Thread(target=run_worker, args=(broker, workshop), kwargs=options, name="jobs", daemon=True)
    worker.start()
    try:
        yield
    finally:
        workshop.stopping.set()
        worker.join()
