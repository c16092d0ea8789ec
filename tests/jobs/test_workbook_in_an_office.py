"""The file as an office program sees it: LibreOffice opens it, and its figures are ours."""

import csv
import os
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.jobs.test_workbook import FROM, ROW, written

OFFICE = shutil.which("soffice")
TIMEOUT_SECONDS = 120


@pytest.fixture
def office() -> str:
    if OFFICE is None:
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail("LibreOffice is not installed")
        pytest.skip("LibreOffice is not installed")
    return OFFICE


def test_an_office_program_opens_the_workbook_and_finds_our_figures(office: str, tmp_path: Path):
    rows = [replace(ROW, time=FROM + timedelta(hours=hour), model="=1+1", requests=hour + 1) for hour in range(48)]
    path = written(tmp_path / "usage.xlsx", rows)
    # Every sheet as a file of its own, cells as they are shown.
    sheets = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
    command = [office, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", sheets, "--outdir", tmp_path, path]
    subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT_SECONDS)
    with (tmp_path / "usage-Usage.csv").open(encoding="utf-8", newline="") as file:
        shown = list(csv.DictReader(file))
    assert [int(row["Requests"]) for row in shown] == list(range(1, 49))
    assert {row["Model"] for row in shown} == {"=1+1"}  # a text, not a formula that came to 2
    with (tmp_path / "usage-Summary.csv").open(encoding="utf-8", newline="") as file:
        summary = {row[0]: row[1] for row in csv.reader(file) if len(row) > 1}
    assert summary["Account"] == "acme"
    assert summary["Requests"] == "12"
