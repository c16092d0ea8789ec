"""`tallygraph audit`: what it prints of a verdict, how it ends, and what it refuses."""

from datetime import UTC, datetime

import psycopg
import pytest

from domain.names import account_id
from domain.sealing import Seal
from ledger.application import CELL
from ledger.position import Position, opened
from projections.audit_differences import Difference
from projections.audits import AuditOf, Verdict
from projections.router_facts import Range
from service.auditing import MAX_SHOWN, Found, prove, tell
from tests.events import line
from tests.jobs.engines import DIGEST, POSITION, BrokenEngine, TableEngine
from tests.service.running import Command, Commands

APRIL = Range(datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC))
OF = AuditOf(account_id("acme"), "acme", APRIL, POSITION)
ASKED = ("--account", "acme", "--from", "2026-04-01", "--to", "2026-05-01")
SECRET = "the secret of a service under test"


def kept(database_url: str) -> int:
    """How many differences are in the table."""
    with psycopg.connect(database_url) as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM cell_0.audit_differences").fetchall()
    return count


@pytest.mark.parametrize("differences", [0, 3, MAX_SHOWN + 1])
def test_what_is_found_is_given_and_not_kept(database_url: str, differences: int):
    found = prove(database_url, OF, TableEngine(database_url, differences))
    assert found.verdict == Verdict(POSITION, DIGEST, 744, differences)
    assert [each.number for each in found.differences] == [*range(1, min(differences, MAX_SHOWN) + 1)]
    assert kept(database_url) == 0


def test_an_audit_that_breaks_off_leaves_nothing(database_url: str):
    with pytest.raises(KeyError):
        prove(database_url, OF, BrokenEngine(database_url, KeyError("broken off")))
    assert kept(database_url) == 0


def test_a_match_is_told_with_position_events_and_digest(seal: Seal, capsys: pytest.CaptureFixture[str]):
    tell(Found(Verdict(POSITION, DIGEST, 1_744, 0), []), seal)
    first, position, events, digest = capsys.readouterr().out.splitlines()
    assert (first, events, digest) == ("MATCHED", "events   1,744", f"digest   {DIGEST}")
    assert opened(position.removeprefix("position "), seal) == Position(CELL, POSITION)


def test_differences_are_told_a_line_each_with_their_count(seal: Seal, capsys: pytest.CaptureFixture[str]):
    differences = [Difference(1, "history", '{"id": "[red]1"}', "model", "a\nb\x1b[1m", None)]
    tell(Found(Verdict(POSITION, DIGEST, 744, 1_234), differences), seal)
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "DIFFERENT"
    assert told[-2:] == [
        "1,234 figures are not what the log says, of which these are the first 1:",
        r'history {"id": "[red]1"} model: replayed "a\nb\u001b[1m", materialised null',
    ]


def refusal(command: Command) -> str:
    assert command.ended() == 2, command.errors
    assert command.output == ""
    return command.errors


def test_what_cannot_be_audited_is_refused_with_an_exit_code_of_its_own(tallygraph: Commands):
    served = tallygraph.serve(TALLYGRAPH_SECRET_KEY=SECRET)
    served.report([line(subject="acme", id="a")])

    def audit(*arguments: str) -> str:
        return refusal(tallygraph.run("audit", *arguments, TALLYGRAPH_SECRET_KEY=SECRET))

    assert "There is no account 'nobody'" in audit(*ASKED[2:], "--account", "nobody")
    assert "--from is 'soon', which is no instant" in audit("--account", "acme", "--from", "soon", "--to", "2026-05-01")
    assert "from must be before to" in audit("--account", "acme", "--from", "2026-05-01", "--to", "2026-05-01")
    assert "--up-to cannot be used" in audit(*ASKED, "--up-to", "nonsense")
    assert "--up-to cannot be used" in audit(*ASKED, "--up-to", "-nonsense")  # as a position may begin
    ahead = Position(CELL, 2).sealed(Seal(SECRET.encode()))
    assert "--up-to is ahead of the log" in audit(*ASKED, "--up-to", ahead)
    assert "cannot be used" in refusal(tallygraph.run("audit", *ASKED, DATABASE_URL="postgresql://127.0.0.1:9/none"))


def test_wrong_use_is_told_and_help_tells_the_exit_codes(tallygraph: Commands):
    assert tallygraph.run("audit", "--account", "acme").ended() == 2
    told = tallygraph.run("audit", "--help")
    assert told.ended() == 0
    assert "Ends with 0 where all match, with 1 where something differs, and with 2 where it could not be done." in " ".join(
        told.output.split()
    )
