"""Keys that scale: what Postgres's catalog says of our tables. An account's rows lie together, and nothing ties accounts to each other."""

import re
from collections.abc import Iterator
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import Connection

SCHEMAS = ["tallygraph", "cell_0", "jobs"]
OF_A_GENERATION = re.compile(r"cell_0\.(\w+)_\d+")

PLATFORM_WIDE = {"prices", "gpu_prices", "reratings"}
"""Read models that are of no account, by their names without the generation."""

NO_READ_MODELS = {
    "cell_0.ledger_events": "the log is one feed of all accounts, in one order; its streams are found by their ids",
    "cell_0.ledger_head": "one row: where the log ends",
    "cell_0.ledger_appends": "a row per append, which may hold events of several accounts",
    "cell_0.generations": "which read models there are",
    "cell_0.audit_differences": "the account comes first here, too, but it is evidence: kept, not rebuilt",
    "cell_0.rebuilds": "which of them are to be built anew",
    "jobs.jobs_events": "the jobs' own log, a plain log of the library",
    "jobs.audits": "found by their ids, by workers that do not know the account",
    "jobs.exports": "found by their ids, by workers that do not know the account",
    "tallygraph.accounts": "the directory of accounts",
    "tallygraph.conflicts": "the account comes first here, too, but it is kept, not rebuilt",
    "tallygraph.kept_aside": "the account comes first here, too; it is empty where a token of all accounts reported",
    "tallygraph.rejections": "what could not be understood may name no account",
    "tallygraph.set_ups": "what was set up",
    "tallygraph.sessions": "a session is found by its hash, before the account is known",
    "tallygraph.sign_in_codes": "a code is found by its hash, before the account is known",
    "tallygraph.tokens": "a token is found by its hash, before the account is known",
}

TABLES = "SELECT format('%%s.%%s', relnamespace::regnamespace, relname) FROM pg_class WHERE relkind IN ('r', 'p') AND "
INDEXES = """
    SELECT format('%%s.%%s', relnamespace::regnamespace, relname), indexrelid::regclass::text, attname, indisprimary
    FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
    LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0] -- none for an index over an expression
    WHERE """
TRIGGERS = "SELECT tgname::text FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal AND "
FOREIGN_KEYS = "SELECT conname::text FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid WHERE contype = 'f' AND "
SEQUENCES = "SELECT format('%%s.%%s', relnamespace::regnamespace, relname) FROM pg_class WHERE relkind = 'S' AND "
IN_SCHEMAS = "relnamespace = ANY(%s::text[]::regnamespace[])"


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection[Any]]:
    with psycopg.connect(database_url) as connection:
        yield connection


def found(connection: Connection[Any], question: LiteralString) -> list[tuple[Any, ...]]:
    """The answer for our schemas."""
    return connection.execute(question + IN_SCHEMAS, [SCHEMAS]).fetchall()


def is_of_accounts(table: str) -> bool:
    of_a_generation = OF_A_GENERATION.fullmatch(table)
    return of_a_generation is not None and of_a_generation[1] not in PLATFORM_WIDE


def test_the_account_comes_first_in_every_key_and_index_of_a_read_model(connection: Connection[Any]):
    tables = {table for (table,) in found(connection, TABLES) if is_of_accounts(table)}
    indexes = [each for each in found(connection, INDEXES) if each[0] in tables]
    assert [index for _, index, first, _ in indexes if first != "account_id"] == []
    assert {table for table, _, _, is_primary in indexes if is_primary} == tables
    assert tables


def test_whatever_is_no_read_model_says_why(connection: Connection[Any]):
    others = {table for (table,) in found(connection, TABLES) if not OF_A_GENERATION.fullmatch(table)}
    assert others == set(NO_READ_MODELS)


def test_nothing_is_done_by_triggers(connection: Connection[Any]):
    assert found(connection, TRIGGERS) == []


def test_nothing_ties_rows_together_by_foreign_keys(connection: Connection[Any]):
    assert found(connection, FOREIGN_KEYS) == []


def test_ids_are_made_by_the_application_except_in_the_jobs_own_log(connection: Connection[Any]):
    assert found(connection, SEQUENCES) == [("jobs.jobs_events_notification_id_seq",)]
