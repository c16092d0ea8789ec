"""`tallygraph tokens`: what is made works, what is listed is not secret, what is revoked works no more."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.access import Scope
from service import token_commands
from service.token_commands import UselessTokenError
from tests.service.running import Command, Commands

VIEWER = "{ viewer { tokenName scopes account { key } } }"
FUTURE = "--expires-in has to lie in the future, by no more than 36525 days, such as 90d."
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


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"account": ""}, "--account is empty: give it a text, or leave it out."),
        ({"account": "é" * 513}, "--account is 1026 bytes long: 1024 are allowed (MAX_STRING_BYTES)."),
        ({"account": "a\0b"}, "--account holds a NUL character, or bytes that are not UTF-8: leave them out."),
        ({"account": "\udcff"}, "--account holds a NUL character, or bytes that are not UTF-8: leave them out."),
        ({"name": ""}, "--name is empty: give it a text, or leave it out."),
        ({"name": "n" * 1025}, "--name is 1025 bytes long: 1024 are allowed (MAX_STRING_BYTES)."),
        ({"expires_in": timedelta()}, FUTURE),
        ({"expires_in": timedelta(seconds=-1)}, FUTURE),
        ({"expires_in": timedelta.max}, FUTURE),
    ],
)
def test_bounded_a_token_that_could_never_let_anybody_in_is_refused(options: dict[str, Any], told: str, tmp_path: Path):
    with pytest.raises(UselessTokenError) as refused:
        token_commands.create(scope=[Scope.READ], data_dir=tmp_path, **options)
    assert str(refused.value) == told
    assert list(tmp_path.iterdir()) == []  # and no Postgres was started for it


def test_a_useless_token_is_refused_in_one_sentence(tallygraph: Commands):
    for option, value in (
        ("--account", ""),
        ("--account", "a" * 1025),
        ("--name", ""),
        ("--expires-in", "0d"),
        ("--expires-in", "9999999d"),
    ):
        told = refusal(tallygraph.run("tokens", "create", "--scope", "read", f"{option}={value}"))
        assert re.fullmatch(rf"tallygraph: {option} [^\n]+\.\n", told)
    create(tallygraph, "--scope", "read", "--account", "a" * 1024)
    assert len(listed(tallygraph)) == 2
