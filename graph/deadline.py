"""How long an operation may take."""

import asyncio
from collections.abc import AsyncIterator

from strawberry.extensions import SchemaExtension

from graph.errors import OperationTimeoutError

OPERATION_SECONDS = 10.0


class Deadline(SchemaExtension):
    """Ends a query or mutation, or the opening of a subscription, that takes longer than `seconds`.

    What runs is cancelled, and has ended when the client is answered. Waiting for the next message of a subscription is no
    work, and takes as long as it takes.
    """

    def __init__(self, seconds: float = OPERATION_SECONDS) -> None:
        self.seconds = seconds

    async def on_execute(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self.seconds):
                yield
        except TimeoutError as error:
            raise took_too_long(self.seconds) from error


def took_too_long(seconds: float) -> OperationTimeoutError:
    """What is told of an operation that was ended."""
    return OperationTimeoutError(
        f"The operation took longer than {seconds:g} s (OPERATION_SECONDS), and was ended. "
        "Ask for a shorter range, a smaller page or fewer fields."
    )
