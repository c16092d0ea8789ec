"""`tallygraph tokens`: what is made works, what is listed is not secret, what is revoked works no more."""

import re

from tests.service.running import Command, Commands

VIEWER = "{ viewer { tokenName scopes account { key } } }"
HEADER = ["id", "name", "account", "scopes", "created", "expires", "revoked"]


def listed(commands: Commands) -> list[list[str]]:
    """The lines of `tokens list`, each as its columns."""
    command = commands.run("tokens", "list")
    assert command.ended() == 0
    return [re.split(r"\s{2,}", line.strip()) for line in command.output.splitlines()]


def create(commands: Commands, *options: str) -> str:
    command = commands.run("tokens", "create", *options)
    assert command.ended() == 0, command.errors
    assert command.errors == ""
    assert re.fullmatch(r"tg_[\w-]{43}\n", command.output)
    return command.output.strip()


def refusal(command: Command) -> str:
    assert command.ended() == 1
    assert command.output == ""
    return command.errors


def test_a_token_is_made_shown_once_listed_and_revoked(tallygraph: Commands):
    served = tallygraph.serve("--only", "web")
    # When tokens are made
    reader = create(tallygraph, "--scope", "read", "--scope", "billing", "--account", "acme", "--name", "finance", "--expires-in", "30d")
    gateway = create(tallygraph, "--scope", "ingest")
    # Then they work, as far as they were meant to
    assert served.ask(VIEWER, reader)["viewer"] == {"tokenName": "finance", "scopes": ["READ", "BILLING"], "account": {"key": "acme"}}
    assert served.ask(VIEWER, gateway)["viewer"] == {"tokenName": "token", "scopes": ["INGEST"], "account": None}
    assert served.answer("{ accounts { nodes { key } } }", gateway)["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    # And they are listed, without what is secret
    header, admin, first, second = listed(tallygraph)
    assert header == HEADER
    assert (admin[1:4]) == ["admin", "all", "ingest read billing operate"]
    assert (first[1:4], len(first)) == (["finance", "acme", "read billing"], 6)
    assert (second[1:4], len(second)) == (["token", "all", "ingest"], 5)
    # When one is revoked
    assert tallygraph.run("tokens", "revoke", second[0]).ended() == 0
    # Then it is listed as such, and cannot be revoked again
    assert len(listed(tallygraph)[3]) == 6
    told = f"tallygraph: There is no token {second[0]} that still works: `tallygraph tokens list` shows what there is.\n"
    assert refusal(tallygraph.run("tokens", "revoke", second[0])) == told
    assert refusal(tallygraph.run("tokens", "link", second[0])) == told
    # When a link is made for another
    link = tallygraph.run("tokens", "link", first[0], "--url", f"{served.url}/")
    # Then it signs a person in
    assert link.output.startswith(f"{served.url}/sign-in?code=")
    assert served.client.get(link.output.strip()).status_code == 303
    assert served.get("/graphql", params={"query": VIEWER}).json()["data"]["viewer"]["tokenName"] == "finance"


def test_a_token_has_to_say_what_it_may_do(tallygraph: Commands):
    for options in ([], ["--scope", "everything"], ["--scope", "read", "--expires-in", "soon"]):
        command = tallygraph.run("tokens", "create", *options)
        assert command.ended() != 0
        assert command.output == ""
        assert "Traceback" not in command.errors
    assert listed(tallygraph) == [HEADER]


def test_tokens_can_be_made_while_nothing_is_served(alone: Commands):
    token = create(alone, "--scope", "read")
    served = alone.serve("--only", "web")
    assert served.ask(VIEWER, token)["viewer"]["scopes"] == ["READ"]
