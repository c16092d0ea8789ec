"""`tallygraph schema`: schema.graphql is what the code says."""

from pathlib import Path

import pytest

from graph.schema import sdl
from service.schema_file import schema


def test_a_schema_that_was_written_is_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(tmp_path)
    schema()
    assert (tmp_path / "schema.graphql").read_text() == sdl()
    schema(check=True)
    assert capsys.readouterr().out == ""


def test_what_differs_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "schema.graphql").write_text(sdl().replace("type Query {\n", "type Query {\n  gone: Int\n"))
    with pytest.raises(SystemExit) as caught:
        schema(check=True)
    assert caught.value.code == 1
    difference = [line for line in capsys.readouterr().out.splitlines() if line[:1] in ("+", "-")]
    assert difference == ["--- schema.graphql", "+++ the code", "-  gone: Int"]


def test_a_schema_that_is_missing_is_not_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        schema(check=True)
    assert caught.value.code == 1
