"""Tracing, switched on by OpenTelemetry's standard variables. Off, what makes and sends spans is not even loaded.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp
from structlog.typing import Processor

from service.errors import SettingError

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
SPOKEN = "http/protobuf"


def is_on() -> bool:
    """Whether spans are to be sent."""
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    exporter = os.environ.get("OTEL_TRACES_EXPORTER", "")
    return exporter == "otlp" or (not exporter and any(map(os.environ.get, ENDPOINTS)))


@contextmanager
def tracing(part: str) -> Iterator[None]:
    """The spans of this process, which is that `part` of the service, are sent inside, the last ones when it ends. Raises SettingError."""
    if not is_on():
        yield
        return
    protocol = next(filter(None, map(os.environ.get, PROTOCOLS)), SPOKEN)
    if protocol != SPOKEN:
        raise SettingError(f"OTEL_EXPORTER_OTLP_PROTOCOL is {protocol!r}: traces are sent as {SPOKEN}; leave it out, or write that.")
    from service.spans import sending  # noqa: PLC0415 - loads the SDK

    with sending(part):
        yield


def steps_of_logs() -> list[Processor]:
    """What names the trace in each line of the log, where tracing is on."""
    if not is_on():
        return []
    from service.spans import name_the_trace  # noqa: PLC0415 - loads the SDK

    return [name_the_trace]


def traced(app: ASGIApp) -> ASGIApp:
    """The application with a span for each request, where tracing is on."""
    if not is_on():
        return app
    from service.spans import Traced  # noqa: PLC0415 - loads the SDK

    return Traced(app)
