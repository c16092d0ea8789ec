"""Sends overdue work again: what a broker lost, what a killed worker left, what waits for its next attempt.

Everything it needs to know is in the database, so it may be killed at any moment and run in any number of processes.
"""

import random
import time
from datetime import timedelta

import structlog

from jobs.actors import Workshop
from jobs.brokers import Doorbell

MAX_WOKEN = 100  # jobs of each kind that one round sends again; the next round takes the next ones

SWEEP_EVERY = timedelta(hours=1)

_log = structlog.get_logger(__name__)


def run_timer(workshop: Workshop, doorbell: Doorbell, poll_every: timedelta) -> None:
    """Returns once `workshop.stopping` is set."""
    sweep_at = time.monotonic()
    while not workshop.stopping.is_set():
        try:
            ring_overdue(workshop, doorbell)
            if time.monotonic() >= sweep_at:
                workshop.store.sweep(workshop.exports.rules.keep + timedelta(days=1))
                sweep_at = time.monotonic() + SWEEP_EVERY.total_seconds()
        except Exception:  # noqa: BLE001 - nothing that fails once may end the timer
            _log.exception("a round of the timer failed; the next one makes up for it")
        # Not in step with the timers of other processes.
        workshop.stopping.wait(poll_every.total_seconds() * random.uniform(0.8, 1.2))  # noqa: S311


def ring_overdue(workshop: Workshop, doorbell: Doorbell) -> None:
    for jobs in (workshop.exports, workshop.audits):
        for job_id in jobs.wake_overdue(MAX_WOKEN):
            doorbell.ring(job_id, jobs.NOUN)
