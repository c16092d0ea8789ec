"""Setting up, by many processes at once and over what is there."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg.sql import SQL

from ledger.schema import set_up
from service.set_up import prepare
from tests.ledger.log import read

TABLES = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('tallygraph', 'cell_0', 'jobs') ORDER BY 1, 2"


def tables(database_url: str) -> list[tuple[str, str]]:
    with psycopg.connect(database_url) as connection:
        return connection.execute(TABLES).fetchall()


@pytest.mark.postgres
def test_many_starters_at_once_set_up_one_database(database_url):
    expected = tables(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute("DROP SCHEMA tallygraph, cell_0, jobs CASCADE")
    start = threading.Barrier(6)

    def begin(_: int) -> None:
        start.wait()
        prepare(database_url)

    with ThreadPoolExecutor(6) as starters:
        list(starters.map(begin, range(6)))
    assert tables(database_url) == expected
    read(database_url).assert_whole()
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT generation, state FROM cell_0.generations").fetchall() == [(1, "live")]


def test_setting_up_again_changes_nothing(database_url):
    before = tables(database_url)
    prepare(database_url)
    assert tables(database_url) == before


def test_a_set_up_that_fails_leaves_nothing(database_url):
    with pytest.raises(psycopg.errors.SyntaxError):
        set_up(database_url, ["elsewhere"], [SQL("CREATE TABLE elsewhere.one (id int)"), SQL("CREATE nonsense")])
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'elsewhere'").fetchall() == []
