"""Reckoning that may take long: beside the event loop, so that other answers do not wait for it."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

MANY = 1_000  # things that it is about

T = TypeVar("T")


async def reckoned(things: int, reckon: Callable[[], T]) -> T:
    """What `reckon` gives, which takes the longer the more `things` there are."""
    return await asyncio.to_thread(reckon) if things > MANY else reckon()
