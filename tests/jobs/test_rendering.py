"""The process that renders: what it tells, and how it ends."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psutil
import pytest

from jobs.apart import Progress, run_apart
from jobs.errors import JobError, ProcessFailedError
from jobs.rendering import Rendered, Rendering
from jobs.request import ExportRequest
from tests.jobs.conftest import closed_gate
from tests.jobs.sources import COMPLETE_THROUGH, POSITION, BrokenSource, DyingSource, TableSource


@pytest.fixture
def rendering(jobs_database: str, wish: ExportRequest, tmp_path: Path) -> Rendering:
    return Rendering(UUID(int=1), wish, TableSource(jobs_database), tmp_path / "a.xlsx", datetime(2026, 11, 1, tzinfo=UTC))


def test_the_file_is_written_while_progress_is_told(rendering: Rendering):
    told: list[Progress | None] = []
    assert run_apart(rendering, told.append) == Rendered(2_500, POSITION, COMPLETE_THROUGH)
    assert rendering.path.is_file()
    steps = [progress for progress in dict.fromkeys(told) if progress]
    assert steps == [Progress(rows, 2_500) for rows in (0, 500, 1_000, 1_500, 2_000, 2_500)]


def test_whatever_the_worker_raises_kills_the_rendering(rendering: Rendering, jobs_database: str):
    def enough(progress: Progress | None) -> None:
        if progress == Progress(1_000, 2_500):
            raise KeyError("enough")

    with closed_gate(jobs_database), pytest.raises(KeyError, match="enough"):
        run_apart(rendering, enough)
    assert not [child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())]


def test_a_rendering_that_fails_is_an_error_whose_details_are_only_logged(rendering: Rendering, capfd: pytest.CaptureFixture[str]):
    with pytest.raises(ProcessFailedError, match=r"^The process that renders failed\.$"):
        run_apart(replace(rendering, source=BrokenSource(RuntimeError("a secret of ours"))), lambda _: None)
    assert "a secret of ours" in capfd.readouterr().out


def test_errors_that_are_meant_for_people_keep_their_message(rendering: Rendering):
    with pytest.raises(ProcessFailedError, match=r"^The read models are late\.$"):
        run_apart(replace(rendering, source=BrokenSource(JobError("The read models are late."))), lambda _: None)


def test_a_rendering_that_is_killed_is_an_error(rendering: Rendering):
    with pytest.raises(ProcessFailedError, match=r"^The process that renders died\.$"):
        run_apart(replace(rendering, source=DyingSource()), lambda _: None)
