"""Logs: a line an event on standard error, for people on a terminal, else as JSON. Never local variables: they hold secrets."""

import logging
import sys

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import Processor

from service import tracing


def configure() -> None:
    """Once a process. What libraries log comes out alike, from warnings on."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        *tracing.steps_of_logs(),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendered: list[Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if sys.stderr.isatty()
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, *rendered],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    formatter = ProcessorFormatter(
        processors=[ProcessorFormatter.remove_processors_meta, *rendered],
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
