"""`tallygraph rebuild`: a rebuild with its progress shown."""

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from projections import generations
from projections.runner import Runner


def rebuild(database_url: str, name: str) -> None:
    """Build, swap, and drop what is retired."""
    runner = Runner(database_url)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        task = progress.add_task(f"rebuilding {name}")
        runner.rebuild(lambda done, total: progress.update(task, completed=done, total=total))
    with runner.connect() as connection, connection.transaction():
        generations.drop_retired(connection, runner.cell)
