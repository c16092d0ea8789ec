"""Audits of a running service, by job and by command: they match, until somebody tampers with figures."""

from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from tests.events import line
from tests.service.exporting import APRIL
from tests.service.running import ADMIN, Command, Commands, bearer, eventually

START = "mutation($input: StartAuditInput!) { startAudit(input: $input) { audit { id } errors { message } } }"
FIND = """query($id: ID!) { audit(id: $id) { status error digest eventsReplayed differenceCount downloadUrl
    differences { nodes { readModel field replayed materialised } } } }"""
ASKED = ("audit", "--account", "acme", "--from", "2026-04-01", "--to", "2026-05-01")


def audited(served: Command) -> dict[str, Any]:
    """An audit of acme's April, once it is over."""
    payload = served.ask(START, input={"range": APRIL, "accountId": served.account_id("acme")})["startAudit"]
    assert payload["errors"] == []
    id = payload["audit"]["id"]

    def now() -> dict[str, Any]:
        return served.ask(FIND, id=id)["audit"]

    eventually(lambda: now()["status"] not in ("PENDING", "RUNNING"))
    return now()


def tamper(database_url: str) -> None:
    """Let every request of history have been of another status."""
    with psycopg.connect(database_url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'cell_0' AND tablename ~ '^history_[0-9]+$'")
        for (table,) in tables.fetchall():
            connection.execute(SQL("UPDATE {} SET status_code = 503").format(Identifier("cell_0", table)))


def test_audits_find_a_match_and_whoever_tampers(tallygraph: Commands, database_url: str):
    # Given two requests that are projected
    served = tallygraph.serve()
    receipt = served.report([line(subject="acme", id=id, time="2026-04-21T10:00:00Z") for id in ("a", "b")])
    assert served.requests(receipt) == 2
    # Then both ways of auditing find a match, and the same digest
    job = audited(served)
    assert (job["status"], job["error"], job["differenceCount"], job["eventsReplayed"]) == ("MATCHED", None, 0, 2)
    command = tallygraph.run(*ASKED, "--up-to", receipt["position"])
    assert command.ended() == 0, command.errors
    assert command.output.splitlines()[0] == "MATCHED"
    assert job["digest"] in command.output
    # When figures are changed behind the service's back
    tamper(database_url)
    # Then both name them
    job = audited(served)
    assert (job["status"], job["differenceCount"]) == ("DIFFERENT", 2)
    expected = {"readModel": "history", "field": "status_code", "replayed": None, "materialised": "503"}
    assert job["differences"]["nodes"] == [expected] * 2
    command = tallygraph.run(*ASKED)
    assert command.ended() == 1, command.errors
    assert command.output.count('status_code: replayed null, materialised "503"') == 2
    # And the whole of it can be downloaded
    whole = served.get(job["downloadUrl"], headers=bearer(ADMIN)).json()
    assert [each["materialised"] for each in whole["differences"]] == ["503", "503"]
