"""How far a command is, for whoever waits at a terminal."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn


def progress_bar(console: Console | None = None, count: ProgressColumn | None = None) -> Progress:
    """What is done, a bar, a count, and how long it will take. Names are shown as they are, whatever is in them."""
    return Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), count or MofNCompleteColumn(), TimeRemainingColumn(), console=console
    )
