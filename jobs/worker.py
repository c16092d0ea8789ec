"""Runs the work on jobs until told to stop: in `tallygraph work`, or in a thread of `tallygraph serve`."""

from datetime import timedelta

import dramatiq

from jobs.actors import Workshop, declare_actors
from jobs.brokers import QUEUE, Doorbell
from jobs.timer import run_timer

IDLE_MS = 250  # how often threads without work look for messages and for the end

STOP_MS = 15_000  # how long attempts may take to give their job back


def run_worker(
    broker: dramatiq.Broker,
    workshop: Workshop,
    *,
    threads: int,
    queue: str = QUEUE,
    poll_every: timedelta = timedelta(seconds=5),
) -> None:
    """Returns once `workshop.stopping` is set and the attempts have been given back. Once per broker and process.

    Each thread does one job at a time, in a process of its own. Any number of workers may run, anywhere.
    """
    declare_actors(broker, workshop, queue)
    worker = dramatiq.Worker(broker, queues={queue}, worker_threads=threads, worker_timeout=IDLE_MS)
    worker.queue_prefetch = threads  # What waits here could be done by others, and counts as unanswered meanwhile.
    broker.emit_after("process_boot")  # Only Dramatiq's own command does so by itself; middleware may wait for it.
    worker.start()
    try:
        run_timer(workshop, Doorbell(broker, queue), poll_every)
    finally:
        worker.stop(STOP_MS)
