"""The log proves the figures: what an audit replays is what the read models say, and whatever was done to them is found."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from psycopg import Connection

from domain.events import microseconds
from domain.gpu_time import SECOND
from domain.names import account_id
from projections import audit_differences, replay
from projections.audit_differences import ROW, Difference
from projections.audits import AuditOf, NotIncludedError, Verdict, audit
from projections.comparison import Table, tables_of
from projections.read_model import Tables
from projections.router_facts import Range
from projections.runner import Runner
from tests.cutting import CUT
from tests.domain.lives import price as gpu_price
from tests.domain.lives import told
from tests.events import PRICES, at, corrected, price_set, renewed, request_completed, voided
from tests.projections.read_models import caught_up, start_over

NINE = microseconds(at("09:00"))
LIFE = [
    gpu_price("2.99", microseconds(at("00:00"))),
    told("created", NINE - 7 * SECOND, 2, gpu_type="H100", model="Llama", name="chat"),
    told("started", NINE),
    told("stopped", NINE + 6_000 * SECOND),
    request_completed(at("09:30"), channel="deployment", deployment="gpu-1"),
    request_completed(at("15:00"), id="2"),  # whose name is taken
]
DAY = Range(at("00:00"), at("00:00") + timedelta(days=1))
CELL = "cell_0"


def audited(database_url: str, account: str = "acme", range: Range = DAY, up_to: int | None = None) -> tuple[Verdict, list[Difference]]:
    of = AuditOf(account_id(account), account, range, up_to)
    id = uuid4()
    verdict = audit(database_url, CELL, id, of, lambda _done, _total: None)
    return verdict, found(database_url, of.account_id, id)


def found(database_url: str, account: UUID, id: UUID) -> list[Difference]:
    with psycopg.connect(database_url) as connection, connection.cursor() as cursor:
        return [*audit_differences.page(cursor, CELL, account, id, after=0, limit=1_000)]


def recorded(ledger) -> None:
    requests = [request_completed(at("09:00") + timedelta(minutes=7 * number), id=f"{number}") for number in range(40)]
    ledger.record([*PRICES, *requests, request_completed(at("09:00"), account="other")])
    ledger.record([corrected(requests[3], input=(("prompt", "token", 7),)), voided(requests[5]), price_set(unit_price="0.5")])
    ledger.record([renewed(at("10:00"), at("11:00")), request_completed(at("12:00"), id="1")])


def test_what_followed_the_log_matches_it(ledger, database_url, runner):
    recorded(ledger)
    caught_up(runner)
    verdict, differences = audited(database_url)
    assert (verdict.differences, differences) == (0, [])
    assert (verdict.position, verdict.events) == (len(PRICES) + 46, len(PRICES) + 45)


def test_the_same_log_gives_the_same_digest_however_it_was_projected_and_replayed(ledger, database_url, monkeypatch):
    recorded(ledger)
    caught_up(Runner(database_url, batch=3))
    first, _ = audited(database_url)
    Runner(database_url, batch=11).rebuild()
    monkeypatch.setattr(replay, "WINDOW", 7)
    again, differences = audited(database_url)
    assert (again, differences) == (first, [])
    assert audited(database_url, account="other")[0].digest != first.digest


def test_an_audit_up_to_a_position_has_the_digest_of_then_and_compares_what_is_now(ledger, database_url, runner):
    ledger.record([*PRICES, request_completed(at("09:00"), id="1")])
    caught_up(runner)
    then, _ = audited(database_url)
    ledger.record([request_completed(at("10:00"), id="2")])
    caught_up(runner)
    up_to, differences = audited(database_url, up_to=then.position)
    assert (up_to.position, up_to.digest, differences) == (then.position, then.digest, [])
    assert audited(database_url)[0].digest != then.digest


def test_an_audit_waits_for_the_read_models_and_says_when_they_do_not_come(ledger, database_url, runner, monkeypatch):
    monkeypatch.setattr("projections.audits.WAIT_SECONDS", 0.2)
    caught_up(runner)
    ledger.record([request_completed(at("09:00"))])
    with pytest.raises(NotIncludedError):
        audited(database_url, up_to=1)


def test_what_makes_the_bill_unreadable_is_a_difference_too(ledger, database_url, runner):
    recorded(ledger)
    tables = caught_up(runner).tables(CELL)
    with psycopg.connect(database_url) as connection:
        connection.execute(tables.sql("UPDATE {history} SET input = 'no JSON' WHERE event_id = '1'"))
    _, differences = audited(database_url, range=Range(at("09:01"), at("10:07")))  # whose ends are read from single requests
    assert [(each.read_model, each.field) for each in differences] == [("history", "input"), ("bill", ROW)]
    assert str(differences[1].materialised).startswith("cannot be worked out")


def test_a_replay_leaves_nothing_behind_and_clears_up_after_one_that_was_killed(ledger, database_url, runner):
    recorded(ledger)
    caught_up(runner)

    def gone(_done: int, _total: int) -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(CUT, ["tallygraph audit"])

    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE SCHEMA audit_log; CREATE TABLE audit_log.kept ()")  # of somebody else
    with pytest.raises(psycopg.OperationalError):
        audit(database_url, CELL, uuid4(), AuditOf(account_id("acme"), "acme", DAY), gone)
    assert len(places(database_url)) == 2
    assert audited(database_url)[1] == []
    assert places(database_url) == ["audit_log"]


def places(database_url: str) -> list[str]:
    with psycopg.connect(database_url) as connection:
        return [name for (name,) in connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE '%audit%'")]


TAMPER = {  # by type: another value than {0}
    "bigint": "coalesce({0}, 0) + 1000000",
    "integer": "coalesce({0}, 0) + 1",
    "smallint": "coalesce({0}, 0) + 1",
    "numeric": "coalesce({0}, 0) + 0.000000000001",
    "text": "coalesce({0}, '') || 'x'",
    "boolean": "NOT {0}",
    "uuid": "gen_random_uuid()",
    "bytea": "coalesce({0}, '') || '\\x00'::bytea",
    "timestamp with time zone": "coalesce({0}, 'epoch') + interval '1 microsecond'",
}


@settings(max_examples=40)
@given(data=st.data())
def test_whoever_changes_deletes_or_adds_a_row_is_found_out_and_the_report_names_it(ledger, database_url, runner, data):
    # Given read models of every kind, as the log says
    start_over(database_url)
    recorded(ledger)
    ledger.record(LIFE)
    live = caught_up(runner).tables(CELL)
    # When one row of one of them is tampered with
    with psycopg.connect(database_url, options="-c TimeZone=UTC") as connection:
        table = data.draw(st.sampled_from(tables_of(connection, live)))
        own = "account_id" if "account_id" in table.columns else "%(acme)s"
        query = live.sql(f"SELECT ctid::text FROM {{{table.name}}} WHERE {own} = %(acme)s ORDER BY ctid")
        rows = connection.execute(query, {"acme": account_id("acme")}).fetchall()
        assume(rows)
        (ctid,) = data.draw(st.sampled_from(rows))
        tampered, key = tamper(connection, live, table, ctid, data.draw)
    # Then the audit finds it, and nothing but it and the lines of the bill that follow
    verdict, differences = audited(database_url, range=DAY)
    assert [(json.loads(each.key), each.field) for each in differences if each.read_model == table.name] == [(key, tampered)]
    assert {each.read_model for each in differences} <= {table.name, "bill"}
    assert verdict.differences == len(differences)


def tamper(connection: Connection[Any], live: Tables, table: Table, ctid: str, draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Change the row, delete it, or add one like it. Which field of which row that was."""
    changeable = [each for each in table.columns if each not in table.key]
    done = draw(st.sampled_from(("delete", "add", "change") if changeable else ("delete", "add")))
    column = draw(st.sampled_from(changeable)) if done == "change" else table.key[-1]
    other = TAMPER[table.columns[column]].format(column)
    name = f"{{{table.name}}}"
    values = ", ".join(other if each == column else each for each in table.columns)
    statement = {
        "delete": f"DELETE FROM {name} WHERE ctid = %s::tid",
        "add": f"INSERT INTO {name} ({', '.join(table.columns)}) SELECT {values} FROM {name} WHERE ctid = %s::tid",
        "change": f"UPDATE {name} SET {column} = {other} WHERE ctid = %s::tid",
    }[done]
    (row,) = connection.execute(live.sql(f"{statement} RETURNING to_jsonb({name}.*)"), [ctid]).fetchone() or ({},)
    return ROW if done != "change" else column, {each: row[each] for each in table.key if each != "account_id"}
