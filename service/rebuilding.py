"""`tallygraph rebuild`: a rebuild with its progress shown."""

from typing import Annotated

from cyclopts import Parameter

from ledger.apart import collect_seldom
from projections import generations
from projections.generations import Superseded
from projections.read_model import GROUP
from projections.rebuilds import NAMES
from projections.runner import Runner
from service.database import database
from service.errors import SettingError, StartError
from service.options import DataDir
from service.progress import progress_bar
from service.settings import Settings

Name = Annotated[str, Parameter(help="A read model, or usage, the group of them all: those that agree are built together.")]


def rebuild(name: Name = GROUP, *, data_dir: DataDir = None) -> None:
    """Build, swap, and drop what is retired, also what answered programs of before. Raises StartError."""
    if name not in NAMES:
        raise SettingError(f"{name!r} is no read model: name one of {', '.join(NAMES)}, or none for all.")
    collect_seldom()
    with database(Settings.from_environment(data_dir)) as found, progress_bar() as progress:
        runner = Runner(found.direct_url, apart=True)
        task = progress.add_task(f"rebuilding {name}")
        try:
            runner.rebuild(lambda done, total: progress.update(task, completed=done, total=total))
        except Superseded:
            raise StartError("Another rebuild has taken this one's place: what is live goes on, and nothing is lost.") from None
        with runner.connect() as connection, connection.transaction():
            generations.retire_older(connection, runner.cell)
            generations.drop_retired(connection, runner.cell)
