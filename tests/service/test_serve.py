"""`tallygraph serve`: what a first and a second start give, what keeps it from starting, and what it tells."""

import re
import socket
from pathlib import Path
from uuid import UUID

from projections.usage import READ_MODELS
from service.throwaway_postgres import wait_until_stopped
from tests.events import line
from tests.service.exporting import ask_for_export, completed
from tests.service.running import ADMIN, Command, Commands, bearer, eventually

SAMPLE = """{ viewer { account { key routerUsage(range: {from: "2020-01-01T00:00:00Z", to: "2199-01-01T00:00:00Z"}) {
    totalRequests dataState { position } } } } }"""


def stop(served: Command) -> None:
    served.interrupt()
    assert served.ended() == 0


def test_a_service_starts_empty(tallygraph: Commands):
    served = tallygraph.serve()
    assert served.ask("{ accounts { nodes { key } totalCount } }") == {"accounts": {"nodes": [], "totalCount": 0}}
    assert served.ask("{ eventLog { readModels { lag } } }")["eventLog"]["readModels"] == [{"lag": 0}] * len(READ_MODELS)


def sample_requests(served: Command) -> int:
    """How many requests the sample account has; whoever is greeted finds all of them."""
    usage = served.ask(SAMPLE, served.told("token"))["viewer"]["account"]
    assert usage["key"] == "acme"
    return usage["routerUsage"]["totalRequests"]


def test_once_a_second_start_finds_its_data_and_does_not_double_the_sample_account(alone: Commands):
    # Given a machine with nothing, and a first start
    first = alone.serve("--demo")
    requests = sample_requests(first)
    assert requests > 10_000
    first.report([line(subject="acme", id="ours", time="2026-04-21T10:00:00Z")])
    tokens = first.told("token")
    stop(first)
    # When it is started again, with and without the sample account
    second = alone.serve("--demo")
    assert sample_requests(second) >= requests
    eventually(lambda: sample_requests(second) == requests + 1)
    assert second.told("token") == tokens
    stop(second)
    third = alone.serve()
    # Then all is there, once
    assert third.report([line(subject="acme", id="ours", time="2026-04-21T10:00:00Z")])["duplicates"] == 1
    assert third.accounts() == ["acme"]


def test_the_greeting_has_a_link_that_signs_in_and_tokens_that_work(tallygraph: Commands):
    served = tallygraph.serve("--demo", TALLYGRAPH_ADMIN_TOKEN="")
    assert f"Tallygraph serves at {served.url}\n" in served.output
    viewer = served.ask("{ viewer { tokenName account { key } } }", served.told("token"))["viewer"]
    assert viewer == {"tokenName": "sample account", "account": {"key": "acme"}}
    operator = served.ask("{ viewer { scopes account { key } } }", served.told("operator"))["viewer"]
    assert operator == {"scopes": ["INGEST", "READ", "BILLING", "OPERATE"], "account": None}
    entered = served.client.get(served.told("sign in"))
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    found = served.get("/graphql", params={"query": "{ viewer { tokenName } }"}).json()
    assert found["data"] == {"viewer": {"tokenName": "sample account"}}


def test_a_token_that_was_set_is_not_told(tallygraph: Commands):
    served = tallygraph.serve()
    assert served.ask("{ viewer { tokenName } }") == {"viewer": {"tokenName": "admin"}}
    assert "operator" not in served.output
    assert "sign-in" not in served.output


def test_nothing_secret_is_logged(tallygraph: Commands):
    # Given a service that was asked with good and bad tokens, codes and links, also for what it cannot do
    served = tallygraph.serve("--demo", TALLYGRAPH_SECRET_KEY="a very secret key")
    token = served.told("token")
    code = re.search(r"code=(\S+)", served.output)
    assert code
    export = f"/v1/exports/{UUID(int=1)}/x.xlsx?token=abcdef"
    for path in (f"/sign-in?code={code[1]}", f"/graphql?query=%7B&token={token}", export):
        served.get(path, headers=bearer(token))
    served.client.post(f"{served.url}/graphql", content=b"\xff{", headers=bearer(f"{token}x"))
    stop(served)
    # Then none of them is on standard error
    for secret in (token, code[1], ADMIN, "a very secret key", "abcdef"):
        assert secret not in served.errors


def test_yours_alone_no_other_user_of_the_machine_can_read_what_it_writes(alone: Commands):
    served = alone.serve()
    receipt = served.report([line(subject="acme", time="2026-04-21T10:00:00Z")])
    assert served.requests(receipt) == 1
    completed(served, ask_for_export(served, accountId=served.account_id("acme")))
    stop(served)
    wait_until_stopped(alone.folder / "data" / "postgres")  # what it removes at its end is not looked at
    written = [path for path in (alone.folder / "data").rglob("*") if not path.is_symlink()]
    assert {path.name for path in written} >= {"secret.key", "exports", "postgres", "1.xlsx"}
    assert [path for path in written if path.stat().st_mode & 0o066] == []


# What keeps it from starting: one sentence, and 1


def refusal(command: Command) -> str:
    assert command.ended() == 1
    assert command.output == ""
    sentence = command.errors
    assert sentence.startswith("tallygraph: ")
    assert sentence.count("\n") == 1
    assert "secret" not in sentence
    return sentence.removeprefix("tallygraph: ").strip()


def test_a_port_in_use_is_told(tallygraph: Commands):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        told = refusal(tallygraph.run("serve", "--port", str(port)))
    assert told == f"127.0.0.1:{port} is in use by another program: choose another with --port."


def test_a_data_directory_that_cannot_be_used_is_told(alone: Commands, tmp_path: Path):
    file = tmp_path / "[bold]file"
    file.touch()
    told = refusal(alone.run("serve", "--port", "0", "--data-dir", file))
    assert told == f"The data directory {file} cannot be used (File exists); choose one that can be created, read and written."


def test_a_database_that_does_not_answer_is_told(alone: Commands):
    told = refusal(alone.run("serve", "--port", "0", DATABASE_URL="postgresql://me:secret@127.0.0.1:1/figures"))
    reason = 'connection failed: connection to server at "127.0.0.1", port 1 failed: Connection refused'
    assert told == f"The database figures on 127.0.0.1 cannot be used: {reason}. Check DATABASE_URL."


def test_it_runs_where_folders_bear_the_names_of_its_own(tallygraph: Commands, tmp_path: Path):
    for name in ("service", "domain", "jobs"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('the wrong one')")
    served = tallygraph.serve()
    receipt = served.report([line(subject="acme")])
    assert served.requests(receipt) == 1
