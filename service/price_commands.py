"""`tallygraph prices`: prices from a list of LiteLLM's, sent as events. Safe to repeat: what is known is not set again."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter
from rich.console import Console

from domain.limits import MAX_CLOCK_LEAD
from ingest import litellm_prices
from ingest.litellm_prices import MAX_LIST_BYTES, PriceList, price_events
from ingest.outcomes import UnacceptableError
from service.door import Door
from service.errors import SettingError, StartError
from service.event_files import BATCH
from service.options import Url, instant_of
from service.progress import progress_bar
from service.sending import Tally, tell_refused

prices = App(name="prices")

File = Annotated[Path, Parameter(help="A price list of LiteLLM's, model_prices_and_context_window.json, gzipped or not.")]
Since = Annotated[str, Parameter(name="--effective-from", help="From when the prices are in force: a day or an instant.")]
ToldAt = Annotated[
    str | None,
    Parameter(
        name="--told-at",
        help="When they were told, for prices that are in force in more than a day: the same whenever the import is repeated.",
    ),
]
Token = Annotated[str, Parameter(env_var="TALLYGRAPH_TOKEN", help="A token of all accounts with the scope operate.")]


class UnreadableListError(StartError):
    """Raised when a file is not a price list, or cannot be read."""


@prices.command(name="import")
def import_list(file: File, /, *, effective_from: Since, told_at: ToldAt = None, url: Url = "http://127.0.0.1:8000", token: Token) -> None:
    """Set the prices of a list. Ends with 0 when all of them stand, 1 when some were refused."""
    since, told = _times(effective_from, told_at)
    found = _read(file)
    events = [msgspec.json.encode(event) for event in price_events(found.prices, since, told_at=told)]
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    door, tally = Door(url, token, console), Tally()
    try:
        _send(events, file.name, door, tally, console)
    finally:
        _tell(console, tally, found)
    sys.exit(1 if tally.refused else 0)


def _times(effective_from: str, told_at: str | None) -> tuple[datetime, datetime | None]:
    """Raises SettingError where the events would be ahead of the clock."""
    since = instant_of("--effective-from", effective_from)
    told = None if told_at is None else instant_of("--told-at", told_at)
    if (told or since) > datetime.now(UTC) + MAX_CLOCK_LEAD:
        option = "--effective-from" if told is None else "--told-at"
        raise SettingError(
            f"{option} is more than a day ahead: give --told-at, an instant that is not, and the same one whenever the import is repeated."
        )
    return since, told


def _read(file: Path) -> PriceList:
    """Raises UnreadableListError."""
    try:
        with file.open("rb") as stream:
            return litellm_prices.read(stream.read(MAX_LIST_BYTES + 1))
    except OSError as error:
        raise UnreadableListError(f"{file}: {error.strerror or error}.") from None
    except UnacceptableError as error:
        raise UnreadableListError(f"{file} {error}.") from None


def _send(events: Sequence[bytes], name: str, door: Door, tally: Tally, console: Console) -> None:
    with door.client, progress_bar(console) as progress:
        task = progress.add_task(name, total=len(events))
        for start in range(0, len(events), BATCH):
            batch = events[start : start + BATCH]
            tally.add(door.post(b"\n".join(batch)), name, start + 1)
            progress.advance(task, len(batch))


def _tell(console: Console, tally: Tally, found: PriceList) -> None:
    rejected = len(tally.refused) - tally.conflicts
    console.print(f"{tally.recorded:,} recorded, {tally.duplicates:,} known already, {tally.conflicts:,} in conflict, {rejected:,} refused")
    tell_refused(console, tally)
    if found.left_out:
        console.print("Not taken over:")
        for reason, count in found.left_out.most_common():
            console.print(f"  {count:,} {reason}", markup=False)
