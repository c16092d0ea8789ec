"""Files as an office program sees them: LibreOffice opens them, their figures are ours, and no text becomes a formula."""

import csv
import os
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook

from jobs.csv_file import write_csv
from tests.jobs.figures import FROM, ROW, report_of
from tests.jobs.test_workbook import written

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


@pytest.mark.parametrize("separator", [",", ";"])
def test_an_office_program_that_runs_formulas_of_csv_finds_none_whatever_separates_its_cells(office: str, tmp_path: Path, separator: str):
    evil = ["=40+2", "+40+2", "-40+82", "a;=40+2;b", "a; =40+2;b", "a\n=40+2;b", "a\t=40+2", "@SUM(40;2)", '";=40+2;"', ",=40+2"]
    write_csv(tmp_path / "usage.csv", report_of([replace(ROW, model=text) for text in evil]), lambda _: None)
    (tmp_path / "run.csv").write_text("".join(f"{text}{separator}\n" for text in evil))
    read = f"CSV:{ord(separator)},34,76,1,,0,false,true,false,false,false,0,true"  # the last: formulas are run
    command = [office, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", f"--infilter={read}", "--convert-to", "xlsx"]
    command += ["--outdir", tmp_path / "opened", tmp_path / "usage.csv", tmp_path / "run.csv"]
    subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT_SECONDS)
    assert formulas(tmp_path / "opened" / "run.xlsx")  # Given what is not written by us, it does run them
    assert formulas(tmp_path / "opened" / "usage.xlsx") == []


def formulas(path: Path) -> list[str]:
    [sheet] = load_workbook(path).worksheets
    return [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
