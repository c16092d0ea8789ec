"""The database of a command: found, set up, and what is wrong with it told in one sentence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL

from service.database import database
from service.errors import DatabaseUnavailableError
from service.settings import Settings

NOBODY = "postgresql://me:secret@127.0.0.1:1/figures"
REFUSED = 'cannot be used: connection failed: connection to server at "127.0.0.1", port 1 failed: Connection refused'


def refusal(settings: Settings, work: Callable[[], object] = lambda: None) -> str:
    with pytest.raises(DatabaseUnavailableError) as caught, database(settings):
        work()
    return str(caught.value)


def test_an_empty_database_is_set_up(database_url: str, tmp_path: Path):
    with psycopg.connect(database_url) as connection:
        connection.execute("DROP SCHEMA tallygraph, cell_0, jobs CASCADE")
    with database(Settings(tmp_path, database_url=database_url)) as found, psycopg.connect(found.direct_url) as connection:
        assert connection.execute("SELECT count(*) FROM tallygraph.tokens").fetchone() == (0,)


def test_what_a_pooler_cannot_pass_on_goes_to_the_direct_url(database_url: str, tmp_path: Path):
    direct_url = make_conninfo(database_url, application_name="direct")
    with database(Settings(tmp_path, database_url=database_url, database_direct_url=direct_url)) as found:
        assert (found.url, found.direct_url) == (database_url, direct_url)


def test_without_a_url_there_is_a_private_one(folder: Path):
    with database(Settings(folder)) as found, psycopg.connect(found.url) as connection:
        assert connection.info.host == f"{folder}/postgres/cluster/run"
        assert found.direct_url == found.url


@pytest.mark.parametrize(("change", "reason"), [({"dbname": "nothing"}, 'database "nothing"'), ({"user": "nobody"}, 'role "nobody"')])
def test_a_database_that_does_not_let_us_in_is_told(database_url: str, tmp_path: Path, change: dict[str, str], reason: str):
    told = refusal(Settings(tmp_path, database_url=make_conninfo(database_url, password="secret", **change)))
    assert told.endswith(f"FATAL:  {reason} does not exist. Check DATABASE_URL.")
    assert "secret" not in told


@pytest.mark.parametrize("other", ["database_direct_url", "database_read_url"])
def test_which_of_several_does_not_answer_is_told_by_name(database_url: str, tmp_path: Path, other: str):
    urls: dict[str, Any] = {"database_url": database_url, other: NOBODY}
    told = refusal(Settings(tmp_path, **urls))
    assert told == f"The database figures on 127.0.0.1 {REFUSED}. Check {other.upper()}."


def test_a_database_that_cannot_be_written_is_told(database_url: str, tmp_path: Path):
    url = make_conninfo(database_url, options="-c default_transaction_read_only=on")
    assert "read-only transaction. Check DATABASE_URL." in refusal(Settings(tmp_path, database_url=url))


@pytest.mark.parametrize(("dropped", "denied"), [("jobs", "schema cell_0"), ("tallygraph, cell_0, jobs", "database")])
def test_a_role_that_may_not_set_it_up_is_told(database_url: str, tmp_path: Path, dropped: LiteralString, denied: str):
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS a_guest")
        connection.execute("CREATE ROLE a_guest LOGIN")
        connection.execute(SQL("DROP SCHEMA {} CASCADE").format(SQL(dropped)))
        try:
            told = refusal(Settings(tmp_path, database_url=make_conninfo(database_url, user="a_guest")))
        finally:
            connection.execute("DROP ROLE a_guest")
    assert f"permission denied for {denied}" in told


def test_a_connection_that_is_lost_on_the_way_is_told(database_url: str, tmp_path: Path):
    def lose() -> None:
        with psycopg.connect(database_url) as connection:
            connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    told = refusal(Settings(tmp_path, database_url=database_url), lose)
    assert told.endswith("terminating connection due to administrator command. Check DATABASE_URL.")


def test_a_data_directory_that_cannot_be_used_is_told(tmp_path: Path):
    (tmp_path / "file").touch()
    told = refusal(Settings(tmp_path / "file"))
    assert told == (
        f"The data directory {tmp_path}/file/postgres cannot be used (Not a directory); choose one that can be created, read and written."
    )
