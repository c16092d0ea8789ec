"""A log of its own for every test, and what it holds."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from ledger.application import Ledger


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with closing(Ledger(database_url)) as ledger:
        yield ledger
