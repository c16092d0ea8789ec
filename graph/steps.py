"""Steps of an operation, around each of which extensions may do something; Strawberry finds out which, for each step of every operation."""

from contextlib import AbstractAsyncContextManager, nullcontext
from functools import cache
from typing import Any

from strawberry.extensions import SchemaExtension
from strawberry.extensions.context import (
    ExecutingContextManager,
    ExtensionContextManagerBase,
    OperationContextManager,
    ParsingContextManager,
    StreamResultContextManager,
    ValidationContextManager,
)
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.types import StreamExecutionResult

Step = Any  # of Strawberry's, or nothing, which is entered in the same way


class Steps(SchemaExtensionsRunner):
    """Enters what there is to enter, having found it out once for each class of extension."""

    def operation(self) -> Step:
        return self._step(OperationContextManager)

    def parsing(self) -> Step:
        return self._step(ParsingContextManager)

    def validation(self) -> Step:
        return self._step(ValidationContextManager)

    def executing(self) -> Step:
        return self._step(ExecutingContextManager)

    def on_stream_result(self, result: StreamExecutionResult) -> Step:
        return self._step(StreamResultContextManager, result)

    def _step(self, step: type[ExtensionContextManagerBase], *arguments: Any) -> Step:
        concerned = [each for each in self.extensions if _concerns(type(each), step.HOOK_NAME)]
        return step(concerned, *arguments) if concerned else NOTHING


NOTHING: AbstractAsyncContextManager[None] = nullcontext()


@cache
def _concerns(extension: type[SchemaExtension], hook: str) -> bool:
    return getattr(extension, hook) is not getattr(SchemaExtension, hook)
