"""A span for each operation, where tracing is on: its type and name, never its document or variables."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from opentelemetry import trace
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

TRACER = trace.get_tracer(__name__)
MAX_NAME_CHARACTERS = 128  # a client may name its operations as it likes


class Traced(SchemaExtension):
    """Of a subscription, its opening: what follows takes as long as the client likes."""

    async def on_execute(self) -> AsyncIterator[None]:
        operation = self.execution_context
        with operation_span(operation.operation_type, operation.operation_name) as span:
            yield
            if operation.result is not None and getattr(operation.result, "errors", None):
                span.set_status(trace.StatusCode.ERROR)


def operation_span(type: OperationType, name: str | None) -> AbstractContextManager[trace.Span]:
    """The span of an operation."""
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):  # nobody wants spans: what makes none of them takes its time
        return nullcontext(trace.INVALID_SPAN)
    return _operation_span(type, name)


@contextmanager
def _operation_span(type: OperationType, name: str | None) -> Iterator[trace.Span]:
    with TRACER.start_as_current_span(f"GraphQL {type.value}", attributes={"graphql.operation.type": type.value}) as span:
        if name:
            span.set_attribute("graphql.operation.name", name[:MAX_NAME_CHARACTERS])
        yield span
